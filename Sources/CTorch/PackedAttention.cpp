// Packed attention on the CPU, without padding.
//
// A task is a sequence and a key head. Queries come in blocks; the scores of a block exist only in
// a buffer that stays in the cache, and the backward pass computes them again, so that nothing
// quadratic in the length is kept (arXiv 2205.14135). Keys that no query of a block sees are
// skipped.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <numeric>

#include "Kernels.h"
#include "Operands.h"
#include "Operators.h"
#include "Rows.h"

using namespace ctorch;

namespace {

constexpr int64_t block_queries = 24;  // a multiple of the rows of a tile
constexpr int64_t lanes = 32;  // keys that are computed together; rows are padded to a multiple

/// What a task reads: one sequence's packed rows and one key head with its group of query heads.
struct Task {
  const float *query, *key, *value;  // of packed row 0, first query head of the group, key head
  int64_t query_row, key_row;        // elements from one packed row to the next
  int64_t group, size;               // query heads a key head, width of a head
  const AttentionSpan &span;
  float scale, cap;

  int64_t keys() const { return span.prefix + span.keys; }
  int64_t padded_keys() const { return (keys() + lanes - 1) / lanes * lanes; }
  /// Packed row of key j.
  int64_t row(int64_t j) const {
    return j < span.prefix ? j : span.first_key + j - span.prefix;
  }
};

/// Rows of all keys of a task side by side: [keys, size].
CTORCH_INLINE void gather(const Task &t, const float *source, float *out) {
  for (int64_t j = 0; j < t.keys(); j++) {
    std::memcpy(out + j * t.size, source + t.row(j) * t.key_row, t.size * sizeof(float));
  }
}

/// The same transposed: [size, padded_keys], for sums over the width of a head.
CTORCH_INLINE void gather_transposed(const Task &t, const float *source, float *out) {
  int64_t width = t.padded_keys();
  for (int64_t j = 0; j < t.keys(); j++) {
    const float *row = source + t.row(j) * t.key_row;
    for (int64_t d = 0; d < t.size; d++) out[d * width + j] = row[d];
  }
}

/// Bends scores below the cap, and notes the slope of the bend at each where that is asked for.
CTORCH_INLINE void bend(const Task &t, int64_t count, float *scores, float *slopes) {
  float inner = 2 * t.scale / t.cap, outer = t.cap / t.scale;
  for (int64_t j = 0; j < count; j++) {
    float tangent = 1 - 2 / (1 + exponential(inner * scores[j]));
    scores[j] = outer * tangent;
    if (slopes) slopes[j] = 1 - tangent * tangent;
  }
}

/// Sets what query j does not see of its row [width].
CTORCH_INLINE void hide(const Task &t, int64_t j, float *row, int64_t width, float value) {
  t.span.hidden(j, [&](int64_t first, int64_t end) { std::fill(row + first, row + end, value); });
  std::fill(row + t.span.visible(j), row + width, value);
}

/// Attention weights of the queries first ..< first + rows, given the first of them and transposed
/// keys: [rows, width], where `width` columns are enough for the last query and unseen keys have 0.
/// Where scores are capped and it is asked for, also the slope of the cap at each score.
CTORCH_INLINE void weights(const Task &t, const float *query, const float *keys, int64_t first,
                           int64_t rows, int64_t width, float *p, float *slopes) {
  small_product({query, t.query_row, 1}, keys, t.padded_keys(), p, width, rows, t.size, width,
                false);
  for (int64_t i = 0; i < rows; i++) {
    float *row = p + i * width;
    if (t.cap > 0) bend(t, width, row, slopes ? slopes + i * width : nullptr);
    hide(t, first + i, row, width, -INFINITY);
    float top[lanes], sums[lanes] = {};
    std::copy_n(row, lanes, top);
    for (int64_t j = lanes; j < width; j += lanes) {
      for (int64_t l = 0; l < lanes; l++) top[l] = top[l] < row[j + l] ? row[j + l] : top[l];
    }
    float largest = *std::max_element(top, top + lanes);
    float shift = t.scale * largest;
    // What rounding the shift lost, where the products below are fused and exact. A little of it is
    // a factor that all weights share; where scores are huge, it is more than exponents can hold.
    float lost = t.scale * largest - shift;
    if (std::abs(lost) < 1) lost = 0;
    for (int64_t j = 0; j < width; j += lanes) {
      for (int64_t l = 0; l < lanes; l++) {
        // What is not seen adds e^-87 to the sum: less than rounding does.
        row[j + l] = exponential(t.scale * row[j + l] - shift - lost);
        sums[l] += row[j + l];
      }
    }
    float factor = 1 / std::accumulate(sums, sums + lanes, 0.0f);
    for (int64_t j = 0; j < width; j++) row[j] *= factor;
    hide(t, first + i, row, width, 0.0f);
  }
}

/// Some queries of a head that are computed together.
struct Block {
  int64_t rows, seen, width;  // queries, keys that the last of them sees, the same padded
  int64_t offset;             // of its first query and head from the task's
};

CTORCH_INLINE Block block_from(const Task &t, int64_t head, int64_t first) {
  int64_t rows = std::min(block_queries, t.span.queries - first);
  int64_t seen = t.span.visible(first + rows - 1);
  return {rows, seen, (seen + lanes - 1) / lanes * lanes,
          (t.span.first_query + first) * t.query_row + head * t.size};
}

CTORCH_VECTORIZED void forward_task(const Task &t, float *out, float *keys, float *values,
                                    float *p) {
  gather_transposed(t, t.key, keys);
  gather(t, t.value, values);
  for (int64_t head = 0; head < t.group; head++) {
    for (int64_t first = 0; first < t.span.queries; first += block_queries) {
      Block b = block_from(t, head, first);
      weights(t, t.query + b.offset, keys, first, b.rows, b.width, p, nullptr);
      small_product({p, b.width, 1}, values, t.size, out + b.offset, t.query_row, b.rows, b.seen,
                    t.size, false);
    }
  }
}

/// What a backward task writes: packed as the queries, and twice [keys, size].
struct Gradients {
  float *query, *keys, *values;
};

/// Buffers of a backward task: keys, and keys and values transposed; weights and their gradient;
/// the slopes of capped scores, or none.
struct Buffers {
  float *keys, *keys_t, *values_t, *p, *grad_p, *slopes;
};

CTORCH_VECTORIZED void backward_task(const Task &t, const float *grad_out, const Gradients &grads,
                                     const Buffers &x) {
  gather(t, t.key, x.keys);
  gather_transposed(t, t.key, x.keys_t);
  gather_transposed(t, t.value, x.values_t);
  for (int64_t head = 0; head < t.group; head++) {
    for (int64_t first = 0; first < t.span.queries; first += block_queries) {
      Block b = block_from(t, head, first);
      const float *query = t.query + b.offset, *grad = grad_out + b.offset;
      weights(t, query, x.keys_t, first, b.rows, b.width, x.p, x.slopes);
      small_product({grad, t.query_row, 1}, x.values_t, t.padded_keys(), x.grad_p, b.width, b.rows,
                    t.size, b.width, false);
      for (int64_t i = 0; i < b.rows; i++) {
        float *row = x.p + i * b.width, *grad_row = x.grad_p + i * b.width, sums[lanes] = {};
        for (int64_t j = 0; j < b.width; j += lanes) {
          for (int64_t l = 0; l < lanes; l++) sums[l] += row[j + l] * grad_row[j + l];
        }
        float along = std::accumulate(sums, sums + lanes, 0.0f);
        for (int64_t j = 0; j < b.width; j++) {
          grad_row[j] = t.scale * row[j] * (grad_row[j] - along);
        }
        if (x.slopes) {
          const float *slopes = x.slopes + i * b.width;
          for (int64_t j = 0; j < b.width; j++) grad_row[j] *= slopes[j];
        }
      }
      small_product({x.grad_p, b.width, 1}, x.keys, t.size, grads.query + b.offset, t.query_row,
                    b.rows, b.seen, t.size, false);
      small_product({x.grad_p, 1, b.width}, query, t.query_row, grads.keys, t.size, b.seen, b.rows,
                    t.size, true);
      small_product({x.p, 1, b.width}, grad, t.query_row, grads.values, t.size, b.seen, b.rows,
                    t.size, true);
    }
  }
}

/// All tasks of a batch: the longest sequences first, so that threads end together.
template <typename Body>
void for_tasks(const AttentionTensors &x, const std::vector<AttentionSpan> &spans,
               AttentionScores scores, Body body) {
  int64_t heads = x.query.size(1), key_heads = x.key.size(1), size = x.query.size(2);
  int64_t group = heads / key_heads;
  std::vector<size_t> order(spans.size());
  for (size_t i = 0; i < order.size(); i++) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return spans[a].queries * spans[a].visible(0) > spans[b].queries * spans[b].visible(0);
  });
  const float *query = numbers<float>(x.query), *key = numbers<float>(x.key);
  const float *value = numbers<float>(x.value);
  in_parallel(static_cast<int64_t>(spans.size()) * key_heads, [&](int64_t i) {
    size_t sequence = order[static_cast<size_t>(i / key_heads)];
    int64_t head = i % key_heads;
    Task task{query + head * group * size, key + head * size, value + head * size, heads * size,
              key_heads * size, group, size, spans[sequence], static_cast<float>(scores.scale),
              static_cast<float>(scores.cap)};
    body(task, sequence, head);
  });
}

}  // namespace

