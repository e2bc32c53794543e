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

}  // namespace

std::tuple<at::Tensor, at::Tensor> composed::rms_norm(const at::Tensor &given,
                                                      const at::Tensor &weight, double epsilon) {
  at::Tensor x = widened(given);
  at::Tensor factors = (x.square().mean(-1, true) + epsilon).rsqrt();
  return {(x * factors * weight).to(given.scalar_type()), factors};
}

at::Tensor composed::rms_norm_backward(const at::Tensor &grad, const at::Tensor &x,
                                       const at::Tensor &weight, const at::Tensor &factors) {
  at::Tensor weighted = grad * weight;
  at::Tensor along = (weighted * x).mean(-1, true) * factors.square();  // [..., 1]
  return ((weighted - along * x) * factors).to(x.scalar_type());
}

at::Tensor composed::swiglu(const at::Tensor &gate_up) {
  auto [gate, up] = halves(gate_up);
  return (at::silu(gate) * up).to(gate_up.scalar_type());
}

at::Tensor composed::swiglu_backward(const at::Tensor &given, const at::Tensor &gate_up) {
  auto [gate, up] = halves(gate_up);
  at::Tensor grad = widened(given);
  return at::cat({at::silu_backward(grad * up, gate), at::silu(gate) * grad}, -1)
      .to(gate_up.scalar_type());
}

at::Tensor composed::rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                            bool back) {
  at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1) * (back ? -1 : 1);
  auto [first, second] = halves(x);
  return at::cat({first * c - second * s, second * c + first * s}, -1).to(x.scalar_type());
}

at::Tensor composed::dropout(const at::Tensor &x, double probability, int64_t seed) {
  // Made on the CPU, so that one seed means the same everywhere.
  at::Tensor factors = cpu::dropout(at::ones(x.sizes(), at::kFloat), probability, seed);
  return (x * factors.to(x.device())).to(x.scalar_type());
}

at::Tensor composed::product(const at::Tensor &x, const at::Tensor &weight) {
  return at::linear(x, weight);
}
