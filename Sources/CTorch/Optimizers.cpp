// The rules of optimizers over flat vectors as compositions of ATen's, and what Swift calls.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "Operators.h"
#include "Shim.h"

using namespace ctorch;

void composed::ivon_draw(const at::Tensor &values, const at::Tensor &mean,
                         const at::Tensor &offset, const at::Tensor &hessian, double sample_size,
                         double decay) {
  offset.mul_(((hessian + decay) * sample_size).pow(-0.5));
  mean.copy_(values);
  values.add_(offset);
}

at::Tensor composed::ivon_step(const at::Tensor &values, const at::Tensor &hessian,
                               const at::Tensor &momentum, const at::Tensor &gradient,
                               const at::Tensor &product, const std::optional<at::Tensor> &prior,
                               double beta1, double beta2, double sample_size, double decay,
                               double debias, double radius, double rate) {
  double forget = 1 - beta2;
  at::Tensor precision = hessian + decay;
  // The reparameterisation estimate of the Hessian, by Price's theorem.
  at::Tensor estimate = product * precision * sample_size;
  at::Tensor correction = (hessian - estimate).pow(2) / precision;
  hessian.mul_(beta2).add_(estimate, forget).add_(correction, 0.5 * forget * forget);

  momentum.mul_(beta1).add_(gradient, 1 - beta1);
  at::Tensor direction = momentum * debias;
  direction.add_(values, decay);
  if (prior) direction.add_(*prior, -decay);
  at::Tensor move = direction / (hessian + decay), share = at::zeros({}, values.options());
  if (std::isfinite(radius)) {
    share = move.abs().gt(radius).to(values.scalar_type()).mean();
    move = move.clamp(-radius, radius);
  }
  values.add_(move, -rate);
  return share;
}

void composed::adamw_step(const at::Tensor &values, const at::Tensor &first,
                          const at::Tensor &second, const at::Tensor &gradient, double beta1,
                          double beta2, double root_scale, double epsilon, double shrinkage,
                          double rate) {
  first.mul_(beta1).add_(gradient, 1 - beta1);
  second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
  at::Tensor root = second.sqrt() * root_scale + epsilon;
  values.mul_(shrinkage).add_(first / root, -rate);
}

int32_t ctorch_ivon_draw(ctorch_tensor values, ctorch_tensor mean, ctorch_tensor offset,
                         ctorch_tensor hessian, double sample_size, double decay) {
  return guarded([&] {
    ivon_draw(unwrap(values), unwrap(mean), unwrap(offset), unwrap(hessian), sample_size, decay);
  });
}

int32_t ctorch_ivon_step(ctorch_tensor values, ctorch_tensor hessian, ctorch_tensor momentum,
                         ctorch_tensor gradient, ctorch_tensor product, ctorch_tensor prior,
                         const ctorch_ivon_rule *rule, ctorch_tensor *share) {
  return guarded_result(share, [&] {
    std::optional<at::Tensor> center;
    if (prior) center = unwrap(prior);
    return ivon_step(unwrap(values), unwrap(hessian), unwrap(momentum), unwrap(gradient),
                     unwrap(product), center, rule->beta1, rule->beta2, rule->sample_size,
                     rule->decay, rule->debias, rule->radius, rule->rate);
  });
}

int32_t ctorch_adamw_step(ctorch_tensor values, ctorch_tensor first, ctorch_tensor second,
                          ctorch_tensor gradient, const ctorch_adamw_rule *rule) {
  return guarded([&] {
    adamw_step(unwrap(values), unwrap(first), unwrap(second), unwrap(gradient), rule->beta1,
               rule->beta2, rule->root_scale, rule->epsilon, rule->shrinkage, rule->rate);
  });
}
