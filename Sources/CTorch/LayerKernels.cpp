// The operations of layers in one pass over memory each, for contiguous tensors on the CPU.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "Kernels.h"
#include "Operands.h"
#include "Operators.h"
#include "Rows.h"

using namespace ctorch;

namespace {

// Sums may be taken in any order within a row: that is what lets them be vectors.
#pragma clang fp reassociate(on)

CTORCH_VECTORIZED void rms_norm_row(const float *x, const float *weight, float epsilon,
                                    int64_t width, float *factor, float *out) {
  float square = 0;
  for (int64_t i = 0; i < width; i++) square += x[i] * x[i];
  *factor = 1 / std::sqrt(square / static_cast<float>(width) + epsilon);
  for (int64_t i = 0; i < width; i++) out[i] = x[i] * *factor * weight[i];
}

CTORCH_VECTORIZED void rms_norm_gradient_row(const float *grad, const float *x,
                                             const float *weight, float factor, int64_t width,
                                             float *out) {
  float along = 0;
  for (int64_t i = 0; i < width; i++) along += grad[i] * weight[i] * x[i];
  along *= factor * factor / static_cast<float>(width);
  for (int64_t i = 0; i < width; i++) out[i] = factor * (grad[i] * weight[i] - along * x[i]);
}

/// Both gates are x * sigmoid(inner): SiLU with x inside, GELU's tanh form with a cubic of x (arXiv
/// 1606.08415), whose derivative is the slope.
struct Gate {
  float inner, slope;
};

template <bool gelu>
CTORCH_INLINE Gate gate_at(float x) {
  if constexpr (!gelu) return {x, 1};
  constexpr float linear = 1.595769122f, cubic = 0.044715f;  // the first is sqrt(8 / pi)
  // At 20 the sigmoid is 0 or 1, and squares of larger numbers may be infinite.
  x = x < -20 ? -20 : x > 20 ? 20 : x;
  return {linear * x * (1 + cubic * x * x), linear * (1 + 3 * cubic * x * x)};
}

template <bool gelu>
CTORCH_INLINE void gated_row(const float *gate, const float *up, int64_t width, float *out) {
  for (int64_t i = 0; i < width; i++) {
    out[i] = gate[i] * up[i] / (1 + exponential(-gate_at<gelu>(gate[i]).inner));
  }
}

template <bool gelu>
CTORCH_INLINE void gated_gradient_row(const float *grad, const float *gate, const float *up,
                                      int64_t width, float *grad_gate, float *grad_up) {
  for (int64_t i = 0; i < width; i++) {
    Gate at = gate_at<gelu>(gate[i]);
    float sigmoid = 1 / (1 + exponential(-at.inner));
    grad_gate[i] = grad[i] * up[i] * sigmoid * (1 + gate[i] * at.slope * (1 - sigmoid));
    grad_up[i] = grad[i] * gate[i] * sigmoid;
  }
}

CTORCH_VECTORIZED void silu_row(const float *gate, const float *up, int64_t width, float *out) {
  gated_row<false>(gate, up, width, out);
}
CTORCH_VECTORIZED void gelu_row(const float *gate, const float *up, int64_t width, float *out) {
  gated_row<true>(gate, up, width, out);
}
CTORCH_VECTORIZED void silu_gradient_row(const float *grad, const float *gate, const float *up,
                                         int64_t width, float *grad_gate, float *grad_up) {
  gated_gradient_row<false>(grad, gate, up, width, grad_gate, grad_up);
}
CTORCH_VECTORIZED void gelu_gradient_row(const float *grad, const float *gate, const float *up,
                                         int64_t width, float *grad_gate, float *grad_up) {
  gated_gradient_row<true>(grad, gate, up, width, grad_gate, grad_up);
}

CTORCH_VECTORIZED void rotate_head(const float *x, const float *cosine, const float *sine,
                                   float direction, int64_t pairs, float *out) {
  for (int64_t i = 0; i < pairs; i++) {
    float first = x[i], second = x[pairs + i], s = direction * sine[i];
    out[i] = first * cosine[i] - second * s;
    out[pairs + i] = second * cosine[i] + first * s;
  }
}

/// 64 factors of dropout, 0 or `scale`, from the 16 outputs of SplitMix64 that begin at `first`.
CTORCH_INLINE void dropout_factors(uint64_t seed, uint64_t first, uint32_t threshold, float scale,
                                   float *out) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t bits[16];
  for (uint64_t i = 0; i < 16; i++) {
    uint64_t z = seed + (first + i + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    bits[i] = z ^ (z >> 31);
  }
  uint16_t parts[64];
  std::memcpy(parts, bits, sizeof parts);
  for (int i = 0; i < 64; i++) out[i] = parts[i] >= threshold ? scale : 0.0f;
}

/// Some elements, of which the first has the number `first`, a multiple of 64.
CTORCH_VECTORIZED void dropout_piece(const float *x, uint32_t threshold, float scale, uint64_t seed,
                                     int64_t first, int64_t count, float *out) {
  for (int64_t i = 0; i < count; i += 64) {
    float factors[64];
    dropout_factors(seed, static_cast<uint64_t>((first + i) / 4), threshold, scale, factors);
    int64_t some = std::min<int64_t>(64, count - i);
    for (int64_t j = 0; j < some; j++) out[i + j] = x[i + j] * factors[j];
  }
}

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

std::tuple<at::Tensor, at::Tensor> cpu::rms_norm(const at::Tensor &x, const at::Tensor &weight,
                                                 double epsilon, at::ScalarType type) {
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(type));
  at::Tensor factors = at::empty(shape_with_last(x, 1), x.options().dtype(at::kFloat));
  Source from(x);
  Target to(out);
  const float *weights = numbers<float>(weight);
  float *factor = factors.mutable_data_ptr<float>();
  int64_t width = x.size(-1);
  over_rows(row_count(x), [=](int64_t row) {
    thread_local Buffer wide;
    const float *in = from.read(row * width, width, wide);
    to.write(row * width, width, [&](float *out) {
      rms_norm_row(in, weights, static_cast<float>(epsilon), width, factor + row, out);
    });
  });
  return {out, factors};
}

