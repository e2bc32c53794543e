// Our own loops on ATen's threads. ATen's parallel_for is a header that runs in parallel only in
// files compiled for its own OpenMP, which this compiler does not bring; iterating over one element
// a thread goes through the same threads from inside the library.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include "Kernels.h"

void ctorch::in_parallel(int64_t count, const std::function<void(int64_t)> &task) {
  int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  if (threads <= 1 || at::in_parallel_region()) {
    for (int64_t i = 0; i < count; i++) task(i);
    return;
  }
  std::atomic<int64_t> next{0};
  at::Tensor one_a_thread = at::empty({threads}, at::TensorOptions().dtype(at::kByte));
  at::TensorIterator::nullary_op(one_a_thread)
      .for_each(
          [&](char **, const int64_t *, int64_t) {
            for (int64_t i = next++; i < count; i = next++) task(i);
          },
          1);
}
