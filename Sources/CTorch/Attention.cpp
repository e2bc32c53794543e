// Causal attention for packed sequences that share a prefix, forward and backward.
//
// Layout: query [prefix_queries + sum(query_lengths), heads, size]; key and value
// [prefix_keys + sum(key_lengths), key_heads, size]. The tokens of the shared prefix come first and
// attend among themselves; sequence i attends to the prefix and to its own tokens. Queries may be
// fewer than keys: they are then the last ones, which is all that the last block needs.
//
// Only here the sequences are padded, to the longest of the batch: a few products over all of them
// cost less than many small ones, and attention is a small part of the work at these lengths.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

/// Where the tokens of some sequences lie, packed and padded.
struct Padding {
  int64_t count = 0, queries = 0, keys = 0, prefix = 0;  // sequences, longest, longest, shared
  at::Tensor query_rows;   // [count * queries] packed row of each padded query; padding repeats one
  at::Tensor key_rows;     // [count * keys] the same for keys, the prefix in front of each sequence
  at::Tensor query_places; // [packed queries] padded place of each packed query
  at::Tensor key_places;   // [packed keys after the prefix] padded place of each packed key
  at::Tensor is_query;     // [count * queries, 1, 1] 1 where there is a query, 0 at padding
  at::Tensor mask;         // [count, 1, queries, keys] 0 where a query sees a key, else -infinity
};

at::Tensor integers(const std::vector<int64_t> &values, c10::Device device) {
  return at::tensor(values, at::TensorOptions().dtype(at::kLong)).to(device);
}

/// Sequences of packed rows that begin at `first_query` and `first_key` and share `prefix` keys.
Padding padding(const std::vector<int64_t> &query_lengths, const std::vector<int64_t> &key_lengths,
                int64_t prefix, int64_t first_query, int64_t first_key, c10::Device device) {
  Padding p;
  p.count = static_cast<int64_t>(key_lengths.size());
  p.prefix = prefix;
  p.queries = *std::max_element(query_lengths.begin(), query_lengths.end());
  p.keys = prefix + *std::max_element(key_lengths.begin(), key_lengths.end());
  std::vector<int64_t> query_rows(p.count * p.queries, 0), key_rows(p.count * p.keys, 0);
  std::vector<int64_t> query_places, key_places;
  std::vector<float> is_query(p.count * p.queries, 0);
  std::vector<float> mask(p.count * p.queries * p.keys, -std::numeric_limits<float>::infinity());
  int64_t query = first_query, key = first_key;
  for (int64_t i = 0; i < p.count; i++) {
    for (int64_t j = 0; j < prefix; j++) key_rows[i * p.keys + j] = j;
    for (int64_t j = 0; j < key_lengths[i]; j++) {
      key_places.push_back(i * p.keys + prefix + j);
      key_rows[key_places.back()] = key++;
    }
    for (int64_t j = 0; j < p.queries; j++) {
      int64_t place = i * p.queries + j;
      bool real = j < query_lengths[i];
      if (real) {
        query_places.push_back(place);
        query_rows[place] = query++;
        is_query[place] = 1;
      }
      // Query j is key number key_length - query_length + j; a padded one may see the first key.
      int64_t visible = real ? prefix + key_lengths[i] - query_lengths[i] + j + 1 : 1;
      std::fill_n(mask.begin() + place * p.keys, visible, 0.0f);
    }
  }
  p.query_rows = integers(query_rows, device);
  p.key_rows = integers(key_rows, device);
  p.query_places = integers(query_places, device);
  p.key_places = integers(key_places, device);
  p.is_query = at::tensor(is_query).view({-1, 1, 1}).to(device);
  p.mask = at::tensor(mask).view({p.count, 1, p.queries, p.keys}).to(device);
  return p;
}

/// What all blocks of a forward pass share: the sequences behind the prefix, and the prefix alone
/// where it has queries.
struct Spans : torch::CustomClassHolder {
  std::vector<Padding> parts;

  /// First packed row of a part's queries: the sequences come after the prefix.
  int64_t first_query(size_t part) const {
    return part == 0 && parts.size() > 1 ? parts[1].queries : 0;
  }

  int64_t first_key(size_t part) const { return part == 0 ? parts[0].prefix : 0; }
};

/// Padded queries, the heads of a key head together: [count * key_heads, group * queries, size].
at::Tensor padded_queries(const at::Tensor &x, const Padding &p, int64_t key_heads) {
  int64_t group = x.size(1) / key_heads, size = x.size(2);
  return x.index_select(0, p.query_rows)
      .view({p.count, p.queries, key_heads, group, size})
      .permute({0, 2, 3, 1, 4})
      .reshape({p.count * key_heads, group * p.queries, size});
}

/// Padded keys or values: [count * key_heads, keys, size].
at::Tensor padded_keys(const at::Tensor &x, const Padding &p) {
  return x.index_select(0, p.key_rows)
      .view({p.count, p.keys, x.size(1), x.size(2)})
      .transpose(1, 2)
      .reshape({p.count * x.size(1), p.keys, x.size(2)});
}

/// Adds what stands at the places of the packed queries: the inverse of `padded_queries`.
void add_queries(const at::Tensor &rows, const Padding &p, int64_t first, at::Tensor &target) {
  int64_t heads = target.size(1), size = target.size(2);
  int64_t key_heads = rows.size(0) / p.count;
  at::Tensor packed = rows.view({p.count, key_heads, heads / key_heads, p.queries, size})
                          .permute({0, 3, 1, 2, 4})
                          .reshape({p.count * p.queries, heads, size})
                          .index_select(0, p.query_places);
  target.narrow(0, first, packed.size(0)).add_(packed);
}

