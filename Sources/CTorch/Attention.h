// Where the sequences of a packed batch lie, and attention over them.
//
// Layout: query [query tokens, heads, size]; key and value [key tokens, key heads, size]. Tokens of
// the shared prefix come first and attend among themselves; each sequence attends to the prefix and
// to its own tokens. Queries may be fewer than keys: they are then the last ones, which is all that
// the last block needs, or all that is not held already. Queries lie end to end; the keys of a
// sequence may begin at any row, but no two share one.
//
// A sequence may branch: its own tokens are then a tree in depth-first order, and each is seen by
// itself and its descendants, which are the tokens up to its end.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "Operands.h"

namespace ctorch {

/// One sequence of a packed batch, or the prefix alone.
struct AttentionSpan {
  int64_t prefix;       // keys in front that all sequences share: packed rows 0 ..< prefix
  int64_t first_query;  // packed row
  int64_t queries;
  int64_t first_key;  // packed row
  int64_t keys;       // own ones
  int64_t window;     // the most keys that a query sees, its own among them; or 0
  // Of a tree: the own token behind the last descendant of each, and its depth; else empty.
  std::vector<int64_t> ends = {}, depths = {};

  /// Query j sees no key from `visible(j)` on: only those of the prefix and of its own sequence up
  /// to itself.
  int64_t visible(int64_t j) const { return prefix + keys - queries + j + 1; }

  /// Calls `hide` with the first and the end of each run of keys below `visible(j)` that query j
  /// does not see: those on other branches, and those before its window.
  template <typename Hide>
  void hidden(int64_t j, Hide hide) const {
    int64_t end = visible(j);
    // Not empty(): its iterators have no definition in functions for several instruction sets.
    if (ends.size() == 0) {
      if (window > 0 && end > window) hide(int64_t{0}, end - window);
      return;
    }
    int64_t own = end - prefix - 1, first = window > 0 ? prefix + depths[own] + 1 - window : 0;
    if (first > 0) hide(int64_t{0}, std::min(first, prefix));
    for (int64_t k = 0; k < own; k++) {
      if (ends[k] <= own || prefix + depths[k] < first) hide(prefix + k, prefix + k + 1);
    }
  }
};

/// How scores are made of products of queries and keys: scale * product, or, where there is a cap,
/// cap * tanh(scale * product / cap).
struct AttentionScores {
  double scale;
  double cap;  // or 0
};

/// Query, key and value, or their gradients.
struct AttentionTensors {
  at::Tensor query, key, value;
};

/// In 16 bits everything is computed in float32, scores and softmax above all.
inline AttentionTensors all_widened(const at::Tensor &query, const at::Tensor &key,
                                    const at::Tensor &value) {
  return {widened(query), widened(key), widened(value)};
}

/// Packed attention for any device and precision.
class PaddedAttention {
 public:
  /// Spans of which the last is the prefix alone where it has queries.
  PaddedAttention(const std::vector<AttentionSpan> &spans, bool has_prefix_queries,
                  c10::Device device);

  /// The result, and the attention weights of each part.
  std::vector<at::Tensor> forward(const AttentionTensors &x, AttentionScores scores) const;

  AttentionTensors backward(const AttentionTensors &x, AttentionScores scores,
                            const at::Tensor *weights, const at::Tensor &grad_out) const;

  /// Where the tokens of sequences are, packed and padded.
  struct Part {
    int64_t count = 0, queries = 0, keys = 0, prefix = 0;  // sequences, longest, longest, shared
    int64_t first_query = 0;                 // packed row of the first sequence
    at::Tensor query_rows;    // [count * queries] packed row of each padded query, or any row
    at::Tensor key_rows;      // [count * keys] the same; the prefix is in front of each sequence
    at::Tensor query_places;  // [packed queries] padded place of each packed query
    at::Tensor own_rows;      // [keys after the prefix] packed row of each
    at::Tensor own_places;    // [keys after the prefix] padded place of each
    at::Tensor is_query;      // [count, 1, queries, 1] 1 where there is a query, 0 at padding
    at::Tensor mask;          // [count, 1, queries, keys] 0 where a query sees a key, or -infinity
  };

 private:
  std::vector<Part> parts;
};

struct AttentionSpans;

/// Where the tokens of sequences are for flash attention, which takes them end to end.
struct FlashSequences {
  FlashSequences(const AttentionSpans &spans, c10::Device device);

  /// Keys or values [rows, key heads, size] as they stand before and in each sequence.
  at::Tensor keys(const at::Tensor &packed) const;
  /// The gradient of packed keys or values from that of `keys`.
  at::Tensor key_gradient(const at::Tensor &grad, const at::Tensor &packed) const;

  at::Tensor query_ends, key_ends;  // [sequences + 1] int32, from 0 on
  int64_t most_queries = 0, most_keys = 0;  // of one sequence

 private:
  int64_t prefix = 0;
  at::Tensor key_rows;              // packed row of each key
  at::Tensor own_rows, own_places;  // of the sequences' own keys: packed rows, places among all
  at::Tensor prefix_places;         // places of the prefix's keys, one sequence after another
};

/// What all blocks of a forward pass share.
struct AttentionSpans : torch::CustomClassHolder {
  std::vector<AttentionSpan> all;  // the sequences, then the prefix alone where it has queries
  bool has_prefix_queries = false;
  int64_t queries = 0, keys = 0;  // packed rows that there must be, at least

  /// Made at the first call, for the device of a model.
  const PaddedAttention &padded(c10::Device device) {
    if (!padding) padding.emplace(all, has_prefix_queries, device);
    return *padding;
  }
  const FlashSequences &flash(c10::Device device) {
    if (!sequences) sequences.emplace(*this, device);
    return *sequences;
  }

 private:
  std::optional<PaddedAttention> padding;
  std::optional<FlashSequences> sequences;
};

}  // namespace ctorch
