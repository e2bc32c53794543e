// The gated delta rule (Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464) along the sequences of
// a packed batch, with its backward pass.
//
// A head holds a state S [key size, value size]. A token with key k, value v, decay a and strength
// b changes it to a S + b k (v - a k S)', and reads q S / sqrt(key size) from it. A sequence goes
// on from the state behind the shared prefix, and each branch from that where it begins.
//
// Tokens are taken in chunks. In one, what its tokens add to the state, U, solves one triangular
// system (I + A) U = b (v - decay k S): A has the likeness of keys, times b and the decay from one
// token to the other, where the one sees the other; a tree is a chunk like any other, with fewer
// places where it does. Everything else is products of matrices over all heads.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "Operands.h"
#include "Operators.h"

using namespace ctorch;

namespace {

constexpr int64_t longest_chunk = 64;

/// Tokens that go on from where an earlier chunk ends: one after the other, or in branches.
struct Chunk {
  int64_t first, count;  // packed rows
  int64_t before;        // the chunk that it goes on from, or -1
  at::Tensor sees;       // [count, count] 1 where the token of a row sees that of a column, else 0
  bool goes_on = false;  // whether other chunks go on from it
};

/// The chunks of a batch, each behind the one that it goes on from.
class Chunks {
 public:
  Chunks(const AttentionSpans &spans, const at::TensorOptions &options) : options(options) {
    int64_t prefix = -1;
    if (spans.has_prefix_queries) prefix = add_line(0, spans.all.back().keys, -1);
    for (const AttentionSpan &span : spans.all) {
      if (spans.has_prefix_queries && &span == &spans.all.back()) continue;
      auto branch = std::find_if(span.ends.begin(), span.ends.end(),
                                 [&](int64_t end) { return end != span.keys; });
      int64_t stem = span.ends.empty() ? span.keys : branch - span.ends.begin();
      int64_t last = add_line(span.first_query, stem, prefix);
      if (stem < span.keys) add_branches(span, stem, last);
    }
  }

  std::vector<Chunk> all;

 private:
  void add(int64_t first, int64_t count, int64_t before, at::Tensor sees) {
    if (before >= 0) all[static_cast<size_t>(before)].goes_on = true;
    all.push_back({first, count, before, std::move(sees)});
  }

  /// Tokens of which each sees all before it; the last chunk that they make, or `before`.
  int64_t add_line(int64_t first, int64_t count, int64_t before) {
    for (int64_t start = 0; start < count; start += longest_chunk) {
      int64_t length = std::min(longest_chunk, count - start);
      add(first + start, length, before, at::ones({length, length}, options).tril());
      before = static_cast<int64_t>(all.size()) - 1;
    }
    return before;
  }

  /// The tokens of a span behind its stem.
  void add_branches(const AttentionSpan &span, int64_t stem, int64_t before) {
    int64_t count = span.keys - stem;
    at::Tensor sees = at::zeros({count, count}, at::kDouble);
    auto places = sees.accessor<double, 2>();
    for (int64_t j = 0; j < count; j++) {
      for (int64_t i = j; i < span.ends[static_cast<size_t>(stem + j)] - stem; i++) {
        places[i][j] = 1;
      }
    }
    add(span.first_query + stem, count, before, sees.to(options));
  }

  at::TensorOptions options;
};

/// Rows and columns of each head's matrix exchanged.
at::Tensor turned(const at::Tensor &x) { return x.transpose(1, 2); }

/// Queries, keys and values of all heads [heads, tokens, size], decays and strengths with size 1;
/// or their gradients.
struct Inputs {
  at::Tensor query, key, value, decay, strength;

  Inputs rows(const Chunk &chunk) const {
    auto of = [&](const at::Tensor &x) { return x.narrow(1, chunk.first, chunk.count); };
    return {of(query), of(key), of(value), of(decay), of(strength)};
  }
};

/// What a chunk computes from the state that it goes on from.
struct Pass {
  Inputs x;
  at::Tensor state;     // [heads, key size, value size]
  at::Tensor total;     // [heads, count, 1] logarithm of the decay of that state
  at::Tensor reach;     // its exponential
  at::Tensor between;   // [heads, count, count] decay from column to row; 0 where unseen
  at::Tensor likeness;  // [heads, count, count] products of keys, decayed
  at::Tensor scores;    // [heads, count, count] products of queries and keys, decayed
  at::Tensor missing;   // [heads, count, value size] values less what the state has for their keys
  at::Tensor system;    // [heads, count, count] A of above, with a diagonal that is not to be read
  at::Tensor update;    // [heads, count, value size] U

