// Layers of a decoder as autograd functions over frozen weights: fewer graph nodes and passes over
// memory than compositions, and no gradient for anything that is not trained.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

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
  if (onednn && x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0) {
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

struct RMSNorm : Function<RMSNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &weight, double epsilon) {
    at::Tensor scale = at::linalg_vector_norm(x, 2, {-1}, true)  // [tokens, 1]
                           .square_()
                           .mul_(1.0 / static_cast<double>(x.size(-1)))
                           .add_(epsilon)
                           .rsqrt_();
    context->save_for_backward({x, weight, scale});
    return (x * scale).mul_(weight);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[2];
    at::Tensor weighted = grads[0] * saved[1];
    at::Tensor along = (weighted * x).mean(-1, true).mul_(scale.square());  // [tokens, 1]
    return {weighted.addcmul_(x, along, -1).mul_(scale), at::Tensor(), at::Tensor()};
  }
};

struct SwiGLU : Function<SwiGLU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &gate_up) {
    context->save_for_backward({gate_up});
    auto parts = gate_up.chunk(2, -1);
    return at::silu(parts[0]).mul_(parts[1]);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    at::Tensor gate_up = context->get_saved_variables()[0];
    auto parts = gate_up.chunk(2, -1);
    at::Tensor result = at::empty_like(gate_up);
    auto out = result.chunk(2, -1);
    at::silu_backward_out(out[0], grads[0] * parts[1], parts[0]);
    at::silu_out(out[1], parts[0]).mul_(grads[0]);
    return {result};
  }
};

/// [tokens, heads, size] rotated by the angles of each token, the halves of a head as pairs.
at::Tensor rotated(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                   double direction) {
  at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1);  // [tokens, 1, size / 2]
  auto in = x.chunk(2, -1);
  at::Tensor result = at::empty(x.sizes(), x.options());
  auto out = result.chunk(2, -1);
  at::mul_out(out[0], in[0], c).addcmul_(in[1], s, -direction);
  at::mul_out(out[1], in[1], c).addcmul_(in[0], s, direction);
  return result;
}

struct RotaryEmbedding : Function<RotaryEmbedding> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &cosine, const at::Tensor &sine) {
    context->save_for_backward({cosine, sine});
    return rotated(x, cosine, sine, 1);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    return {rotated(grads[0], saved[0], saved[1], -1), at::Tensor(), at::Tensor()};
  }
};

/// Zeros with the given probability, 1 / (1 - probability) elsewhere: [shape].
///
/// Element i takes 16 bits of SplitMix64's output number i / 4, so the mask does not depend on the
/// number of threads, and no generator has to run through all of it in order.
at::Tensor dropout_mask(at::IntArrayRef shape, double probability, uint64_t seed) {
  at::Tensor mask = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  float *out = mask.data_ptr<float>();
  const int64_t count = mask.numel();
  const auto threshold = static_cast<uint32_t>(std::min(probability * 65536 + 0.5, 65535.0));
  // A table and a loop of known length: a third of the time of a branch and a bound.
  const float factors[] = {0, 65536.0f / static_cast<float>(65536 - threshold)};
  at::parallel_for(0, (count + 3) / 4, 4096, [=](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; group++) {
      uint64_t bits = seed + static_cast<uint64_t>(group + 1) * 0x9E3779B97F4A7C15;
      bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
      bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
      bits ^= bits >> 31;
      auto write = [&](int64_t elements) {
        for (int64_t i = 0; i < elements; i++) {
          out[4 * group + i] = factors[((bits >> (16 * i)) & 0xFFFF) >= threshold];
        }
      };
      count - 4 * group >= 4 ? write(4) : write(count - 4 * group);
    }
  });
  return mask;
}

struct Dropout : Function<Dropout> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, double probability,
                            uint64_t seed) {
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = static_cast<int64_t>(seed);
    return x * dropout_mask(x.sizes(), probability, seed).to(x.options());
  }

  // The mask is made again: kept, those of all layers would be a sixth of what a step holds.
  static variable_list backward(AutogradContext *context, variable_list grads) {
    double probability = context->saved_data["probability"].toDouble();
    auto seed = static_cast<uint64_t>(context->saved_data["seed"].toInt());
    at::Tensor mask = dropout_mask(grads[0].sizes(), probability, seed).to(grads[0].options());
    return {grads[0] * mask, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

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
