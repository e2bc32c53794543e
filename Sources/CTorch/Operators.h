// The operations of a decoder's layers and of optimizers, each of which ATen's dispatcher knows by
// one schema.
//
// The functions of `ctorch` are the door: they check types and shapes, bring frozen operands to the
// type that is computed in, and hand everything on contiguous. Behind it the dispatcher chooses by
// device: our loops on the CPU (`cpu`), kernels that are compiled while the program runs on CUDA
// (`cuda`), and compositions of ATen elsewhere (`composed`).
//
// A result has the type of the first operand, unless another is asked for. Nothing here records
// gradients; see Layers.cpp.
#pragma once

#include <tuple>
#include <vector>

#include "Attention.h"

// Those for which CUDA has kernels of ours, those for which the CPU has loops, and all.
#define CTORCH_CUDA_KERNELS(each)                                                       \
  each(rms_norm) each(rms_norm_backward) each(gated) each(gated_backward)               \
  each(rotate) each(dropout)
#define CTORCH_LOW_RANK(each) each(low_rank_down) each(low_rank_up)
#define CTORCH_ATTENTION(each) each(packed_attention) each(packed_attention_backward)
#define CTORCH_OPTIMIZERS(each) each(ivon_draw) each(ivon_step) each(adamw_step)
#define CTORCH_KERNELS(each)                                                            \
  CTORCH_CUDA_KERNELS(each) CTORCH_ATTENTION(each)                                      \
  each(product) each(quantize_rows) each(rounded_product)
#define CTORCH_OPERATIONS(each)                                                         \
  CTORCH_KERNELS(each) CTORCH_LOW_RANK(each) CTORCH_OPTIMIZERS(each)                    \
  each(quantized_product) each(quantized_product_backward)                              \
  each(delta_rule) each(delta_rule_backward) each(convolve) each(convolve_backward)