  Pass(const Chunk &chunk, Inputs inputs, at::Tensor before)
      : x(std::move(inputs)), state(std::move(before)) {
    total = at::matmul(chunk.sees, x.decay);
    reach = total.exp();
    constexpr double unseen = -std::numeric_limits<double>::infinity();
    between = (total - turned(total)).masked_fill(chunk.sees == 0, unseen).exp();
    likeness = at::bmm(x.key, turned(x.key)) * between;
    scores = at::bmm(x.query, turned(x.key)) * between;
    missing = x.value - reach * at::bmm(x.key, state);
    system = likeness * x.strength;
    update = at::linalg_solve_triangular(system, x.strength * missing, false, true, true);
  }

  at::Tensor result() const { return reach * at::bmm(x.query, state) + at::bmm(scores, update); }

  /// Keys times their decay up to the end of the chunk.
  at::Tensor faded_keys() const { return x.key * (last() - total).exp(); }
  at::Tensor last() const { return total.narrow(1, total.size(1) - 1, 1); }

  at::Tensor next_state() const {
    return last().exp() * state + at::bmm(turned(faded_keys()), update);
  }

  /// Adds to the gradients of the inputs, given those of result and next state, which may be
  /// undefined; that of the state that it goes on from.
  at::Tensor backward(const Chunk &chunk, const at::Tensor &grad, const at::Tensor &grad_next,
                      const Inputs &grads) const {
    at::Tensor grad_update = at::bmm(turned(scores), grad);
    if (grad_next.defined()) grad_update += at::bmm(faded_keys(), grad_next);
    at::Tensor grad_wanted =
        at::linalg_solve_triangular(turned(system), grad_update, true, true, true);
    at::Tensor grad_system = -at::bmm(grad_wanted, turned(update)).tril(-1);
    at::Tensor grad_scores = at::bmm(grad, turned(update));
    at::Tensor of_queries = grad_scores * between, of_keys = grad_system * x.strength * between;
    at::Tensor grad_value = x.strength * grad_wanted;
    at::Tensor grad_recalled = reach * grad_value;       // what values miss, is taken off
    at::Tensor read = reach * at::bmm(grad, turned(state));  // [heads, count, key size]

    at::Tensor grad_query = read + at::bmm(of_queries, x.key);
    at::Tensor grad_key = at::bmm(turned(of_queries), x.query) +
                          at::bmm(of_keys + turned(of_keys), x.key) -
                          at::bmm(grad_recalled, turned(state));
    at::Tensor pairs = grad_scores * scores + grad_system * system;
    at::Tensor grad_total = pairs.sum(2, true) - turned(pairs.sum(1, true)) +
                            (read * x.query).sum(2, true) +
                            (grad_value * (missing - x.value)).sum(2, true);
    at::Tensor grad_state =
        at::bmm(turned(x.query * reach), grad) - at::bmm(turned(x.key), grad_recalled);
    if (grad_next.defined()) {
      at::Tensor fading = at::bmm(update, turned(grad_next));  // [heads, count, key size]
      grad_key += fading * (last() - total).exp();
      at::Tensor shares = (fading * faded_keys()).sum(2, true);
      grad_total -= shares;
      grad_total.narrow(1, chunk.count - 1, 1) +=
          shares.sum(1, true) + last().exp() * (state * grad_next).sum({1, 2}, true);
      grad_state += last().exp() * grad_next;
    }
    grads.query.copy_(grad_query);
    grads.key.copy_(grad_key);
    grads.value.copy_(grad_value);
    grads.decay.copy_(at::matmul(chunk.sees.t(), grad_total));
    grads.strength.copy_((grad_system * likeness).sum(2, true) +
                         (grad_wanted * missing).sum(2, true));
    return grad_state;
  }
};

double scale(const at::Tensor &key) { return 1 / std::sqrt(static_cast<double>(key.size(2))); }

/// All heads [heads, tokens, size], those of query and key as often as they serve a value head.
Inputs by_head(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
               const at::Tensor &decay, const at::Tensor &strength) {
  int64_t share = value.size(1) / key.size(1);
  auto of = [](const at::Tensor &x) { return widened(x).transpose(0, 1).contiguous(); };
  auto repeated = [&](const at::Tensor &x) { return of(x.repeat_interleave(share, 1)); };
  return {repeated(query) * scale(key), repeated(key), of(value), of(decay).unsqueeze(2),
          of(strength).unsqueeze(2)};
}

/// The passes over all chunks.
std::vector<Pass> passes(const std::vector<Chunk> &chunks, const Inputs &inputs) {
  at::Tensor nothing = at::zeros({inputs.key.size(0), inputs.key.size(2), inputs.value.size(2)},
                                 inputs.key.options());
  std::vector<at::Tensor> states;
  std::vector<Pass> result;
  for (const Chunk &chunk : chunks) {
    const at::Tensor &before =
        chunk.before < 0 ? nothing : states[static_cast<size_t>(chunk.before)];
    result.emplace_back(chunk, inputs.rows(chunk), before);
    states.push_back(chunk.goes_on ? result.back().next_state() : at::Tensor());
  }
  return result;
}

}  // namespace

