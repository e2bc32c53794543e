// Causal attention for packed sequences that share a prefix, forward and backward: our own kernel
// where it fits (PackedAttention.cpp), compositions elsewhere (PaddedAttention.cpp).
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "Attention.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

/// What all blocks of a forward pass share.
struct Spans : torch::CustomClassHolder {
  std::vector<AttentionSpan> all;  // the sequences, then the prefix alone where it has queries
  bool has_prefix_queries = false;

  const PaddedAttention &padded(c10::Device device) {
    if (!padding) padding.emplace(all, has_prefix_queries, device);
    return *padding;
  }

 private:
  std::optional<PaddedAttention> padding;
};

struct Attention : Function<Attention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &query,
                            const at::Tensor &key, const at::Tensor &value,
                            c10::intrusive_ptr<Spans> spans, double scale) {
    AttentionTensors x{query.contiguous(), key.contiguous(), value.contiguous()};
    // The result, and what the backward pass needs of it.
    variable_list results = has_kernel(x.query)
                                ? variable_list{packed_attention(x, spans->all, scale)}
                                : spans->padded(query.device()).forward(x, scale);
    at::Tensor out = results[0];
    results.erase(results.begin());
    results.insert(results.begin(), {x.query, x.key, x.value});
    context->save_for_backward(results);
    context->saved_data["spans"] = c10::IValue::make_capsule(spans);
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    AttentionTensors x{saved[0], saved[1], saved[2]};
    auto capsule = context->saved_data["spans"].toCapsule();
    auto &spans = static_cast<Spans &>(*capsule);
    double scale = context->saved_data["scale"].toDouble();
    at::Tensor grad = grads[0].contiguous();
    AttentionTensors result =
        has_kernel(x.query)
            ? packed_attention_backward(x, spans.all, scale, grad)
            : spans.padded(grad.device()).backward(x, scale, saved.data() + 3, grad);
    return {result.query, result.key, result.value, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

int32_t ctorch_spans_new(int64_t prefix_queries, int64_t prefix_keys,
                         const int64_t *query_lengths, const int64_t *key_lengths, int32_t count,
                         ctorch_spans *out) {
  *out = nullptr;
  return guarded([&] {
    TORCH_CHECK(count > 0, "attention spans of no sequences");
    auto spans = c10::make_intrusive<Spans>();
    spans->has_prefix_queries = prefix_queries > 0;
    int64_t query = prefix_queries, key = prefix_keys;
    for (int32_t i = 0; i < count; i++) {
      spans->all.push_back({prefix_keys, query, query_lengths[i], key, key_lengths[i]});
      query += query_lengths[i];
      key += key_lengths[i];
    }
    if (prefix_queries > 0) spans->all.push_back({0, 0, prefix_queries, 0, prefix_keys});
    *out = reinterpret_cast<ctorch_spans>(new c10::intrusive_ptr<Spans>(std::move(spans)));
  });
}

void ctorch_spans_release(ctorch_spans spans) {
  delete reinterpret_cast<c10::intrusive_ptr<Spans> *>(spans);
}

int32_t ctorch_packed_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                                ctorch_spans spans, double scale, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return Attention::apply(unwrap(query), unwrap(key), unwrap(value),
                            *reinterpret_cast<c10::intrusive_ptr<Spans> *>(spans), scale);
  });
}
