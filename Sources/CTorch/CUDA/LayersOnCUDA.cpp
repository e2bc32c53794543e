// The operations of layers as kernels of our own: contiguous float32 and bfloat16 on a card.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <atomic>

#include "../Operands.h"
#include "../Operators.h"
#include "../Shim.h"
#include "Launcher.h"

using namespace ctorch;
using cuda::Grid;

namespace {

/// The launcher of this machine's cards, or why there is none.
struct Cards {
  std::unique_ptr<cuda::Launcher> launcher;
  std::string fault;

  Cards() {
    int32_t status = guarded([this] { launcher = cuda::make_driver(); });
    if (status != 0) fault = ctorch_last_error();
  }
};

const Cards &cards() {
  static const Cards result;
  return result;
}

std::atomic<cuda::Launcher *> other = nullptr;

/// A block for each row.
Grid a_block_each(int64_t rows, int64_t width) { return {rows, 1, width > 512 ? 256 : 64}; }

/// As many blocks for each row as leave a thread four elements.
Grid blocks_for(int64_t rows, int64_t width) {
  constexpr int64_t threads = 128;
  return {rows, (width + 4 * threads - 1) / (4 * threads), threads};
}

/// The size of rows as kernels count within one.
int size_of(int64_t width) {
  TORCH_CHECK(width <= (1 << 28), "a row of ", width, " numbers is too long for a kernel");
  return static_cast<int>(width);
}

/// As prelude.cu and low_rank.cu have them.
struct Dropout {
  uint64_t seed;
  DropoutBits bits;

  Dropout(double probability, int64_t seed)
      : seed(static_cast<uint64_t>(seed)), bits(probability) {}
};
struct Matrix {
  const void *data;
  int64_t row, column;

  explicit Matrix(const at::Tensor &x)
      : data(x.const_data_ptr()), row(x.stride(0)), column(x.stride(1)) {}
};

}  // namespace

cuda::Launcher &cuda::launcher() {
  if (Launcher *set = other) return *set;
  TORCH_CHECK(cards().launcher, cards().fault);
  return *cards().launcher;
}

const std::string &cuda::launcher_fault() { return cards().fault; }

void cuda::use(Launcher &launcher) { other = &launcher; }

const char *ctorch_cuda_kernels_fault(void) { return cuda::launcher_fault().c_str(); }

std::tuple<at::Tensor, at::Tensor> cuda::rms_norm(const at::Tensor &x, const at::Tensor &weight,
                                                  double epsilon, at::ScalarType type) {
  at::Tensor result = at::empty(x.sizes(), x.options().dtype(type));
  at::Tensor factors = at::empty(shape_with_last(x, 1), x.options().dtype(at::kFloat));
  int width = size_of(x.size(-1));
  launch({"rms_norm", "rms_norm", {x.scalar_type(), type}}, x, a_block_each(row_count(x), width),
         in(x), in(weight), static_cast<float>(epsilon), width, out(result), out(factors));
  return {result, factors};
}

at::Tensor cuda::rms_norm_backward(const at::Tensor &grad, const at::Tensor &x,
                                   const at::Tensor &weight, const at::Tensor &factors,
                                   at::ScalarType type) {
  at::Tensor result = at::empty(x.sizes(), x.options().dtype(type));
  int width = size_of(x.size(-1));
  launch({"rms_norm", "rms_norm_backward", {grad.scalar_type(), x.scalar_type(), type}}, x,
         a_block_each(row_count(x), width), in(grad), in(x), in(weight), in(factors), width,
         out(result));
  return result;
}

at::Tensor cuda::gated(const at::Tensor &gate_up, bool gelu) {
  int width = size_of(gate_up.size(-1) / 2);
  at::Tensor result = at::empty(shape_with_last(gate_up, width), gate_up.options());
  launch({"gated", "gated", {gate_up.scalar_type()}}, gate_up,
         blocks_for(row_count(gate_up), width), in(gate_up), gelu, width, out(result));
  return result;
}

at::Tensor cuda::gated_backward(const at::Tensor &grad, const at::Tensor &gate_up, bool gelu) {
  int width = size_of(gate_up.size(-1) / 2);
  at::Tensor result = at::empty_like(gate_up);
  launch({"gated", "gated_backward", {gate_up.scalar_type()}}, gate_up,
         blocks_for(row_count(gate_up), width), in(grad), in(gate_up), gelu, width, out(result));
  return result;
}

at::Tensor cuda::rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                        bool back) {
  int size = size_of(x.size(2)), width = size_of(x.size(1) * x.size(2));
  at::Tensor result = at::empty_like(x);
  launch({"rotate", "rotate", {x.scalar_type()}}, x, blocks_for(x.size(0), width), in(x),
         in(cosine), in(sine), back ? -1.0f : 1.0f, width, size, size_of(cosine.size(1)),
         out(result));
  return result;
}

at::Tensor cuda::dropout(const at::Tensor &x, double probability, int64_t seed) {
  at::Tensor result = at::empty_like(x);
  int64_t count = x.numel(), blocks = std::min<int64_t>((count + 1023) / 1024, 1 << 16);
  launch({"dropout", "dropout", {x.scalar_type()}}, x, {blocks, 1, 256}, in(x),
         Dropout(probability, seed), count, out(result));
  return result;
}

at::Tensor cuda::low_rank_down(const at::Tensor &x, const at::Tensor &a, double scale,
                               double probability, int64_t seed) {
  if (a.scalar_type() != at::kFloat) {
    return composed::low_rank_down(x, a, scale, probability, seed);
  }
  int width = size_of(x.size(1)), rank = size_of(a.size(0));
  at::Tensor result = at::empty({x.size(0), rank}, x.options());
  launch({"low_rank", "low_rank_down", {x.scalar_type()}}, x, a_block_each(x.size(0), width),
         in(x), Matrix(a), static_cast<float>(scale), Dropout(probability, seed), width, rank,
         out(result));
  return result;
}

at::Tensor cuda::low_rank_up(const at::Tensor &x, const at::Tensor &b, double probability,
                             int64_t seed) {
  if (b.scalar_type() != at::kFloat) return composed::low_rank_up(x, b, probability, seed);
  int rank = size_of(x.size(1)), width = size_of(b.size(0));
  at::Tensor result = at::empty({x.size(0), width}, x.options());
  launch({"low_rank", "low_rank_up", {x.scalar_type()}}, x, blocks_for(x.size(0), width), in(x),
         Matrix(b), Dropout(probability, seed), width, rank, out(result));
  return result;
}
