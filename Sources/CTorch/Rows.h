// Tensors as kernels of float32 read and write them, in whichever type they lie in memory: float32,
// or bfloat16, the upper 16 bits of a float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ctorch {

/// Memory of one thread, reused by its next task.
struct Buffer {
  std::vector<float> memory;

  /// For what is written in whole before it is read.
  float *space(int64_t count) {
    memory.resize(static_cast<size_t>(count));
    return memory.data();
  }

  float *zeros(int64_t count) {
    memory.assign(static_cast<size_t>(count), 0.0f);
    return memory.data();
  }
};

/// A contiguous tensor that a kernel reads.
class Source {
 public:
  explicit Source(const at::Tensor &x)
      : data(x.const_data_ptr()), is_short(x.scalar_type() == at::kBFloat16) {}

  /// `count` numbers from `place` on: as they lie in memory, or widened in a buffer.
  const float *read(int64_t place, int64_t count, Buffer &buffer) const;

 private:
  const void *data;
  bool is_short;
};

/// A contiguous tensor that a kernel writes.
class Target {
 public:
  explicit Target(const at::Tensor &x)
      : data(x.mutable_data_ptr()), is_short(x.scalar_type() == at::kBFloat16) {}

  /// Has `fill` write `count` numbers, and rounds them on their way to `place` where they must be.
  template <typename Fill>
  void write(int64_t place, int64_t count, Fill fill) const {
    if (!is_short) return fill(static_cast<float *>(data) + place);
    thread_local Buffer buffer;
    float *wide = buffer.space(count);
    fill(wide);
    round(wide, place, count);
  }

 private:
  /// To the nearest, halves to even.
  void round(const float *wide, int64_t place, int64_t count) const;

  void *data;
  bool is_short;
};

}  // namespace ctorch