at::Tensor cpu::rms_norm_backward(const at::Tensor &grad, const at::Tensor &x,
                                  const at::Tensor &weight, const at::Tensor &factors,
                                  at::ScalarType type) {
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(type));
  Source from(x), grads(grad);
  Target to(out);
  const float *weights = numbers<float>(weight), *factor = numbers<float>(factors);
  int64_t width = x.size(-1);
  over_rows(row_count(x), [=](int64_t row) {
    thread_local Buffer wide, wide_grad;
    const float *in = from.read(row * width, width, wide);
    const float *grad = grads.read(row * width, width, wide_grad);
    to.write(row * width, width, [&](float *out) {
      rms_norm_gradient_row(grad, in, weights, factor[row], width, out);
    });
  });
  return out;
}

at::Tensor cpu::gated(const at::Tensor &gate_up, bool gelu) {
  auto one_row = gelu ? gelu_row : silu_row;
  int64_t width = gate_up.size(-1) / 2;
  at::Tensor out = at::empty(shape_with_last(gate_up, width), gate_up.options());
  Source from(gate_up);
  Target to(out);
  over_rows(row_count(gate_up), [=](int64_t row) {
    thread_local Buffer wide;
    const float *gate = from.read(2 * row * width, 2 * width, wide);
    to.write(row * width, width, [&](float *out) { one_row(gate, gate + width, width, out); });
  });
  return out;
}

at::Tensor cpu::gated_backward(const at::Tensor &grad, const at::Tensor &gate_up, bool gelu) {
  auto one_row = gelu ? gelu_gradient_row : silu_gradient_row;
  int64_t width = gate_up.size(-1) / 2;
  at::Tensor out = at::empty_like(gate_up);
  Source from(gate_up), grads(grad);
  Target to(out);
  over_rows(row_count(gate_up), [=](int64_t row) {
    thread_local Buffer wide, wide_grad;
    const float *gate = from.read(2 * row * width, 2 * width, wide);
    const float *grad = grads.read(row * width, width, wide_grad);
    to.write(2 * row * width, 2 * width, [&](float *out) {
      one_row(grad, gate, gate + width, width, out, out + width);
    });
  });
  return out;
}

at::Tensor cpu::rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                       bool back) {
  at::Tensor out = at::empty_like(x);
  Source from(x);
  Target to(out);
  const float *c = numbers<float>(cosine), *s = numbers<float>(sine);
  int64_t size = x.size(2), width = x.size(1) * size, pairs = cosine.size(1);
  over_rows(x.size(0), [=](int64_t row) {
    thread_local Buffer wide;
    const float *in = from.read(row * width, width, wide);
    to.write(row * width, width, [&](float *out) {
      for (int64_t head = 0; head < width; head += size) {
        rotate_head(in + head, c + row * pairs, s + row * pairs, back ? -1 : 1, pairs, out + head);
        std::copy(in + head + 2 * pairs, in + head + size, out + head + 2 * pairs);
      }
    });
  });
  return out;
}

at::Tensor cpu::dropout(const at::Tensor &x, double probability, int64_t seed) {
  at::Tensor out = at::empty_like(x);
  Source from(x);
  Target to(out);
  DropoutBits bits(probability);
  constexpr int64_t most = 4096;  // a multiple of the 64 elements that are made together
  int64_t count = x.numel();
  in_parallel((count + most - 1) / most, [=](int64_t i) {
    thread_local Buffer wide;
    int64_t first = i * most, piece = std::min(most, count - first);
    const float *in = from.read(first, piece, wide);
    to.write(first, piece, [&](float *out) {
      dropout_piece(in, bits.threshold, bits.scale, static_cast<uint64_t>(seed), first, piece, out);
    });
  });
  return out;
}

// oneDNN chooses AVX-512 kernels on processors where MKL stays at AVX2: twice the speed there. In
// bfloat16 ATen goes to it by itself.
at::Tensor cpu::product(const at::Tensor &x, const at::Tensor &weight) {
  static const auto onednn = find_onednn_linear();
  bool is_short = x.scalar_type() == at::kBFloat16;
  if (!onednn || is_short || x.numel() == 0) return composed::product(x, weight);
  return onednn->call(x, weight, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
}
