// Frozen weights in 8 bits: a code of -127...127 for each element and a scale for each row, the
// row's largest magnitude / 127 (row-wise absmax; Dettmers et al. 2022, arXiv 2208.07339).
//
// Products run over blocks of rows whose codes are widened into one buffer of the input's type,
// which holds them exactly; the scales multiply outputs, or gradients of outputs, which are far
// fewer than the weights.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <bit>

#include "Kernels.h"
#include "Operands.h"
#include "Operators.h"
#include "Rows.h"
#include "Shim.h"

using namespace ctorch;

namespace {

// Elements of a widened block, 8 MB: of the sizes from 0.5 to 32 MB the fastest, as fast as a
// product with weights kept in float32 (240 tokens, rows of 4096 and 11008, 1 MB second-level and
// 32 MB third-level cache).
constexpr int64_t block_elements = 1 << 21;
// On other devices, which have no such cache and start every operation anew: most weights in one.
constexpr int64_t device_block_elements = 1 << 27;

/// Calls `body` with the first row and the rows of each block of a [rows, width] matrix.
template <typename Body>
void for_blocks(const at::Tensor &matrix, Body body) {
  int64_t rows = matrix.size(0);
  int64_t elements = matrix.is_cpu() ? block_elements : device_block_elements;
  int64_t most = std::max<int64_t>(1, elements / std::max<int64_t>(1, matrix.size(1)));
  for (int64_t first = 0; first < rows; first += most) {
    body(first, std::min(most, rows - first));
  }
}

/// `for_blocks` with the codes of each block in a floating type, which lie in one buffer.
template <typename Body>
void for_widened_blocks(const at::Tensor &codes, at::ScalarType type, Body body) {
  at::Tensor buffer;
  for_blocks(codes, [&](int64_t first, int64_t count) {
    if (!buffer.defined()) {
      buffer = at::empty({count, codes.size(1)}, codes.options().dtype(type));
    }
    at::Tensor block = buffer.narrow(0, 0, count);
    block.copy_(codes.narrow(0, first, count));
    body(first, block);
  });
}

CTORCH_VECTORIZED void quantize_row(const float *row, int64_t width, int8_t *codes, float *scale) {
  // Magnitudes compare as the integers of their bits, and what is not a number is the largest.
  uint32_t largest = 0;
  for (int64_t i = 0; i < width; i++) {
    largest = std::max(largest, std::bit_cast<uint32_t>(row[i]) & 0x7FFFFFFF);
  }
  *scale = std::bit_cast<float>(largest) / 127;
  for (int64_t i = 0; i < width; i++) {
    float code = row[i] / *scale;  // not a number in a row of zeros, or of what is not one
    code = (code + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23: rounds to the nearest, halves to even
    codes[i] = static_cast<int8_t>(code == code ? static_cast<int32_t>(code) : 0);
  }
}

CTORCH_VECTORIZED void scale_row(const int32_t *sums, float scale, const float *scales,
                                 int64_t width, float *out) {
  for (int64_t i = 0; i < width; i++) out[i] = static_cast<float>(sums[i]) * scale * scales[i];
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> cpu::quantize_rows(const at::Tensor &rows) {
  int64_t width = rows.size(1);
  at::Tensor codes = at::empty(rows.sizes(), rows.options().dtype(at::kChar));
  at::Tensor scales = at::empty({rows.size(0), 1}, rows.options().dtype(at::kFloat));
  Source from(rows);
  int8_t *to = codes.mutable_data_ptr<int8_t>();
  float *factors = scales.mutable_data_ptr<float>();
  over_rows(rows.size(0), [=](int64_t row) {
    thread_local Buffer wide;
    quantize_row(from.read(row * width, width, wide), width, to + row * width, factors + row);
  });
  return {codes, scales};
}

std::tuple<at::Tensor, at::Tensor> composed::quantize_rows(const at::Tensor &given) {
  at::Tensor rows = widened(given);
  at::Tensor scales = rows.abs().amax(-1, true).div_(127);
  // 0 / 0 in a row of zeros; not a number has no code, but its row's scale is not a number either.
  at::Tensor codes = at::nan_to_num(rows / scales, 0.0).round_().clamp_(-127, 127);
  return {codes.to(at::kChar), scales};
}

at::Tensor composed::quantized_product(const at::Tensor &x, const at::Tensor &codes,
                                       const at::Tensor &scales) {
  at::Tensor y = at::empty({x.size(0), codes.size(0)}, x.options());
  for_widened_blocks(codes, x.scalar_type(), [&](int64_t first, const at::Tensor &block) {
    at::Tensor part = y.narrow(1, first, block.size(0));
    at::mul_out(part, ctorch::product(x, block), scales.narrow(0, first, block.size(0)));
  });
  return y;
}

at::Tensor composed::quantized_product_backward(const at::Tensor &grad, const at::Tensor &codes,
                                                const at::Tensor &scales) {
  at::Tensor scaled = (grad * scales).to(grad.scalar_type());  // [rows, out]
  at::Tensor result = at::zeros({grad.size(0), codes.size(1)},
                                grad.options().dtype(wide_type(grad)));
  for_widened_blocks(codes, grad.scalar_type(), [&](int64_t first, const at::Tensor &block) {
    at::Tensor part = scaled.narrow(1, first, block.size(0)).contiguous();
    result.add_(ctorch::product(part, block.t()));
  });
  return result.to(grad.scalar_type());
}

at::Tensor cpu::rounded_product(const at::Tensor &x, const at::Tensor &codes,
                                const at::Tensor &scales) {
  auto [x_codes, x_scales] = quantize_rows(x);
  at::Tensor sums = at::_int_mm(x_codes, codes.t());
  int64_t width = sums.size(1);
  at::Tensor y = at::empty(sums.sizes(), x.options());
  const int32_t *from = numbers<int32_t>(sums);
  const float *rows = numbers<float>(x_scales), *columns = numbers<float>(scales);
  Target to(y);
  over_rows(sums.size(0), [=](int64_t row) {
    to.write(row * width, width, [&](float *out) {
      scale_row(from + row * width, rows[row], columns, width, out);
    });
  });
  return y;
}

at::Tensor composed::rounded_product(const at::Tensor &x, const at::Tensor &codes,
                                     const at::Tensor &scales) {
  auto [x_codes, x_scales] = ctorch::quantize_rows(x);
  at::Tensor sums = at::_int_mm(x_codes, codes.t()).to(wide_type(x));
  return sums.mul_(x_scales).mul_(scales).to(x.scalar_type());
}

int32_t ctorch_quantize_rows(ctorch_tensor weight, ctorch_tensor codes, ctorch_tensor scales) {
  return guarded([&] {
    const at::Tensor &from = unwrap(weight), &to = unwrap(codes), &factors = unwrap(scales);
    expect(are_floating(from, factors) && from.dim() == 2 && to.sizes() == from.sizes() &&
               to.scalar_type() == at::kChar && factors.dim() == 1 &&
               factors.size(0) == from.size(0),
           "a weight [out, in], codes int8 [out, in] and scales [out]", from, to, factors);
    for_blocks(from, [&](int64_t first, int64_t count) {
      auto [block, block_scales] = quantize_rows(from.narrow(0, first, count));
      to.narrow(0, first, count).copy_(block);
      factors.narrow(0, first, count).copy_(block_scales.squeeze(-1));
    });
  });
}
