// Packed attention as compositions of ATen, on any device and in any precision.
//
// Only here the sequences are padded, to the longest of the batch: a few products over all of them
// cost less than many small ones.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "Operands.h"
#include "Operators.h"

using namespace ctorch;

namespace {

using Padding = PaddedAttention::Part;

at::Tensor integers(const std::vector<int64_t> &values, c10::Device device) {
  return sent(at::tensor(values, at::TensorOptions().dtype(at::kLong)), device);
}

/// Sequences that share a prefix.
Padding padding(const std::vector<AttentionSpan> &spans, c10::Device device) {
  Padding p;
  p.count = static_cast<int64_t>(spans.size());
  p.prefix = spans[0].prefix;
  p.first_query = spans[0].first_query;
  for (const AttentionSpan &span : spans) {
    p.queries = std::max(p.queries, span.queries);
    p.keys = std::max(p.keys, p.prefix + span.keys);
  }
  std::vector<int64_t> query_rows(p.count * p.queries, 0), key_rows(p.count * p.keys, 0);
  std::vector<int64_t> query_places, own_rows, own_places;
  std::vector<float> is_query(p.count * p.queries, 0);
  std::vector<float> mask(p.count * p.queries * p.keys, -std::numeric_limits<float>::infinity());
  for (int64_t i = 0; i < p.count; i++) {
    const AttentionSpan &span = spans[i];
    for (int64_t j = 0; j < p.prefix; j++) key_rows[i * p.keys + j] = j;
    for (int64_t j = 0; j < span.keys; j++) {
      own_rows.push_back(span.first_key + j);
      own_places.push_back(i * p.keys + p.prefix + j);
      key_rows[own_places.back()] = own_rows.back();
    }
    for (int64_t j = 0; j < p.queries; j++) {
      int64_t place = i * p.queries + j;
      bool real = j < span.queries;
      if (real) {
        query_places.push_back(place);
        query_rows[place] = span.first_query + j;
        is_query[place] = 1;
      }
      // A padded query may see the first key.
      auto row = mask.begin() + place * p.keys;
      std::fill(row, row + (real ? span.visible(j) : 1), 0.0f);
      if (!real) continue;
      span.hidden(j, [&](int64_t first, int64_t end) {
        std::fill(row + first, row + end, -std::numeric_limits<float>::infinity());
      });
    }
  }
  p.query_rows = integers(query_rows, device);
  p.key_rows = integers(key_rows, device);
  p.query_places = integers(query_places, device);
  p.own_rows = integers(own_rows, device);
  p.own_places = integers(own_places, device);
  p.is_query = sent(at::tensor(is_query).view({p.count, 1, p.queries, 1}), device);
  p.mask = sent(at::tensor(mask).view({p.count, 1, p.queries, p.keys}), device);
  return p;
}

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
void add_queries(const at::Tensor &rows, const Padding &p, at::Tensor &target) {
  int64_t heads = target.size(1), size = target.size(2);
  int64_t key_heads = rows.size(0) / p.count;
  at::Tensor packed = rows.view({p.count, key_heads, heads / key_heads, p.queries, size})
                          .permute({0, 3, 1, 2, 4})
                          .reshape({p.count * p.queries, heads, size})
                          .index_select(0, p.query_places);
  target.narrow(0, p.first_query, packed.size(0)).add_(packed);
}

/// Adds the gradient of padded keys to the packed ones: a prefix key's is the sum over sequences.
void add_keys(const at::Tensor &rows, const Padding &p, at::Tensor &target) {
  int64_t key_heads = target.size(1), size = target.size(2);
  at::Tensor padded = rows.view({p.count, key_heads, p.keys, size}).transpose(1, 2).contiguous();
  if (p.prefix > 0) {
    target.narrow(0, 0, p.prefix).add_(padded.narrow(1, 0, p.prefix).sum(0));
  }
  at::Tensor own =
      padded.view({p.count * p.keys, key_heads, size}).index_select(0, p.own_places);
  target.index_add_(0, p.own_rows, own);
}

/// What the hyperbolic tangent of capped scores is: [count * key_heads, group * queries, keys].
at::Tensor bent(const at::Tensor &q, const at::Tensor &k, AttentionScores how) {
  return at::bmm(q, k.transpose(1, 2)).mul_(how.scale / how.cap).tanh_();
}

/// Attention weights: [count * key_heads, group * queries, keys].
at::Tensor weights(const at::Tensor &q, const at::Tensor &k, const Padding &p,
                   AttentionScores how) {
  at::Tensor scores = how.cap > 0 ? bent(q, k, how).mul_(how.cap)
                                  : at::bmm(q, k.transpose(1, 2)).mul_(how.scale);
  scores.view({p.count, -1, p.queries, p.keys}).add_(p.mask);
  return at::softmax(scores, -1);
}

/// The output's gradient as `padded_queries`, zero at padding.
at::Tensor padded_gradient(const at::Tensor &grad, const Padding &p, int64_t key_heads) {
  at::Tensor rows = padded_queries(grad, p, key_heads);
  return rows.view({p.count, -1, p.queries, grad.size(2)}).mul(p.is_query).view(rows.sizes());
}

}  // namespace

