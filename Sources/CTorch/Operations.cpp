// Shape, arithmetic, in-place updates and autograd: one line of ATen each.
#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "Operands.h"
#include "Shim.h"

using namespace ctorch;

// Shape

int32_t ctorch_reshape(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).reshape(sizes(shape, rank)); });
}

int32_t ctorch_view(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).view(sizes(shape, rank)); });
}

int32_t ctorch_transpose(ctorch_tensor a, int64_t dim0, int64_t dim1, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).transpose(dim0, dim1); });
}

int32_t ctorch_narrow(ctorch_tensor a, int64_t dim, int64_t start, int64_t length,
                      ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).narrow(dim, start, length); });
}

int32_t ctorch_split(ctorch_tensor a, const int64_t *sizes_, int32_t count, int64_t dim,
                     ctorch_tensor *out) {
  std::fill(out, out + count, nullptr);
  return guarded([&] {
    auto parts = unwrap(a).split_with_sizes(sizes(sizes_, count), dim);
    for (int32_t i = 0; i < count; i++) out[i] = wrap(std::move(parts[i]));
  });
}

int32_t ctorch_cat(const ctorch_tensor *tensors, int32_t count, int64_t dim, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    std::vector<at::Tensor> list;
    for (int32_t i = 0; i < count; i++) list.push_back(unwrap(tensors[i]));
    return at::cat(list, dim);
  });
}

int32_t ctorch_index_select(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).index_select(dim, unwrap(index)); });
}

int32_t ctorch_gather(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).gather(dim, unwrap(index)); });
}

// Arithmetic

#define CTORCH_OF_ONE(name)                                       \
  int32_t ctorch_##name(ctorch_tensor a, ctorch_tensor *out) {    \
    return guarded_result(out, [&] { return unwrap(a).name(); }); \
  }
CTORCH_OF_ONE(sqrt)
CTORCH_OF_ONE(exp)
CTORCH_OF_ONE(tanh)
CTORCH_OF_ONE(log)
CTORCH_OF_ONE(abs)
CTORCH_OF_ONE(sigmoid)
CTORCH_OF_ONE(sum)
CTORCH_OF_ONE(mean)
CTORCH_OF_ONE(clone)
CTORCH_OF_ONE(detach)

#define CTORCH_OF_TWO(name)                                                     \
  int32_t ctorch_##name(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) { \
    return guarded_result(out, [&] { return unwrap(a).name(unwrap(b)); });      \
  }
CTORCH_OF_TWO(add)
CTORCH_OF_TWO(sub)
CTORCH_OF_TWO(mul)
CTORCH_OF_TWO(div)
CTORCH_OF_TWO(matmul)

#define CTORCH_WITH_NUMBER(name, method)                                 \
  int32_t ctorch_##name(ctorch_tensor a, double b, ctorch_tensor *out) { \
    return guarded_result(out, [&] { return unwrap(a).method(b); });     \
  }
CTORCH_WITH_NUMBER(add_scalar, add)
CTORCH_WITH_NUMBER(mul_scalar, mul)
CTORCH_WITH_NUMBER(pow_scalar, pow)
CTORCH_WITH_NUMBER(greater_scalar, gt)

int32_t ctorch_clamp(ctorch_tensor a, double low, double high, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).clamp(low, high); });
}

int32_t ctorch_softplus(ctorch_tensor a, ctorch_tensor *out) {
  return guarded_result(out, [&] { return at::softplus(unwrap(a)); });
}

int32_t ctorch_sum_along(ctorch_tensor a, int64_t dim, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(a).sum(dim); });
}

