// Layers of a decoder as nodes of the gradient graph over frozen weights: fewer nodes than
// compositions, and no gradient for anything that is not trained.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Operands.h"
#include "Operators.h"
#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

struct FrozenLinear : Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &weight) {
    context->save_for_backward({weight});
    return product(x, weight);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    at::Tensor weight = context->get_saved_variables()[0];
    return {product(grads[0], weight.t()), at::Tensor()};
  }
};

/// The same of a weight in 8 bits; the gradient is that of the product without rounding x.
struct QuantizedLinear : Function<QuantizedLinear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &codes,
                            const at::Tensor &scales, bool rounds_x) {
    context->save_for_backward({codes, scales});
    return (rounds_x ? rounded_product : quantized_product)(x, codes, scales);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    return {quantized_product_backward(grads[0], saved[0], saved[1]), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

struct RMSNorm : Function<RMSNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            double epsilon, at::ScalarType type) {
    auto [out, factors] = rms_norm(x, weight, epsilon, type);
    // Rounded as the result is: of what a block keeps, hidden states would be a third.
    context->save_for_backward({x.to(type), weight, factors});
    context->saved_data["type"] = x.scalar_type();
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    at::ScalarType type = context->saved_data["type"].toScalarType();
    return {rms_norm_backward(grads[0], saved[0], saved[1], saved[2], type), at::Tensor(),
            at::Tensor(), at::Tensor()};
  }
};

struct Gated : Function<Gated> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &gate_up, bool gelu) {
    context->save_for_backward({gate_up});
    context->saved_data["gelu"] = gelu;
    return gated(gate_up, gelu);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    bool gelu = context->saved_data["gelu"].toBool();
    return {gated_backward(grads[0], context->get_saved_variables()[0], gelu), at::Tensor()};
  }
};

struct RotaryEmbedding : Function<RotaryEmbedding> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &cosine, const at::Tensor &sine) {
    context->save_for_backward({cosine, sine});
    return rotate(x, cosine, sine, false);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    return {rotate(grads[0], saved[0], saved[1], true), at::Tensor(), at::Tensor()};
  }
};

struct Dropout : Function<Dropout> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, double probability,
                            int64_t seed) {
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = seed;
    return dropout(x, probability, seed);
  }

  // The mask is made again: kept, those of all layers would be a sixth of what a step holds.
  static variable_list backward(AutogradContext *context, variable_list grads) {
    return {dropout(grads[0], context->saved_data["probability"].toDouble(),
                    context->saved_data["seed"].toInt()),
            at::Tensor(), at::Tensor()};
  }
};

/// scale * dropout(x) A' B' for A [rank, in] and B [out, rank], as one node: it keeps x, which
/// other adapters of the same input share, and not what dropout leaves of it. A and B are computed
/// with in the type of x, and their gradients are of their own type.
struct LowRankProduct : Function<LowRankProduct> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &a,
                            const at::Tensor &b, double scale, double probability, int64_t seed) {
    at::Tensor reduced = low_rank_down(x, a, scale, probability, seed);  // [tokens, rank]
    context->save_for_backward({x, a, b, reduced});
    context->saved_data["scale"] = scale;
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = seed;
    return low_rank_up(reduced, b, 0, 0);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &a = saved[1], &b = saved[2], &reduced = saved[3];
    double probability = context->saved_data["probability"].toDouble();
    int64_t seed = context->saved_data["seed"].toInt();
    at::Tensor grad = grads[0].contiguous();
    double scale = context->saved_data["scale"].toDouble();
    at::Tensor grad_reduced = low_rank_down(grad, b.t(), scale, 0, 0);  // [tokens, rank]
    at::Tensor grad_b = at::mm(grad.t(), reduced);
    at::Tensor kept = probability > 0 ? dropout(x, probability, seed) : x;
    at::Tensor grad_a = at::mm(grad_reduced.t(), kept), grad_x;
    if (context->needs_input_grad(0)) {
      grad_x = low_rank_up(grad_reduced, a.t(), probability, seed);
    }
    return {grad_x, grad_a.to(a.scalar_type()), grad_b.to(b.scalar_type()), at::Tensor(),
            at::Tensor(), at::Tensor()};
  }
};

/// `layer` of x [..., in] as rows [rows, in], shaped as x again but for the last size.
template <typename Layer>
at::Tensor on_rows(const at::Tensor &x, Layer layer) {
  if (x.dim() == 2) return layer(x.contiguous());
  expect(x.dim() > 0, "at least one dimension", x);
  at::Tensor y = layer(x.reshape({row_count(x), x.size(-1)}).contiguous());
  return y.view(shape_with_last(x, y.size(-1)));
}

/// y [..., out] plus a bias [out], or none.
at::Tensor plus(const at::Tensor &y, ctorch_tensor bias) {
  if (bias == nullptr) return y;
  const at::Tensor &b = unwrap(bias);
  expect(are_floating(y, b) && b.sizes() == y.sizes().slice(y.dim() - 1),
         "a product [..., out] and its bias [out]", y, b);
  return y + b.to(y.scalar_type());
}

}  // namespace

int32_t ctorch_frozen_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias,
                             ctorch_tensor *out) {
  return guarded_result(out, [&] {
    const at::Tensor &w = unwrap(weight);
    return plus(on_rows(unwrap(x), [&](at::Tensor rows) { return FrozenLinear::apply(rows, w); }),
                bias);
  });
}

int32_t ctorch_quantized_linear(ctorch_tensor x, ctorch_tensor codes, ctorch_tensor scales,
                                ctorch_tensor bias, bool dynamic, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    const at::Tensor &c = unwrap(codes), &s = unwrap(scales);
    return plus(on_rows(unwrap(x),
                          [&](at::Tensor rows) {
                            return QuantizedLinear::apply(rows, c, s, dynamic);
                          }),
                bias);
  });
}

int32_t ctorch_low_rank_product(ctorch_tensor x, ctorch_tensor a, ctorch_tensor b, double scale,
                                double probability, uint64_t seed, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    const at::Tensor &in = unwrap(x), &down = unwrap(a), &up = unwrap(b);
    expect(are_floating(in, down, up) && in.dim() > 0 && down.dim() == 2 && up.dim() == 2 &&
               in.size(-1) == down.size(1) && down.size(0) == up.size(1),
           "x [..., in], a [rank, in] and b [out, rank]", in, down, up);
    return on_rows(in, [&](at::Tensor rows) {
      return LowRankProduct::apply(rows, down, up, scale, probability, static_cast<int64_t>(seed));
    });
  });
}

int32_t ctorch_dropout(ctorch_tensor x, double probability, uint64_t seed, ctorch_tensor *out) {
  return guarded_result(
      out, [&] { return Dropout::apply(unwrap(x), probability, static_cast<int64_t>(seed)); });
}

int32_t ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, int32_t dtype,
                        ctorch_tensor *out) {
  return guarded_result(out, [&] {
    auto type = static_cast<at::ScalarType>(dtype);
    return RMSNorm::apply(unwrap(x), unwrap(weight), epsilon, type);
  });
}

int32_t ctorch_gated(ctorch_tensor gate_up, bool gelu, ctorch_tensor *out) {
  return guarded_result(out, [&] { return Gated::apply(unwrap(gate_up), gelu); });
}

int32_t ctorch_rope(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine,
                    ctorch_tensor *out) {
  return guarded_result(
      out, [&] { return RotaryEmbedding::apply(unwrap(x), unwrap(cosine), unwrap(sine)); });
}