PaddedAttention::PaddedAttention(const std::vector<AttentionSpan> &spans, bool has_prefix_queries,
                                 c10::Device device) {
  auto end = spans.end() - (has_prefix_queries ? 1 : 0);
  parts.push_back(padding({spans.begin(), end}, device));
  if (has_prefix_queries) parts.push_back(padding({spans.back()}, device));
}

std::vector<at::Tensor> PaddedAttention::forward(const AttentionTensors &x,
                                                 AttentionScores scores) const {
  std::vector<at::Tensor> results{at::zeros_like(x.query)};
  for (const Padding &part : parts) {
    at::Tensor q = padded_queries(x.query, part, x.key.size(1));
    at::Tensor p = weights(q, padded_keys(x.key, part), part, scores);
    add_queries(at::bmm(p, padded_keys(x.value, part)), part, results[0]);
    results.push_back(p);
  }
  return results;
}

AttentionTensors PaddedAttention::backward(const AttentionTensors &x, AttentionScores scores,
                                           const at::Tensor *weights,
                                           const at::Tensor &grad_out) const {
  AttentionTensors grads{at::zeros_like(x.query), at::zeros_like(x.key), at::zeros_like(x.value)};
  for (const Padding &part : parts) {
    const at::Tensor &p = *weights++;
    at::Tensor q = padded_queries(x.query, part, x.key.size(1));
    at::Tensor grad = padded_gradient(grad_out, part, x.key.size(1));
    add_keys(at::bmm(p.transpose(1, 2), grad), part, grads.value);
    at::Tensor grad_p = at::bmm(grad, padded_keys(x.value, part).transpose(1, 2));
    at::Tensor grad_scores = at::_softmax_backward_data(grad_p, p, -1, p.scalar_type());
    at::Tensor k = padded_keys(x.key, part);
    grad_scores.mul_(scores.scale);
    if (scores.cap > 0) grad_scores.mul_(1 - bent(q, k, scores).square_());
    add_queries(at::bmm(grad_scores, k), part, grads.query);
    add_keys(at::bmm(grad_scores.transpose(1, 2), q), part, grads.key);
  }
  return grads;
}

std::tuple<at::Tensor, std::vector<at::Tensor>> composed::packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap) {
  std::vector<at::Tensor> results =
      spans->padded(query.device()).forward(all_widened(query, key, value), {scale, cap});
  at::Tensor out = results[0].to(query.scalar_type());
  results.erase(results.begin());
  return {out, results};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> composed::packed_attention_backward(
    const at::Tensor &grad, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap,
    at::TensorList kept) {
  AttentionTensors grads =
      spans->padded(query.device())
          .backward(all_widened(query, key, value), {scale, cap}, kept.data(), widened(grad));
  at::ScalarType type = query.scalar_type();
  return {grads.query.to(type), grads.key.to(type), grads.value.to(type)};
}
