// Layers of a decoder as autograd functions over frozen weights: fewer graph nodes and passes over
// memory than compositions, and no gradient for anything that is not trained.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "LayerKernels.h"
#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

using OneDNNLinear = at::Tensor(const at::Tensor &, const at::Tensor &,
                                const std::optional<at::Tensor> &, std::string_view,
                                c10::List<std::optional<at::Scalar>>,
                                std::optional<std::string_view>);

/// oneDNN's float32 linear, absent in builds without oneDNN.
std::optional<c10::TypedOperatorHandle<OneDNNLinear>> find_onednn_linear() {
  auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!schema) return std::nullopt;
  return schema->typed<OneDNNLinear>();
}

}  // namespace

// oneDNN chooses AVX-512 kernels on processors where MKL stays at AVX2: twice the speed there.
at::Tensor ctorch::product(const at::Tensor &x, const at::Tensor &weight) {
  static const auto onednn = find_onednn_linear();
  if (onednn && has_kernel(x) && x.numel() > 0) {
    return onednn->call(x, weight, std::nullopt, "none",
                        c10::List<std::optional<at::Scalar>>(), "");
  }
  return at::linear(x, weight);
}

namespace {

struct FrozenLinear : Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &weight) {
    context->save_for_backward({weight});
    return product(x, weight);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    at::Tensor weight = context->get_saved_variables()[0];
    return {product(grads[0].contiguous(), weight.t()), at::Tensor()};
  }
};

const float *data(const at::Tensor &x) { return x.const_data_ptr<float>(); }

struct RMSNorm : Function<RMSNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &given,
                            const at::Tensor &weight, double epsilon) {
    at::Tensor x = given.contiguous(), factors, out;  // factors [tokens, 1]
    if (has_kernel(x)) {
      factors = at::empty({x.size(0), 1}, x.options());
      out = at::empty_like(x);
      rms_norm_rows(data(x), data(weight), static_cast<float>(epsilon), x.size(0), x.size(1),
                    factors.mutable_data_ptr<float>(), out.mutable_data_ptr<float>());
    } else {
      factors = (x.square().mean(-1, true) + epsilon).rsqrt();
      out = x * factors * weight;
    }
    context->save_for_backward({x, weight, factors});
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &factors = saved[2];
    at::Tensor grad = grads[0].contiguous(), result;
    if (has_kernel(x)) {
      result = at::empty_like(x);
      rms_norm_gradient_rows(data(grad), data(x), data(weight), data(factors), x.size(0),
                             x.size(1), result.mutable_data_ptr<float>());
    } else {
      at::Tensor weighted = grad * weight;
      at::Tensor along = (weighted * x).mean(-1, true) * factors.square();  // [tokens, 1]
      result = (weighted - along * x) * factors;
    }
    return {result, at::Tensor(), at::Tensor()};
  }
};

struct SwiGLU : Function<SwiGLU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &given) {
    at::Tensor gate_up = given.contiguous();
    context->save_for_backward({gate_up});
    auto parts = gate_up.chunk(2, -1);
    if (!has_kernel(gate_up)) return at::silu(parts[0]) * parts[1];
    at::Tensor out = at::empty(parts[0].sizes(), gate_up.options());
    swiglu_rows(data(gate_up), out.size(0), out.size(1), out.mutable_data_ptr<float>());
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    at::Tensor gate_up = context->get_saved_variables()[0], grad = grads[0].contiguous();
    if (!has_kernel(gate_up)) {
      auto parts = gate_up.chunk(2, -1);
      at::Tensor grad_gate = at::silu_backward(grad * parts[1], parts[0]);
      return {at::cat({grad_gate, at::silu(parts[0]) * grad}, -1)};
    }
    at::Tensor result = at::empty_like(gate_up);
    swiglu_gradient_rows(data(grad), data(gate_up), grad.size(0), grad.size(1),
                         result.mutable_data_ptr<float>());
    return {result};
  }
};

/// [tokens, heads, size] rotated by the angles of each token, the halves of a head as pairs.
at::Tensor rotated(const at::Tensor &given, const at::Tensor &cosine, const at::Tensor &sine,
                   bool back) {
  at::Tensor x = given.contiguous();
  if (!has_kernel(x)) {
    at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1) * (back ? -1 : 1);
    auto parts = x.chunk(2, -1);
    return at::cat({parts[0] * c - parts[1] * s, parts[1] * c + parts[0] * s}, -1);
  }
  at::Tensor result = at::empty_like(x);
  rotate_rows(data(x), data(cosine), data(sine), back, x.size(0), x.size(1), cosine.size(1),
              result.mutable_data_ptr<float>());
  return result;
}