int32_t ctorch_quantile(ctorch_tensor a, const double *fractions, int32_t count,
                        ctorch_tensor *out) {
  return guarded_result(out, [&] {
    // at::quantile refuses more than 16 million elements; a sort and a linear read do not.
    at::Tensor sorted = std::get<0>(unwrap(a).detach().flatten().to(at::kDouble).sort());
    TORCH_CHECK(sorted.numel() > 0, "quantile of an empty tensor");
    for (int32_t i = 0; i < count; i++) {
      TORCH_CHECK(0 <= fractions[i] && fractions[i] <= 1, "no quantile at ", fractions[i]);
    }
    at::Tensor result = at::empty({count}, sorted.options());
    for (int32_t i = 0; i < count; i++) {
      double position = fractions[i] * static_cast<double>(sorted.numel() - 1);
      int64_t low = static_cast<int64_t>(position);
      int64_t high = std::min<int64_t>(low + 1, sorted.numel() - 1);
      result[i] = at::lerp(sorted[low], sorted[high], position - static_cast<double>(low));
    }
    return result;
  });
}

int32_t ctorch_all_finite(ctorch_tensor a, bool *out) {
  return guarded([&] { *out = unwrap(a).isfinite().all().item<bool>(); });
}

int32_t ctorch_equal(ctorch_tensor a, ctorch_tensor b, bool *out) {
  return guarded([&] { *out = at::equal(unwrap(a), unwrap(b)); });
}

int32_t ctorch_log_softmax(ctorch_tensor a, int64_t dim, ctorch_tensor *out) {
  return guarded_result(out, [&] { return at::log_softmax(unwrap(a), dim); });
}

int32_t ctorch_nll_loss(ctorch_tensor log_probabilities, ctorch_tensor labels, bool mean,
                        ctorch_tensor *out) {
  return guarded_result(out, [&] {
    const at::Tensor &x = unwrap(log_probabilities);
    return at::nll_loss(widened(x), unwrap(labels), {},
                        mean ? at::Reduction::Mean : at::Reduction::Sum)
        .to(x.scalar_type());
  });
}

// In place

int32_t ctorch_copy_(ctorch_tensor target, ctorch_tensor source) {
  return guarded([&] { unwrap(target).copy_(unwrap(source)); });
}

int32_t ctorch_zero_(ctorch_tensor target) {
  return guarded([&] { unwrap(target).zero_(); });
}

int32_t ctorch_mul_scalar_(ctorch_tensor target, double factor) {
  return guarded([&] { unwrap(target).mul_(factor); });
}

int32_t ctorch_add_scaled_(ctorch_tensor target, ctorch_tensor source, double factor) {
  return guarded([&] { unwrap(target).add_(unwrap(source), factor); });
}

int32_t ctorch_addcmul_(ctorch_tensor target, ctorch_tensor a, ctorch_tensor b, double factor) {
  return guarded([&] { unwrap(target).addcmul_(unwrap(a), unwrap(b), factor); });
}

// Autograd

int32_t ctorch_set_requires_grad(ctorch_tensor tensor, bool value) {
  return guarded([&] { unwrap(tensor).set_requires_grad(value); });
}

int32_t ctorch_set_grad(ctorch_tensor tensor, ctorch_tensor grad) {
  return guarded([&] {
    const at::Tensor &x = unwrap(tensor), &gradient = unwrap(grad);
    // Assigned as it is, and added to in place by every backward pass.
    expect(gradient.sizes() == x.sizes() && gradient.scalar_type() == x.scalar_type() &&
               gradient.device() == x.device(),
           "a leaf and a gradient of its type and shape", x, gradient);
    x.mutable_grad() = gradient;
  });
}

int32_t ctorch_backward(ctorch_tensor loss) {
  return guarded([&] { unwrap(loss).backward(); });
}

int32_t ctorch_gradients(ctorch_tensor output, ctorch_tensor weights, const ctorch_tensor *inputs,
                         int32_t count, bool keep_graph, ctorch_tensor *out) {
  std::fill(out, out + count, nullptr);
  return guarded([&] {
    std::vector<at::Tensor> list;
    for (int32_t i = 0; i < count; i++) list.push_back(unwrap(inputs[i]));
    auto gradients = torch::autograd::grad({unwrap(output)}, list, {unwrap(weights)}, keep_graph);
    for (int32_t i = 0; i < count; i++) out[i] = wrap(std::move(gradients[i]));
  });
}

bool ctorch_grad_enabled(void) { return at::GradMode::is_enabled(); }

void ctorch_set_grad_enabled(bool value) { at::GradMode::set_enabled(value); }
