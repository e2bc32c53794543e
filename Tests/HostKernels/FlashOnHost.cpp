// libtorch's flash attention on the processor, which has none: by its documentation, in float32.
// Taken from the stack by their places, arguments are those of libtorch 2.11 to 2.13.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

namespace {

using torch::jit::Stack;

/// The sequences of a call, from the place of its cumulative lengths on.
struct Call {
  at::Tensor query_ends, key_ends;
  double scale;
  int64_t left;  // keys before its own that a query sees at most, or -1

  Call(const Stack &stack, size_t ends, size_t options)
      : query_ends(stack[ends].toTensor()), key_ends(stack[ends + 1].toTensor()),
        scale(stack[options].toDouble()),
        left(stack[options + 1].isNone() ? -1 : stack[options + 1].toInt()) {
    TORCH_CHECK(query_ends.scalar_type() == at::kInt && key_ends.scalar_type() == at::kInt);
    TORCH_CHECK(query_ends.numel() == key_ends.numel());
    TORCH_CHECK((query_ends.diff().max().item().toLong()) == stack[ends + 2].toInt());
    TORCH_CHECK((key_ends.diff().max().item().toLong()) == stack[ends + 3].toInt());
    TORCH_CHECK(stack[ends + 4].toDouble() == 0 && stack[ends + 5].toBool(), "causal, no dropout");
  }

  int64_t count() const { return query_ends.numel() - 1; }

  /// The rows of a sequence, with heads first, each key head as often as it is shared.
  at::Tensor rows(const at::Tensor &x, const at::Tensor &ends, int64_t i, int64_t heads) const {
    int64_t start = ends[i].item().toLong(), end = ends[i + 1].item().toLong();
    at::Tensor part = x.slice(0, start, end).transpose(0, 1).to(at::kFloat);
    return part.repeat_interleave(heads / x.size(1), 0);
  }

  /// The logarithms of attention weights but for their sum, of a causal mask that ends at the last
  /// query and the last key.
  at::Tensor scores(const at::Tensor &q, const at::Tensor &k) const {
    at::Tensor scores = at::matmul(q, k.transpose(1, 2)) * scale;
    int64_t behind = k.size(1) - q.size(1);
    at::Tensor distance = at::arange(q.size(1)).unsqueeze(1) + behind - at::arange(k.size(1));
    at::Tensor hidden = left < 0 ? distance < 0 : (distance < 0).logical_or(distance > left);
    return scores.masked_fill(hidden, -std::numeric_limits<float>::infinity());
  }
};

void forward(const c10::OperatorHandle &, Stack *stack) {
  const Stack &given = *stack;
  at::Tensor query = given[0].toTensor(), key = given[1].toTensor(), value = given[2].toTensor();
  Call call(given, 3, 10);
  int64_t heads = query.size(1);
  at::Tensor out = at::empty_like(query), sums = at::empty({heads, query.size(0)}, at::kFloat);
  for (int64_t i = 0; i < call.count(); i++) {
    at::Tensor q = call.rows(query, call.query_ends, i, heads);
    at::Tensor scores = call.scores(q, call.rows(key, call.key_ends, i, heads));
    at::Tensor sum = scores.logsumexp(2, true);
    at::Tensor weights = (scores - sum).exp();
    int64_t start = call.query_ends[i].item().toLong();
    at::Tensor part = at::matmul(weights, call.rows(value, call.key_ends, i, heads));
    out.narrow(0, start, q.size(1)).copy_(part.transpose(0, 1));
    sums.narrow(1, start, q.size(1)).copy_(sum.squeeze(2));
  }
  stack->clear();
  for (const at::Tensor &result : {out, sums, at::zeros({2}), at::zeros({}), at::zeros({})}) {
    stack->push_back(result);
  }
}

void backward(const c10::OperatorHandle &, Stack *stack) {
  const Stack &given = *stack;
  TORCH_CHECK(at::globalContext().deterministicAlgorithms(), "sums in one order");
  at::Tensor grad = given[0].toTensor(), query = given[1].toTensor(), key = given[2].toTensor();
  at::Tensor value = given[3].toTensor(), out = given[4].toTensor(), sums = given[5].toTensor();
  Call call(given, 6, 14);
  int64_t heads = query.size(1);
  at::Tensor grads[3] = {at::empty_like(query), at::empty_like(key), at::empty_like(value)};
  auto put = [&](at::Tensor &target, const at::Tensor &ends, int64_t i, const at::Tensor &part) {
    at::Tensor summed = part.view({target.size(1), -1, part.size(1), part.size(2)}).sum(1);
    int64_t start = ends[i].item().toLong();
    target.narrow(0, start, part.size(1)).copy_(summed.transpose(0, 1));
  };
  for (int64_t i = 0; i < call.count(); i++) {
    at::Tensor q = call.rows(query, call.query_ends, i, heads);
    at::Tensor k = call.rows(key, call.key_ends, i, heads);
    at::Tensor v = call.rows(value, call.key_ends, i, heads);
    at::Tensor g = call.rows(grad, call.query_ends, i, heads);
    at::Tensor o = call.rows(out, call.query_ends, i, heads);
    int64_t start = call.query_ends[i].item().toLong();
    at::Tensor sum = sums.narrow(1, start, q.size(1)).unsqueeze(2);
    at::Tensor weights = (call.scores(q, k) - sum).exp();
    at::Tensor along = (g * o).sum(2, true);
    at::Tensor grad_scores = weights * (at::matmul(g, v.transpose(1, 2)) - along) * call.scale;
    put(grads[0], call.query_ends, i, at::matmul(grad_scores, k));
    put(grads[1], call.key_ends, i, at::matmul(grad_scores.transpose(1, 2), q));
    put(grads[2], call.key_ends, i, at::matmul(weights.transpose(1, 2), g));
  }
  stack->clear();
  for (const at::Tensor &result : grads) stack->push_back(result);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", torch::CppFunction::makeFromBoxedFunction<&forward>());
  library.impl("_flash_attention_backward", torch::CppFunction::makeFromBoxedFunction<&backward>());
}