struct RotaryEmbedding : Function<RotaryEmbedding> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &cosine, const at::Tensor &sine) {
    context->save_for_backward({cosine, sine});
    return rotated(x, cosine, sine, false);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    return {rotated(grads[0], saved[0], saved[1], true), at::Tensor(), at::Tensor()};
  }
};

/// x with dropout. Elsewhere than on the CPU the factors are made there, so that one seed means the
/// same everywhere.
at::Tensor dropped(const at::Tensor &given, double probability, uint64_t seed) {
  at::Tensor x = given.contiguous();
  at::Tensor source = has_kernel(x) ? x : at::ones(x.sizes(), at::kFloat);
  at::Tensor out = at::empty_like(source);
  dropout_elements(data(source), probability, seed, x.numel(), out.mutable_data_ptr<float>());
  return has_kernel(x) ? out : x * out.to(x.options());
}

struct Dropout : Function<Dropout> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, double probability,
                            uint64_t seed) {
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = static_cast<int64_t>(seed);
    return dropped(x, probability, seed);
  }

  // The mask is made again: kept, those of all layers would be a sixth of what a step holds.
  static variable_list backward(AutogradContext *context, variable_list grads) {
    double probability = context->saved_data["probability"].toDouble();
    auto seed = static_cast<uint64_t>(context->saved_data["seed"].toInt());
    return {dropped(grads[0], probability, seed), at::Tensor(), at::Tensor()};
  }
};

/// scale * dropout(x) A' B' for A [rank, in] and B [out, rank], as one node: it keeps x, which
/// other adapters of the same input share, and not what dropout leaves of it.
struct LowRankProduct : Function<LowRankProduct> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &a,
                            const at::Tensor &b, double scale, double probability, uint64_t seed) {
    at::Tensor kept = probability > 0 ? dropped(x, probability, seed) : x;
    at::Tensor reduced = product(kept, a).mul_(scale);  // [tokens, rank]
    context->save_for_backward({x, a, b, reduced});
    context->saved_data["scale"] = scale;
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = static_cast<int64_t>(seed);
    return at::mm(reduced, b.t());
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &a = saved[1], &b = saved[2], &reduced = saved[3];
    double probability = context->saved_data["probability"].toDouble();
    auto seed = static_cast<uint64_t>(context->saved_data["seed"].toInt());
    at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_reduced =
        product(grad, b.t()).mul_(context->saved_data["scale"].toDouble());  // [tokens, rank]
    at::Tensor grad_b = at::mm(grad.t(), reduced);
    at::Tensor kept = probability > 0 ? dropped(x, probability, seed) : x;
    at::Tensor grad_a = at::mm(grad_reduced.t(), kept), grad_x;
    if (context->needs_input_grad(0)) {
      grad_x = at::mm(grad_reduced, a);
      if (probability > 0) grad_x = dropped(grad_x, probability, seed);
    }
    return {grad_x, grad_a, grad_b, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

int32_t ctorch_low_rank_product(ctorch_tensor x, ctorch_tensor a, ctorch_tensor b, double scale,
                                double probability, uint64_t seed, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return LowRankProduct::apply(unwrap(x).contiguous(), unwrap(a), unwrap(b), scale, probability,
                                 seed);
  });
}

int32_t ctorch_dropout(ctorch_tensor x, double probability, uint64_t seed, ctorch_tensor *out) {
  return guarded_result(out, [&] { return Dropout::apply(unwrap(x), probability, seed); });
}

int32_t ctorch_frozen_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias,
                             ctorch_tensor *out) {
  return guarded_result(out, [&] {
    at::Tensor y = FrozenLinear::apply(unwrap(x).contiguous(), unwrap(weight));
    return bias == nullptr ? y : y + unwrap(bias);
  });
}

int32_t ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon,
                        ctorch_tensor *out) {
  return guarded_result(out, [&] { return RMSNorm::apply(unwrap(x), unwrap(weight), epsilon); });
}

int32_t ctorch_swiglu(ctorch_tensor gate_up, ctorch_tensor *out) {
  return guarded_result(out, [&] { return SwiGLU::apply(unwrap(gate_up)); });
}

int32_t ctorch_rope(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine,
                    ctorch_tensor *out) {
  return guarded_result(
      out, [&] { return RotaryEmbedding::apply(unwrap(x), unwrap(cosine), unwrap(sine)); });
}
