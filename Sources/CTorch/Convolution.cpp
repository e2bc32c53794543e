// The short causal convolution of each channel along the sequences of a packed batch, behind which
// stands silu: what a token sees are the last ones on its own branch, and then of the prefix.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <numeric>

#include "Operands.h"
#include "Operators.h"

using namespace ctorch;

namespace {

/// The packed row of the token before each, `none` where it is the first.
std::vector<int64_t> rows_before(const AttentionSpans &spans, int64_t none) {
  std::vector<int64_t> before(static_cast<size_t>(spans.keys), none);
  for (const AttentionSpan &span : spans.all) {
    std::vector<int64_t> path{span.prefix > 0 ? span.prefix - 1 : none};
    for (int64_t i = 0; i < span.keys; i++) {
      size_t depth = static_cast<size_t>(span.depths.empty() ? i : span.depths[i]);
      path.resize(depth + 1);
      before[static_cast<size_t>(span.first_key + i)] = path.back();
      path.push_back(span.first_key + i);
    }
  }
  return before;
}

/// For each distance from 0 on the row of x that lies so far before each token; the row behind the
/// last, where there is none.
std::vector<at::Tensor> taps(const AttentionSpans &spans, const at::Tensor &x, int64_t count) {
  int64_t none = x.size(0);
  std::vector<int64_t> before = rows_before(spans, none), rows(before.size());
  before.push_back(none);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::vector<at::Tensor> result;
  for (int64_t i = 0; i < count; i++) {
    result.push_back(at::tensor(rows, at::kLong).to(x.device()));
    for (int64_t &row : rows) row = before[static_cast<size_t>(row)];
  }
  return result;
}

/// The weights of each distance from 0 on: [taps, channels].
at::Tensor by_distance(const at::Tensor &x, const at::Tensor &weight) {
  return weight.to(wide_type(x)).t().flip(0);
}

/// The sums, before silu.
at::Tensor sums(const at::Tensor &x, const at::Tensor &weights,
                const std::vector<at::Tensor> &taps) {
  at::Tensor padded = at::constant_pad_nd(widened(x), {0, 0, 0, 1});
  at::Tensor sum = widened(x) * weights[0];
  for (size_t i = 1; i < taps.size(); i++) {
    sum.addcmul_(padded.index_select(0, taps[i]), weights[static_cast<int64_t>(i)]);
  }
  return sum;
}

}  // namespace

at::Tensor composed::convolve(const at::Tensor &x, const at::Tensor &weight,
                              const c10::intrusive_ptr<AttentionSpans> &spans) {
  auto rows = taps(*spans, x, weight.size(1));
  return at::silu(sums(x, by_distance(x, weight), rows)).to(x.scalar_type());
}

at::Tensor composed::convolve_backward(const at::Tensor &grad, const at::Tensor &x,
                                       const at::Tensor &weight,
                                       const c10::intrusive_ptr<AttentionSpans> &spans) {
  auto rows = taps(*spans, x, weight.size(1));
  at::Tensor weights = by_distance(x, weight);
  at::Tensor grad_sums = at::silu_backward(widened(grad), sums(x, weights, rows));
  at::Tensor padded = at::constant_pad_nd(grad_sums * weights[0], {0, 0, 0, 1});
  for (size_t i = 1; i < rows.size(); i++) {
    padded.index_add_(0, rows[i], grad_sums * weights[static_cast<int64_t>(i)]);
  }
  return padded.narrow(0, 0, x.size(0)).to(x.scalar_type());
}
