#include "LayerKernels.h"

#include <vector>

#include "Kernels.h"

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

CTORCH_VECTORIZED void swiglu_row(const float *gate, const float *up, int64_t width, float *out) {
  for (int64_t i = 0; i < width; i++) out[i] = gate[i] * up[i] / (1 + exponential(-gate[i]));
}

CTORCH_VECTORIZED void swiglu_gradient_row(const float *grad, const float *gate, const float *up,
                                           int64_t width, float *grad_gate, float *grad_up) {
  for (int64_t i = 0; i < width; i++) {
    float sigmoid = 1 / (1 + exponential(-gate[i]));
    grad_gate[i] = grad[i] * up[i] * sigmoid * (1 + gate[i] * (1 - sigmoid));
    grad_up[i] = grad[i] * gate[i] * sigmoid;
  }
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

CTORCH_VECTORIZED void dropout_piece(const float *x, uint32_t threshold, float scale, uint64_t seed,
                                     int64_t begin, int64_t end, float *out) {
  for (int64_t i = begin; i < end; i += 64) {
    float factors[64];
    dropout_factors(seed, static_cast<uint64_t>(i / 4), threshold, scale, factors);
    int64_t count = std::min<int64_t>(64, end - i);
    for (int64_t j = 0; j < count; j++) out[i + j] = x[i + j] * factors[j];
  }
}

}  // namespace

void ctorch::rms_norm_rows(const float *x, const float *weight, float epsilon, int64_t count,
                           int64_t width, float *factors, float *out) {
  over_rows(count, [=](int64_t row) {
    rms_norm_row(x + row * width, weight, epsilon, width, factors + row, out + row * width);
  });
}

void ctorch::rms_norm_gradient_rows(const float *grad, const float *x, const float *weight,
                                    const float *factors, int64_t count, int64_t width,
                                    float *out) {
  over_rows(count, [=](int64_t row) {
    rms_norm_gradient_row(grad + row * width, x + row * width, weight, factors[row], width,
                          out + row * width);
  });
}

void ctorch::swiglu_rows(const float *gate_up, int64_t count, int64_t width, float *out) {
  over_rows(count, [=](int64_t row) {
    const float *gate = gate_up + 2 * row * width;
    swiglu_row(gate, gate + width, width, out + row * width);
  });
}

void ctorch::swiglu_gradient_rows(const float *grad, const float *gate_up, int64_t count,
                                  int64_t width, float *out) {
  over_rows(count, [=](int64_t row) {
    const float *gate = gate_up + 2 * row * width;
    float *target = out + 2 * row * width;
    swiglu_gradient_row(grad + row * width, gate, gate + width, width, target, target + width);
  });
}

void ctorch::rotate_rows(const float *x, const float *cosine, const float *sine, bool back,
                         int64_t count, int64_t heads, int64_t pairs, float *out) {
  over_rows(count, [=](int64_t row) {
    for (int64_t head = 0; head < heads; head++) {
      int64_t place = (row * heads + head) * 2 * pairs;
      rotate_head(x + place, cosine + row * pairs, sine + row * pairs, back ? -1 : 1, pairs,
                  out + place);
    }
  });
}

void ctorch::dropout_elements(const float *x, double probability, uint64_t seed, int64_t count,
                              float *out) {
  auto threshold = static_cast<uint32_t>(std::min(probability * 65536 + 0.5, 65535.0));
  float scale = 65536.0f / static_cast<float>(65536 - threshold);
  constexpr int64_t piece = 8192;  // a multiple of the 64 elements that are made together
  in_parallel((count + piece - 1) / piece, [=](int64_t i) {
    dropout_piece(x, threshold, scale, seed, i * piece, std::min(count, (i + 1) * piece), out);
  });
}
