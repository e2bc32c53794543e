// Causal attention for packed sequences that share a prefix, forward and backward.
//
// Layout: query [prefix_queries + sum(query_lengths), heads, size]; key and value
// [prefix_keys + sum(key_lengths), key_heads, size]. The tokens of the shared prefix come first and
// attend among themselves; sequence i attends to the prefix and to its own tokens. Queries may be
// fewer than keys: they are then the last ones, which is all that the last block needs.
#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

/// One run of queries and the keys it sees: the prefix (when it follows one) and its own.
struct Segment {
  int64_t query_start, queries, key_start, keys;
  int64_t prefix;  // prefix keys it also sees

  int64_t visible() const { return prefix + keys; }
};

std::vector<Segment> segments(int64_t prefix_queries, int64_t prefix_keys,
                              const std::vector<int64_t> &query_lengths,
                              const std::vector<int64_t> &key_lengths) {
  std::vector<Segment> result;
  if (prefix_queries > 0) result.push_back({0, prefix_queries, 0, prefix_keys, 0});
  int64_t query = prefix_queries, key = prefix_keys;
  for (size_t i = 0; i < query_lengths.size(); i++) {
    result.push_back({query, query_lengths[i], key, key_lengths[i], prefix_keys});
    query += query_lengths[i];
    key += key_lengths[i];
  }
  return result;
}

/// The keys (or values) a segment sees: [key_heads, visible, size].
at::Tensor visible(const at::Tensor &x, const Segment &s) {
  at::Tensor own = x.narrow(0, s.key_start, s.keys);
  if (s.prefix > 0) own = at::cat({x.narrow(0, 0, s.prefix), own});
  return own.transpose(0, 1);
}

/// A segment's queries, a key head's together: [key_heads, group * queries, size].
at::Tensor grouped(const at::Tensor &x, const Segment &s, int64_t key_heads) {
  int64_t group = x.size(1) / key_heads, size = x.size(2);
  return x.narrow(0, s.query_start, s.queries)
      .reshape({s.queries, key_heads, group, size})
      .permute({1, 2, 0, 3})
      .reshape({key_heads, group * s.queries, size});
}

/// The inverse of `grouped`, into the segment's rows of `target`.
void ungroup(const at::Tensor &rows, const Segment &s, int64_t key_heads, at::Tensor &target) {
  int64_t group = target.size(1) / key_heads, size = target.size(2);
  target.narrow(0, s.query_start, s.queries)
      .view({s.queries, key_heads, group, size})
      .copy_(rows.view({key_heads, group, s.queries, size}).permute({2, 0, 1, 3}));
}

/// Adds the gradient of the keys that a segment sees to the rows they came from.
void scatter(const at::Tensor &grad, const Segment &s, at::Tensor &target) {
  at::Tensor rows = grad.transpose(0, 1);  // [visible, key_heads, size]
  if (s.prefix > 0) target.narrow(0, 0, s.prefix).add_(rows.narrow(0, 0, s.prefix));
  target.narrow(0, s.key_start, s.keys).add_(rows.narrow(0, s.prefix, s.keys));
}

/// Attention weights of a segment: [key_heads, group * queries, visible].
at::Tensor weights(const at::Tensor &query, const at::Tensor &key, const Segment &s,
                   int64_t key_heads, double scale) {
  at::Tensor q = grouped(query, s, key_heads);
  at::Tensor scores = at::bmm(q, visible(key, s).transpose(1, 2)).mul_(scale);
  if (s.queries > 1) {
    // Query i is key visible - queries + i: it sees no key after that one.
    at::Tensor future = at::ones({s.queries, s.visible()}, query.options().dtype(at::kBool))
                            .triu_(s.visible() - s.queries + 1);
    scores.view({-1, s.queries, s.visible()})
        .masked_fill_(future, -std::numeric_limits<double>::infinity());
  }
  return at::softmax(scores, -1);
}

struct PackedAttention : Function<PackedAttention> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &query,
                            const at::Tensor &key, const at::Tensor &value,
                            int64_t prefix_queries, int64_t prefix_keys,
                            std::vector<int64_t> query_lengths, std::vector<int64_t> key_lengths,
                            double scale) {
    int64_t key_heads = key.size(1);
    auto all = segments(prefix_queries, prefix_keys, query_lengths, key_lengths);
    at::Tensor out = at::empty(query.sizes(), query.options());
    variable_list saved{query, key, value};
    for (const Segment &s : all) {
      at::Tensor p = weights(query, key, s, key_heads, scale);
      ungroup(at::bmm(p, visible(value, s)), s, key_heads, out);
      saved.push_back(p);
    }
    context->save_for_backward(saved);
    context->saved_data["lengths"] = c10::List<int64_t>(query_lengths);
    context->saved_data["key_lengths"] = c10::List<int64_t>(key_lengths);
    context->saved_data["prefix_queries"] = prefix_queries;
    context->saved_data["prefix_keys"] = prefix_keys;
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &key = saved[1], &value = saved[2];
    auto all = segments(context->saved_data["prefix_queries"].toInt(),
                        context->saved_data["prefix_keys"].toInt(),
                        context->saved_data["lengths"].toIntVector(),
                        context->saved_data["key_lengths"].toIntVector());
    double scale = context->saved_data["scale"].toDouble();
    int64_t key_heads = key.size(1);
    at::Tensor grad_query = at::empty(query.sizes(), query.options());
    at::Tensor grad_key = at::zeros(key.sizes(), key.options());
    at::Tensor grad_value = at::zeros(value.sizes(), value.options());
    for (size_t i = 0; i < all.size(); i++) {
      const Segment &s = all[i];
      const at::Tensor &p = saved[3 + i];
      at::Tensor grad = grouped(grads[0], s, key_heads);
      scatter(at::bmm(p.transpose(1, 2), grad), s, grad_value);
      at::Tensor grad_p = at::bmm(grad, visible(value, s).transpose(1, 2));
      at::Tensor grad_scores = at::_softmax_backward_data(grad_p, p, -1, p.scalar_type());
      grad_scores.mul_(scale);
      ungroup(at::bmm(grad_scores, visible(key, s)), s, key_heads, grad_query);
      scatter(at::bmm(grad_scores.transpose(1, 2), grouped(query, s, key_heads)), s, grad_key);
    }
    at::Tensor none;
    return {grad_query, grad_key, grad_value, none, none, none, none, none};
  }
};

}  // namespace

int32_t ctorch_packed_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                                int64_t prefix_queries, int64_t prefix_keys,
                                const int64_t *query_lengths, const int64_t *key_lengths,
                                int32_t count, double scale, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return PackedAttention::apply(unwrap(query), unwrap(key), unwrap(value), prefix_queries,
                                  prefix_keys,
                                  std::vector<int64_t>(query_lengths, query_lengths + count),
                                  std::vector<int64_t>(key_lengths, key_lengths + count), scale);
  });
}