/// Adds the gradient of padded keys to the packed ones: a prefix key's is the sum over sequences.
void add_keys(const at::Tensor &rows, const Padding &p, int64_t first, at::Tensor &target) {
  int64_t key_heads = target.size(1), size = target.size(2);
  at::Tensor padded = rows.view({p.count, key_heads, p.keys, size}).transpose(1, 2).contiguous();
  if (p.prefix > 0) {
    target.narrow(0, 0, p.prefix).add_(padded.narrow(1, 0, p.prefix).sum(0));
  }
  at::Tensor own =
      padded.view({p.count * p.keys, key_heads, size}).index_select(0, p.key_places);
  target.narrow(0, first, own.size(0)).add_(own);
}

/// Attention weights: [count * key_heads, group * queries, keys].
at::Tensor weights(const at::Tensor &q, const at::Tensor &k, const Padding &p, double scale) {
  at::Tensor scores = at::bmm(q, k.transpose(1, 2)).mul_(scale);
  scores.view({p.count, -1, p.queries, p.keys}).add_(p.mask);
  return at::softmax(scores, -1);
}

struct PackedAttention : Function<PackedAttention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &query,
                            const at::Tensor &key, const at::Tensor &value,
                            c10::intrusive_ptr<Spans> spans, double scale) {
    at::Tensor out = at::zeros(query.sizes(), query.options());
    variable_list saved{query, key, value};
    for (size_t i = 0; i < spans->parts.size(); i++) {
      const Padding &part = spans->parts[i];
      at::Tensor q = padded_queries(query, part, key.size(1));
      at::Tensor p = weights(q, padded_keys(key, part), part, scale);
      add_queries(at::bmm(p, padded_keys(value, part)), part, spans->first_query(i), out);
      saved.push_back(p);
    }
    context->save_for_backward(saved);
    context->saved_data["spans"] = c10::IValue::make_capsule(spans);
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &key = saved[1], &value = saved[2];
    auto capsule = context->saved_data["spans"].toCapsule();
    const Spans &spans = static_cast<const Spans &>(*capsule);
    double scale = context->saved_data["scale"].toDouble();
    at::Tensor grad_query = at::zeros(query.sizes(), query.options());
    at::Tensor grad_key = at::zeros(key.sizes(), key.options());
    at::Tensor grad_value = at::zeros(value.sizes(), value.options());
    for (size_t i = 0; i < spans.parts.size(); i++) {
      const Padding &part = spans.parts[i];
      const at::Tensor &p = saved[3 + i];
      int64_t query_row = spans.first_query(i), key_row = spans.first_key(i);
      at::Tensor q = padded_queries(query, part, key.size(1));
      at::Tensor grad = padded_gradient(grads[0], part, key.size(1));
      add_keys(at::bmm(p.transpose(1, 2), grad), part, key_row, grad_value);
      at::Tensor grad_p = at::bmm(grad, padded_keys(value, part).transpose(1, 2));
      at::Tensor grad_scores = at::_softmax_backward_data(grad_p, p, -1, p.scalar_type());
      grad_scores.mul_(scale);
      add_queries(at::bmm(grad_scores, padded_keys(key, part)), part, query_row, grad_query);
      add_keys(at::bmm(grad_scores.transpose(1, 2), q), part, key_row, grad_key);
    }
    return {grad_query, grad_key, grad_value, at::Tensor(), at::Tensor()};
  }

  /// The output's gradient as `padded_queries`, zero at padding.
  static at::Tensor padded_gradient(const at::Tensor &grad, const Padding &p, int64_t key_heads) {
    int64_t group = grad.size(1) / key_heads, size = grad.size(2);
    return (grad.index_select(0, p.query_rows) * p.is_query)
        .view({p.count, p.queries, key_heads, group, size})
        .permute({0, 2, 3, 1, 4})
        .reshape({p.count * key_heads, group * p.queries, size});
  }
};

}  // namespace

int32_t ctorch_spans_new(int64_t prefix_queries, int64_t prefix_keys,
                         const int64_t *query_lengths, const int64_t *key_lengths, int32_t count,
                         const char *device, ctorch_spans *out) {
  *out = nullptr;
  return guarded([&] {
    TORCH_CHECK(count > 0, "attention spans of no sequences");
    std::vector<int64_t> queries(query_lengths, query_lengths + count);
    std::vector<int64_t> keys(key_lengths, key_lengths + count);
    c10::Device where(device);
    auto spans = c10::make_intrusive<Spans>();
    spans->parts.push_back(
        padding(queries, keys, prefix_keys, prefix_queries, prefix_keys, where));
    if (prefix_queries > 0) {
      spans->parts.push_back(padding({prefix_queries}, {prefix_keys}, 0, 0, 0, where));
    }
    *out = reinterpret_cast<ctorch_spans>(new c10::intrusive_ptr<Spans>(std::move(spans)));
  });
}

void ctorch_spans_release(ctorch_spans spans) {
  delete reinterpret_cast<c10::intrusive_ptr<Spans> *>(spans);
}

int32_t ctorch_packed_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                                ctorch_spans spans, double scale, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return PackedAttention::apply(unwrap(query), unwrap(key), unwrap(value),
                                  *reinterpret_cast<c10::intrusive_ptr<Spans> *>(spans), scale);
  });
}
