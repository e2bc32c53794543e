// Packed attention on CUDA through the flash attention inside libtorch (arXiv 2307.08691): nothing
// quadratic in the length, and key heads that groups of query heads share.
//
// It takes sequences end to end, so keys of the prefix stand in front of each one's own.
#include <ATen/Context.h>
#include <ATen/Functions.h>

#include "../Operands.h"
#include "../Operators.h"
#include "Launcher.h"

using namespace ctorch;
using Spans = c10::intrusive_ptr<AttentionSpans>;

namespace {

/// It takes 16 bits, causal masks and windows, and needs Ampere (8.0) or later.
bool suits(const at::Tensor &query, const Spans &spans, double cap) {
  bool is_tree = std::any_of(spans->all.begin(), spans->all.end(),
                             [](const AttentionSpan &span) { return !span.ends.empty(); });
  bool is_too_old = query.is_cuda() && cuda::capability(query.device()) < 80;
  int64_t size = query.size(2);
  return query.scalar_type() == at::kBFloat16 && size % 8 == 0 && size <= 256 && cap == 0 &&
         !is_tree && !is_too_old;
}

std::optional<int64_t> window(const Spans &spans) {
  int64_t keys = spans->all[0].window;
  return keys > 0 ? std::optional(keys - 1) : std::nullopt;
}

/// Has operations add up in one order while it lives: the backward pass of flash attention else
/// adds up as threads come.
class InOneOrder {
 public:
  InOneOrder() {
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    at::globalContext().setDeterministicAlgorithms(true, false);
  }
  ~InOneOrder() {
    at::globalContext().setDeterministicAlgorithms(was, warned);
    at::globalContext().setDeterministicFillUninitializedMemory(filled);
  }

 private:
  bool was = at::globalContext().deterministicAlgorithms();
  bool warned = at::globalContext().deterministicAlgorithmsWarnOnly();
  bool filled = at::globalContext().deterministicFillUninitializedMemory();
};

template <typename Number>
at::Tensor on_device(const std::vector<Number> &numbers, c10::Device device) {
  auto type = c10::CppTypeToScalarType<Number>::value;
  return sent(at::tensor(numbers, at::TensorOptions().dtype(type)), device);
}

}  // namespace

FlashSequences::FlashSequences(const AttentionSpans &spans, c10::Device device) {
  // The prefix alone, which is the last, has the first queries.
  std::vector<const AttentionSpan *> order;
  if (spans.has_prefix_queries) order.push_back(&spans.all.back());
  for (size_t i = 0; i < spans.all.size() - (spans.has_prefix_queries ? 1 : 0); i++) {
    order.push_back(&spans.all[i]);
  }
  prefix = spans.all[0].prefix;
  std::vector<int32_t> query_ends{0}, key_ends{0};
  std::vector<int64_t> rows, own, places, prefix_places;
  for (const AttentionSpan *span : order) {
    auto start = static_cast<int64_t>(rows.size());
    bool is_prefix = spans.has_prefix_queries && span == order.front();
    int64_t shared = is_prefix ? span->keys : span->prefix;
    for (int64_t j = 0; j < shared; j++) {
      rows.push_back(j);
      prefix_places.push_back(start + j);
    }
    for (int64_t j = 0; j < span->keys && !is_prefix; j++) {
      rows.push_back(span->first_key + j);
      own.push_back(rows.back());
      places.push_back(start + shared + j);
    }
    query_ends.push_back(query_ends.back() + static_cast<int32_t>(span->queries));
    key_ends.push_back(static_cast<int32_t>(rows.size()));
    most_queries = std::max(most_queries, span->queries);
    most_keys = std::max(most_keys, static_cast<int64_t>(rows.size()) - start);
  }
  this->query_ends = on_device(query_ends, device);
  this->key_ends = on_device(key_ends, device);
  key_rows = on_device(rows, device);
  own_rows = on_device(own, device);
  own_places = on_device(places, device);
  this->prefix_places = on_device(prefix_places, device);
}

at::Tensor FlashSequences::keys(const at::Tensor &packed) const {
  return packed.index_select(0, key_rows);
}

at::Tensor FlashSequences::key_gradient(const at::Tensor &grad, const at::Tensor &packed) const {
  at::Tensor result = at::zeros_like(packed);
  result.index_copy_(0, own_rows, grad.index_select(0, own_places));
  if (prefix > 0) {
    // A prefix key's is the sum over sequences.
    at::Tensor parts = grad.index_select(0, prefix_places)
                           .view({-1, prefix, packed.size(1), packed.size(2)});
    result.narrow(0, 0, prefix).copy_(parts.sum(0, false, at::kFloat));
  }
  return result;
}

std::tuple<at::Tensor, std::vector<at::Tensor>> cuda::packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const Spans &spans,
    double scale, double cap) {
  if (!suits(query, spans, cap)) {
    return composed::packed_attention(query, key, value, spans, scale, cap);
  }
  const FlashSequences &by = spans->flash(query.device());
  auto [out, sums, seed, offset, debug] = at::_flash_attention_forward(
      query, by.keys(key), by.keys(value), by.query_ends, by.key_ends, by.most_queries,
      by.most_keys, 0.0, true, false, scale, window(spans), std::nullopt);
  return {out, {out, sums, seed, offset}};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> cuda::packed_attention_backward(
    const at::Tensor &grad, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const Spans &spans, double scale, double cap, at::TensorList kept) {
  if (!suits(query, spans, cap)) {
    return composed::packed_attention_backward(grad, query, key, value, spans, scale, cap, kept);
  }
  const FlashSequences &by = spans->flash(query.device());
  InOneOrder order;
  auto [grad_query, grad_keys, grad_values] = at::_flash_attention_backward(
      grad, query, by.keys(key), by.keys(value), kept[0], kept[1], by.query_ends, by.key_ends,
      by.most_queries, by.most_keys, 0.0, true, kept[2], kept[3], scale, window(spans),
      std::nullopt);
  return {grad_query, by.key_gradient(grad_keys, key), by.key_gradient(grad_values, value)};
}
