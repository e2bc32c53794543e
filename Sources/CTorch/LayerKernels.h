// The layers of Layers.cpp in one pass over memory each, for contiguous float32 on the CPU.
//
// A tensor of rows is `count` rows of `width` elements; results are written to `out`.
#pragma once

#include <cstdint>

namespace ctorch {

/// x / sqrt(mean square + epsilon) * weight; the factor of each row goes to `factors`.
void rms_norm_rows(const float *x, const float *weight, float epsilon, int64_t count, int64_t width,
                   float *factors, float *out);

/// The gradient of x, of the gradient of the result.
void rms_norm_gradient_rows(const float *grad, const float *x, const float *weight,
                            const float *factors, int64_t count, int64_t width, float *out);

/// silu(gate) * up of rows that hold gate and up, `width` elements each, one behind the other.
void swiglu_rows(const float *gate_up, int64_t count, int64_t width, float *out);

/// The gradient of gate and up.
void swiglu_gradient_rows(const float *grad, const float *gate_up, int64_t count, int64_t width,
                          float *out);

/// [count, heads, 2 * pairs] rotated by the angles [count, pairs] of each row, or back.
void rotate_rows(const float *x, const float *cosine, const float *sine, bool back, int64_t count,
                 int64_t heads, int64_t pairs, float *out);

/// x with elements set to zero with the given probability and the others divided by 1 - it.
///
/// Element i takes 16 bits of SplitMix64's output number i / 4: the same elements on any number of
/// threads and for a gradient, without a mask that is kept.
void dropout_elements(const float *x, double probability, uint64_t seed, int64_t count, float *out);

}  // namespace ctorch