at::Tensor composed::delta_rule(const at::Tensor &query, const at::Tensor &key,
                                const at::Tensor &value, const at::Tensor &decay,
                                const at::Tensor &strength,
                                const c10::intrusive_ptr<AttentionSpans> &spans) {
  Inputs inputs = by_head(query, key, value, decay, strength);
  auto chunks = Chunks(*spans, inputs.key.options()).all;
  at::Tensor result = at::empty_like(inputs.value);
  auto all = passes(chunks, inputs);
  for (size_t i = 0; i < chunks.size(); i++) {
    result.narrow(1, chunks[i].first, chunks[i].count).copy_(all[i].result());
  }
  return result.transpose(0, 1).to(value.scalar_type(), false, false, at::MemoryFormat::Contiguous);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
composed::delta_rule_backward(
    const at::Tensor &given, const at::Tensor &query, const at::Tensor &key,
    const at::Tensor &value, const at::Tensor &decay, const at::Tensor &strength,
    const c10::intrusive_ptr<AttentionSpans> &spans) {
  Inputs inputs = by_head(query, key, value, decay, strength);
  auto chunks = Chunks(*spans, inputs.key.options()).all;
  auto empty = [](const at::Tensor &x) { return at::empty_like(x); };
  Inputs grads{empty(inputs.query), empty(inputs.key), empty(inputs.value), empty(inputs.decay),
               empty(inputs.strength)};
  at::Tensor grad = widened(given).transpose(0, 1);
  auto all = passes(chunks, inputs);
  std::vector<at::Tensor> grad_states(chunks.size());  // of the states behind each chunk
  for (size_t i = chunks.size(); i-- > 0;) {
    const Chunk &chunk = chunks[i];
    at::Tensor before =
        all[i].backward(chunk, grad.narrow(1, chunk.first, chunk.count).contiguous(),
                        grad_states[i], grads.rows(chunk));
    if (chunk.before < 0) continue;
    at::Tensor &sum = grad_states[static_cast<size_t>(chunk.before)];
    sum = sum.defined() ? sum + before : before;
  }
  auto rows = [](const at::Tensor &x, const at::Tensor &like) {
    at::Tensor own = x.transpose(0, 1);  // [tokens, heads, size]
    if (own.size(1) != like.size(1)) {
      own = own.unflatten(1, {like.size(1), own.size(1) / like.size(1)}).sum(2);
    }
    return own.reshape(like.sizes()).to(like.scalar_type());
  };
  return {rows(grads.query, query) * scale(key), rows(grads.key, key), rows(grads.value, value),
          rows(grads.decay, decay), rows(grads.strength, strength)};
}