namespace ctorch {

namespace signature {

using Tensor = at::Tensor;

/// x [..., size] / sqrt(mean square + epsilon) * weight [size] in a type, and the factor of each
/// row [..., 1], in the type that sums are taken in, for the backward pass.
using rms_norm = std::tuple<Tensor, Tensor>(const Tensor &x, const Tensor &weight, double epsilon,
                                            at::ScalarType type);
using rms_norm_backward = Tensor(const Tensor &grad, const Tensor &x, const Tensor &weight,
                                 const Tensor &factors, at::ScalarType type);

/// silu(gate) * up, or with GELU in its tanh form, of gate and up side by side [..., 2 n].
using gated = Tensor(const Tensor &gate_up, bool gelu);
using gated_backward = Tensor(const Tensor &grad, const Tensor &gate_up, bool gelu);

/// x [tokens, heads, size] rotated by the angles of each token [tokens, pairs], or back; what lies
/// behind the first 2 pairs of a head stays.
using rotate = Tensor(const Tensor &x, const Tensor &cosine, const Tensor &sine, bool back);

/// x with elements set to zero with the given probability and the others divided by 1 - it.
///
/// Element i takes 16 bits of SplitMix64's output number i / 4: the same elements everywhere, on
/// any number of threads, and for a gradient, without a mask that is kept.
using dropout = Tensor(const Tensor &x, double probability, int64_t seed);

/// scale * dropout(x) A' for x [rows, in] and A [rank, in], which may be a transposed view and is
/// computed with in the type of x; and dropout(x B') for x [rows, rank] and B [out, rank]. Neither
/// draws anything at a probability of 0.
using low_rank_down = Tensor(const Tensor &x, const Tensor &a, double scale, double probability,
                             int64_t seed);
using low_rank_up = Tensor(const Tensor &x, const Tensor &b, double probability, int64_t seed);

/// x [rows, in] times the transpose of a weight [out, in], which may be a transposed view.
using product = Tensor(const Tensor &x, const Tensor &weight);

/// The codes (int8) and scales [rows, 1] of rows; see Quantized.cpp.
using quantize_rows = std::tuple<Tensor, Tensor>(const Tensor &rows);
/// x [rows, in] times the transpose of codes [out, in] with scales [out], and its gradient.
using quantized_product = Tensor(const Tensor &x, const Tensor &codes, const Tensor &scales);
/// The same with each row of x rounded to 8 bits, too.
using rounded_product = quantized_product;
using quantized_product_backward = quantized_product;

/// The result, as the query, and what the composition keeps for the backward pass.
using packed_attention = std::tuple<Tensor, std::vector<Tensor>>(
    const Tensor &query, const Tensor &key, const Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap);
using packed_attention_backward = std::tuple<Tensor, Tensor, Tensor>(
    const Tensor &grad, const Tensor &query, const Tensor &key, const Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap,
    at::TensorList kept);

/// The gated delta rule along packed sequences of keys of length at most 1; see DeltaRule.cpp.
/// query and key [tokens, key heads, key size], value [tokens, heads, value size], the logarithm of
/// the decay and the strength of each update [tokens, heads]; the result is as the value.
using delta_rule = Tensor(const Tensor &query, const Tensor &key, const Tensor &value,
                          const Tensor &decay, const Tensor &strength,
                          const c10::intrusive_ptr<AttentionSpans> &spans);
using delta_rule_backward = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>(
    const Tensor &grad, const Tensor &query, const Tensor &key, const Tensor &value,
    const Tensor &decay, const Tensor &strength, const c10::intrusive_ptr<AttentionSpans> &spans);

/// silu of the sum over the last tokens of a sequence up to each, of x [tokens, channels] times
/// the weight of their distance, the own token's last: [channels, taps].
using convolve = Tensor(const Tensor &x, const Tensor &weight,
                        const c10::intrusive_ptr<AttentionSpans> &spans);
using convolve_backward = Tensor(const Tensor &grad, const Tensor &x, const Tensor &weight,
                                 const c10::intrusive_ptr<AttentionSpans> &spans);

/// IVON's draw (arXiv 2402.17641): values [count], which are the mean m before and are kept as
/// `mean`, become m + e / sqrt(sample_size (hessian + decay)), and offset, standard normal numbers
/// e before, what is added to m.
using ivon_draw = void(const Tensor &values, const Tensor &mean, const Tensor &offset,
                       const Tensor &hessian, double sample_size, double decay);

/// IVON's step: hessian, momentum and values [count] from the means of the gradient and of gradient
/// times offset over the draws; the prior is around its mean or 0. `debias` is a factor of the
/// momentum; the share of the elements whose step `radius` bounded is the result.
using ivon_step = Tensor(const Tensor &values, const Tensor &hessian, const Tensor &momentum,
                         const Tensor &gradient, const Tensor &product,
                         const std::optional<Tensor> &prior, double beta1, double beta2,
                         double sample_size, double decay, double debias, double radius,
                         double rate);

/// AdamW's step (arXiv 1711.05101): the moments and values [count] from a gradient. `root_scale` is
/// a factor of the second moment's root, before epsilon is added, `shrinkage` one of the values.
using adamw_step = void(const Tensor &values, const Tensor &first, const Tensor &second,
                        const Tensor &gradient, double beta1, double beta2, double root_scale,
                        double epsilon, double shrinkage, double rate);

}  // namespace signature

#define CTORCH_DECLARE(name) signature::name name;

CTORCH_OPERATIONS(CTORCH_DECLARE)

/// For contiguous float32 and bfloat16 on the CPU.
namespace cpu {
CTORCH_KERNELS(CTORCH_DECLARE)
}  // namespace cpu

/// For contiguous float32 and bfloat16 on CUDA, where something starts kernels (Launcher.h);
/// attention chooses between libtorch's and the composition.
namespace cuda {
CTORCH_CUDA_KERNELS(CTORCH_DECLARE)
CTORCH_LOW_RANK(CTORCH_DECLARE)
CTORCH_ATTENTION(CTORCH_DECLARE)
CTORCH_OPTIMIZERS(CTORCH_DECLARE)
}  // namespace cuda

/// For any device and floating type; `ctorch::name` is the door to others from here.
namespace composed {
CTORCH_OPERATIONS(CTORCH_DECLARE)
}  // namespace composed

#undef CTORCH_DECLARE

/// Dropout in the 16 bits of an element: below the threshold it is set to zero, else scaled.
struct DropoutBits {
  uint32_t threshold;
  float scale;

  explicit DropoutBits(double probability)
      : threshold(static_cast<uint32_t>(std::min(probability * 65536 + 0.5, 65535.0))),
        scale(65536.0f / static_cast<float>(65536 - threshold)) {}
};

}  // namespace ctorch
