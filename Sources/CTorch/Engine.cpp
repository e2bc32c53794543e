// Errors, handles, memory and threads.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <cstdlib>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include "Shim.h"

namespace ctorch {

namespace {
thread_local int64_t live_tensors = 0;
thread_local std::string last_error;

// oneDNN compiles a kernel for each shape of a product and keeps the last 1024, and so does what
// libtorch puts before it (ideep). Packed batches have ever new numbers of tokens: that grew to
// 250 MB in 100 steps, to 370 MB in 4,000 requests to a server, and saved no time. These are the
// shapes of a block and of the last one, forward and backward. Both read this at their first
// product. Set as the program is loaded, while it has one thread: setenv is not safe beside others,
// and libtorch does not export oneDNN's own function. The tool has them already (CStart).
[[maybe_unused]] const int few_kernels =
    setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32", 0) | setenv("LRU_CACHE_CAPACITY", "32", 0);
}  // namespace

void set_error(const char *message) { last_error = message; }

ctorch_tensor wrap(at::Tensor tensor) {
  live_tensors++;
  return reinterpret_cast<ctorch_tensor>(new at::Tensor(std::move(tensor)));
}

}  // namespace ctorch

using namespace ctorch;

const char *ctorch_last_error(void) { return last_error.c_str(); }

void ctorch_set_last_error(const char *message) { set_error(message); }

void ctorch_release(ctorch_tensor tensor) {
  if (tensor == nullptr) return;
  live_tensors--;
  delete reinterpret_cast<at::Tensor *>(tensor);
}

int64_t ctorch_live_tensors(void) { return live_tensors; }

const char *ctorch_version(void) { return TORCH_VERSION; }

int32_t ctorch_threads(void) { return at::get_num_threads(); }

void ctorch_release_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

void ctorch_reuse_memory(bool reuses) {
#ifdef __GLIBC__
  // The first is also the largest that glibc would come to by itself; larger ones never lie in the
  // heap. The trim threshold follows at twice that, as it would by itself. Once one is set glibc
  // adapts neither any more, and cannot be told to go on: these stay.
  mallopt(M_MMAP_THRESHOLD, reuses ? 32 << 20 : 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#else
  (void)reuses;
#endif
}

void ctorch_set_threads(int32_t count) { at::set_num_threads(count); }

const char *ctorch_cpu_capability(void) {
  static const std::string text = at::get_cpu_capability();
  return text.c_str();
}
