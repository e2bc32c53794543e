// The rules of optimizers as kernels of our own, over contiguous float32 on a card.
#include <ATen/ops/empty.h>

#include <algorithm>

#include "../Operators.h"
#include "Launcher.h"

using namespace ctorch;
using cuda::Grid;

namespace {

/// Blocks for a vector: a thread four elements, and more where that would be very many blocks.
Grid blocks_for(const at::Tensor &x) {
  return {std::min<int64_t>((x.numel() + 1023) / 1024, 1 << 12), 1, 256};
}

float narrow(double x) { return static_cast<float>(x); }

/// As ivon.cu and adamw.cu have them.
struct IVONRule {
  float beta1, beta1_complement, beta2, beta2_complement, sample_size, decay, debias, radius, rate;
};
struct AdamWRule {
  float beta1, beta1_complement, beta2, beta2_complement, root_scale, epsilon, shrinkage, rate;
};

}  // namespace

void cuda::ivon_draw(const at::Tensor &values, const at::Tensor &mean, const at::Tensor &offset,
                     const at::Tensor &hessian, double sample_size, double decay) {
  launch({"ivon", "ivon_draw", {values.scalar_type()}}, values, blocks_for(values), in(hessian),
         narrow(sample_size), narrow(decay), values.numel(), out(offset), out(mean), out(values));
}

at::Tensor cuda::ivon_step(const at::Tensor &values, const at::Tensor &hessian,
                           const at::Tensor &momentum, const at::Tensor &gradient,
                           const at::Tensor &product, const std::optional<at::Tensor> &prior,
                           double beta1, double beta2, double sample_size, double decay,
                           double debias, double radius, double rate) {
  Grid grid = blocks_for(values);
  at::Tensor bounded = at::empty({grid.rows}, values.options());
  IVONRule rule{narrow(beta1),       narrow(1 - beta1), narrow(beta2),
                narrow(1 - beta2),   narrow(sample_size), narrow(decay),
                narrow(debias),      narrow(radius),      narrow(rate)};
  launch({"ivon", "ivon_step", {values.scalar_type()}}, values, grid, in(gradient), in(product),
         prior ? in(*prior) : nullptr, rule, values.numel(), out(hessian), out(momentum),
         out(values), out(bounded));
  return bounded.sum().div(static_cast<double>(values.numel()));
}

void cuda::adamw_step(const at::Tensor &values, const at::Tensor &first, const at::Tensor &second,
                      const at::Tensor &gradient, double beta1, double beta2, double root_scale,
                      double epsilon, double shrinkage, double rate) {
  AdamWRule rule{narrow(beta1),      narrow(1 - beta1), narrow(beta2),     narrow(1 - beta2),
                 narrow(root_scale), narrow(epsilon),   narrow(shrinkage), narrow(rate)};
  launch({"adamw", "adamw_step", {values.scalar_type()}}, values, blocks_for(values), in(gradient),
         rule, values.numel(), out(first), out(second), out(values));
}