std::tuple<at::Tensor, std::vector<at::Tensor>> cpu::packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap) {
  AttentionTensors x = all_widened(query, key, value);
  at::Tensor out = at::empty_like(x.query);
  float *data = out.mutable_data_ptr<float>();
  auto each = [&](const Task &t, size_t, int64_t head) {
    thread_local Buffer keys, values, p;
    forward_task(t, data + head * t.group * t.size, keys.zeros(t.size * t.padded_keys()),
                 values.space(t.keys() * t.size), p.space(block_queries * t.padded_keys()));
  };
  for_tasks(x, spans->all, {scale, cap}, each);
  return {out.to(query.scalar_type()), {}};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> cpu::packed_attention_backward(
    const at::Tensor &given_grad, const at::Tensor &query, const at::Tensor &key,
    const at::Tensor &value, const c10::intrusive_ptr<AttentionSpans> &given, double scale,
    double cap, at::TensorList) {
  const std::vector<AttentionSpan> &spans = given->all;
  AttentionTensors x = all_widened(query, key, value);
  AttentionTensors grads{at::empty_like(x.query), at::zeros_like(x.key), at::zeros_like(x.value)};
  at::Tensor grad_out = widened(given_grad);
  int64_t shared = spans[0].prefix, size = query.size(2);
  // Several sequences add to the prefix: each has its own share of it, summed at the end in one
  // order, whatever thread came first.
  at::Tensor prefix_keys = at::zeros(
      {static_cast<int64_t>(spans.size()), shared, key.size(1), size}, x.key.options());
  at::Tensor prefix_values = at::zeros_like(prefix_keys);
  const float *grad = numbers<float>(grad_out);
  float *grad_query = grads.query.mutable_data_ptr<float>();
  float *own[] = {grads.key.mutable_data_ptr<float>(), grads.value.mutable_data_ptr<float>()};
  float *shares[] = {prefix_keys.mutable_data_ptr<float>(),
                     prefix_values.mutable_data_ptr<float>()};
  auto each = [&](const Task &t, size_t sequence, int64_t head) {
    thread_local Buffer keys, keys_t, values_t, p, grad_p, slopes, grad_keys, grad_values;
    int64_t weights = block_queries * t.padded_keys();
    int64_t first = head * t.group * size;
    Gradients out{grad_query + first, grad_keys.zeros(t.keys() * size),
                  grad_values.zeros(t.keys() * size)};
    backward_task(t, grad + first, out,
                  {keys.space(t.keys() * size), keys_t.zeros(size * t.padded_keys()),
                   values_t.zeros(size * t.padded_keys()), p.space(weights),
                   grad_p.space(weights), t.cap > 0 ? slopes.space(weights) : nullptr});
    for (int64_t j = 0; j < t.keys(); j++) {
      bool is_shared = j < t.span.prefix;
      int64_t row = is_shared ? static_cast<int64_t>(sequence) * shared + j : t.row(j);
      int64_t place = row * t.key_row + head * size;
      std::copy_n(out.keys + j * size, size, (is_shared ? shares : own)[0] + place);
      std::copy_n(out.values + j * size, size, (is_shared ? shares : own)[1] + place);
    }
  };
  for_tasks(x, spans, {scale, cap}, each);
  if (shared > 0) {
    grads.key.narrow(0, 0, shared).add_(prefix_keys.sum(0));
    grads.value.narrow(0, 0, shared).add_(prefix_values.sum(0));
  }
  at::ScalarType type = query.scalar_type();
  return {grads.query.to(type), grads.key.to(type), grads.value.to(type)};
}
