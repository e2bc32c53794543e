// The operations of layers as compositions of ATen's, for any device and floating type. In 16 bits
// sums and products of several numbers are taken in float32, and the result is rounded once.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "Operands.h"
#include "Operators.h"

using namespace ctorch;

namespace {

/// Gate and up, side by side in [..., 2 n].
std::pair<at::Tensor, at::Tensor> halves(const at::Tensor &x) {
  auto parts = widened(x).chunk(2, -1);
  return {parts[0], parts[1]};
}

at::Tensor opened(const at::Tensor &gate, bool gelu) {
  return gelu ? at::gelu(gate, "tanh") : at::silu(gate);
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> composed::rms_norm(const at::Tensor &given,
                                                      const at::Tensor &weight, double epsilon,
                                                      at::ScalarType type) {
  at::Tensor x = widened(given);
  at::Tensor factors = (x.square().mean(-1, true) + epsilon).rsqrt();
  return {(x * factors * weight).to(type), factors};
}

at::Tensor composed::rms_norm_backward(const at::Tensor &grad, const at::Tensor &x,
                                       const at::Tensor &weight, const at::Tensor &factors,
                                       at::ScalarType type) {
  at::Tensor weighted = grad * weight;
  at::Tensor along = (weighted * x).mean(-1, true) * factors.square();  // [..., 1]
  return ((weighted - along * x) * factors).to(type);
}

at::Tensor composed::gated(const at::Tensor &gate_up, bool gelu) {
  auto [gate, up] = halves(gate_up);
  return (opened(gate, gelu) * up).to(gate_up.scalar_type());
}

at::Tensor composed::gated_backward(const at::Tensor &given, const at::Tensor &gate_up,
                                    bool gelu) {
  auto [gate, up] = halves(gate_up);
  at::Tensor grad = widened(given);
  at::Tensor grad_gate = gelu ? at::gelu_backward(grad * up, gate, "tanh")
                              : at::silu_backward(grad * up, gate);
  return at::cat({grad_gate, opened(gate, gelu) * grad}, -1).to(gate_up.scalar_type());
}

at::Tensor composed::rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                            bool back) {
  at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1) * (back ? -1 : 1);
  int64_t rotated = 2 * cosine.size(1);
  auto [first, second] = halves(x.narrow(-1, 0, rotated));
  at::Tensor rest = widened(x.narrow(-1, rotated, x.size(-1) - rotated));
  return at::cat({first * c - second * s, second * c + first * s, rest}, -1).to(x.scalar_type());
}

at::Tensor composed::dropout(const at::Tensor &x, double probability, int64_t seed) {
  // Made on the CPU, so that one seed means the same everywhere.
  at::Tensor factors = cpu::dropout(at::ones(x.sizes(), at::kFloat), probability, seed);
  return (x * factors.to(x.device())).to(x.scalar_type());
}

at::Tensor composed::low_rank_down(const at::Tensor &x, const at::Tensor &a, double scale,
                                   double probability, int64_t seed) {
  at::Tensor kept = probability > 0 ? ctorch::dropout(x, probability, seed) : x;
  return ctorch::product(kept, a).mul_(scale);
}

at::Tensor composed::low_rank_up(const at::Tensor &x, const at::Tensor &b, double probability,
                                 int64_t seed) {
  at::Tensor y = at::mm(x, b.t().to(x.scalar_type()));
  return probability > 0 ? ctorch::dropout(y, probability, seed) : y;
}

at::Tensor composed::product(const at::Tensor &x, const at::Tensor &weight) {
  return at::linear(x, weight);
}
