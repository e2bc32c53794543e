// Causal attention for packed sequences that share a prefix, as a node of the gradient graph: our
// own kernel is in PackedAttention.cpp, the composition in PaddedAttention.cpp.
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "Operators.h"
#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using Spans = c10::intrusive_ptr<AttentionSpans>;

namespace {

struct Attention : Function<Attention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &query,
                            const at::Tensor &key, const at::Tensor &value, Spans spans,
                            double scale, double cap) {
    variable_list saved{query.contiguous(), key.contiguous(), value.contiguous()};
    auto [out, kept] = packed_attention(saved[0], saved[1], saved[2], spans, scale, cap);
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(saved);
    context->saved_data["spans"] = c10::IValue::make_capsule(spans);
    context->saved_data["scale"] = scale;
    context->saved_data["cap"] = cap;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    auto spans = c10::static_intrusive_pointer_cast<AttentionSpans>(
        context->saved_data["spans"].toCapsule());
    auto [query, key, value] = packed_attention_backward(
        grads[0], saved[0], saved[1], saved[2], spans, context->saved_data["scale"].toDouble(),
        context->saved_data["cap"].toDouble(), at::TensorList(saved).slice(3));
    return {query, key, value, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/// Whether no row has the keys of two sequences, or of one and the prefix.
bool are_apart(const std::vector<AttentionSpan> &sequences, int64_t prefix_keys) {
  std::vector<std::pair<int64_t, int64_t>> rows;  // first and end
  for (const AttentionSpan &span : sequences) {
    rows.emplace_back(span.first_key, span.first_key + span.keys);
  }
  std::sort(rows.begin(), rows.end());
  int64_t end = prefix_keys;
  for (auto [first, next] : rows) {
    if (first < end) return false;
    end = next;
  }
  return true;
}

/// How deep each token of a tree lies, by the ends of their descendants.
std::vector<int64_t> depths(at::IntArrayRef ends) {
  std::vector<int64_t> result, open;
  for (size_t i = 0; i < ends.size(); i++) {
    auto place = static_cast<int64_t>(i), count = static_cast<int64_t>(ends.size());
    while (!open.empty() && open.back() <= place) open.pop_back();
    TORCH_CHECK(place < ends[i] && ends[i] <= (open.empty() ? count : open.back()),
                "the ends ", ends, " are of no tree in depth-first order");
    result.push_back(static_cast<int64_t>(open.size()));
    open.push_back(ends[i]);
  }
  return result;
}

}  // namespace

int32_t ctorch_spans_new(int64_t prefix_queries, int64_t prefix_keys,
                         const int64_t *query_lengths, const int64_t *key_lengths,
                         const int64_t *first_keys, const int64_t *ends, int32_t count,
                         int64_t window, ctorch_spans *out) {
  *out = nullptr;
  return guarded([&] {
    at::IntArrayRef queries = sizes(query_lengths, count), keys = sizes(key_lengths, count);
    at::IntArrayRef first = sizes(first_keys, count);
    TORCH_CHECK(count > 0, "attention spans of no sequences");
    TORCH_CHECK(window >= 0, "expected a window of at least one key, or 0; found ", window);
    TORCH_CHECK(0 <= prefix_queries && prefix_queries <= prefix_keys, "expected at most ",
                prefix_keys, " queries of the prefix, as it has keys; found ", prefix_queries);
    auto spans = c10::make_intrusive<AttentionSpans>();
    spans->has_prefix_queries = prefix_queries > 0;
    spans->queries = prefix_queries;
    spans->keys = prefix_keys;
    for (size_t i = 0; i < queries.size(); i++) {
      TORCH_CHECK(0 < queries[i] && queries[i] <= keys[i], "query lengths ", queries,
                  " do not fit key lengths ", keys);
      spans->all.push_back({prefix_keys, spans->queries, queries[i], first[i], keys[i], window});
      at::IntArrayRef own = ends ? sizes(ends, static_cast<int32_t>(keys[i])) : at::IntArrayRef();
      if (std::any_of(own.begin(), own.end(), [&](int64_t end) { return end != keys[i]; })) {
        spans->all.back().ends = own.vec();
        spans->all.back().depths = depths(own);
      }
      if (ends) ends += keys[i];
      spans->queries += queries[i];
      spans->keys = std::max(spans->keys, first[i] + keys[i]);
    }
    TORCH_CHECK(are_apart(spans->all, prefix_keys), "keys of lengths ", keys, " from rows ", first,
                " lie over each other, or over a prefix of ", prefix_keys, " keys");
    if (prefix_queries > 0) {
      spans->all.push_back({0, 0, prefix_queries, 0, prefix_keys, window});
    }
    *out = reinterpret_cast<ctorch_spans>(new Spans(std::move(spans)));
  });
}

void ctorch_spans_release(ctorch_spans spans) { delete reinterpret_cast<Spans *>(spans); }

int32_t ctorch_packed_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                                ctorch_spans spans, double scale, double cap,
                                ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return Attention::apply(unwrap(query), unwrap(key), unwrap(value), owned<Spans>(spans), scale,
                            cap);
  });
}
