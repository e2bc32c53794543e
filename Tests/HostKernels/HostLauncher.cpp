// Threads of the processor in place of those of a card.
#include "HostLauncher.h"

#include <barrier>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace {

constexpr unsigned threads = 4;

struct Index {
  unsigned x, y;
};

thread_local Index threadIdx, blockIdx;
Index blockDim{threads, 1}, gridDim;
std::barrier<> together(threads);

void __syncthreads() { together.arrive_and_wait(); }

#define KERNEL void
#define DEVICE inline
#define SHARED static
#include "../../Sources/CTorch/CUDA/Kernels/prelude.cu"

#include "../../Sources/CTorch/CUDA/Kernels/adamw.cu"
#include "../../Sources/CTorch/CUDA/Kernels/dropout.cu"
#include "../../Sources/CTorch/CUDA/Kernels/gated.cu"
#include "../../Sources/CTorch/CUDA/Kernels/ivon.cu"
#include "../../Sources/CTorch/CUDA/Kernels/low_rank.cu"
#include "../../Sources/CTorch/CUDA/Kernels/rms_norm.cu"
#include "../../Sources/CTorch/CUDA/Kernels/rotate.cu"

using Start = std::function<void(void **)>;

template <typename... Arguments>
Start start(void (*kernel)(Arguments...)) {
  return [kernel](void **addresses) {
    [&]<size_t... i>(std::index_sequence<i...>) {
      kernel(*static_cast<Arguments *>(addresses[i])...);
    }(std::index_sequence_for<Arguments...>());
  };
}

constexpr at::ScalarType f = at::kFloat, b = at::kBFloat16;

struct Entry {
  ctorch::cuda::Kernel kernel;
  Start start;
};

/// Every kernel of every file in every type that it is started for.
const std::vector<Entry> entries = {
    {{"rms_norm", "rms_norm", {f, f}}, start(rms_norm<float, float>)},
    {{"rms_norm", "rms_norm", {f, b}}, start(rms_norm<float, bfloat16>)},
    {{"rms_norm", "rms_norm", {b, b}}, start(rms_norm<bfloat16, bfloat16>)},
    {{"rms_norm", "rms_norm_backward", {f, f, f}}, start(rms_norm_backward<float, float, float>)},
    {{"rms_norm", "rms_norm_backward", {b, b, f}},
     start(rms_norm_backward<bfloat16, bfloat16, float>)},
    {{"rms_norm", "rms_norm_backward", {b, b, b}},
     start(rms_norm_backward<bfloat16, bfloat16, bfloat16>)},
    {{"gated", "gated", {f}}, start(gated<float>)},
    {{"gated", "gated", {b}}, start(gated<bfloat16>)},
    {{"gated", "gated_backward", {f}}, start(gated_backward<float>)},
    {{"gated", "gated_backward", {b}}, start(gated_backward<bfloat16>)},
    {{"rotate", "rotate", {f}}, start(rotate<float>)},
    {{"rotate", "rotate", {b}}, start(rotate<bfloat16>)},
    {{"dropout", "dropout", {f}}, start(dropout<float>)},
    {{"dropout", "dropout", {b}}, start(dropout<bfloat16>)},
    {{"low_rank", "low_rank_down", {f}}, start(low_rank_down<float>)},
    {{"low_rank", "low_rank_down", {b}}, start(low_rank_down<bfloat16>)},
    {{"low_rank", "low_rank_up", {f}}, start(low_rank_up<float>)},
    {{"low_rank", "low_rank_up", {b}}, start(low_rank_up<bfloat16>)},
    {{"ivon", "ivon_draw", {f}}, start(ivon_draw<float>)},
    {{"ivon", "ivon_step", {f}}, start(ivon_step<float>)},
    {{"adamw", "adamw_step", {f}}, start(adamw_step<float>)},
};

const Start &found(const ctorch::cuda::Kernel &kernel) {
  for (const Entry &entry : entries) {
    bool is_it = entry.kernel.expression() == kernel.expression();
    if (is_it && std::string(entry.kernel.file) == kernel.file) return entry.start;
  }
  TORCH_CHECK(false, "no kernel ", kernel.expression(), " in ", kernel.file);
}

}  // namespace

std::vector<ctorch::cuda::Kernel> HostLauncher::kernels() {
  std::vector<ctorch::cuda::Kernel> result;
  for (const Entry &entry : entries) result.push_back(entry.kernel);
  return result;
}

// One block after another, as they share what a card has for each.
void HostLauncher::launch(const ctorch::cuda::Kernel &kernel, c10::Device, ctorch::cuda::Grid grid,
                          void **arguments) {
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  gridDim = {static_cast<unsigned>(grid.rows), static_cast<unsigned>(grid.columns)};
  auto blocks = [&, &run = found(kernel)](unsigned thread) {
    threadIdx = {thread, 0};
    for (unsigned row = 0; row < gridDim.x; row++) {
      for (unsigned column = 0; column < gridDim.y; column++) {
        blockIdx = {row, column};
        run(arguments);
        __syncthreads();
      }
    }
  };
  std::vector<std::jthread> running;
  for (unsigned i = 0; i < threads; i++) running.emplace_back(blocks, i);
}
