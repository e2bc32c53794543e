// The devices that are here.
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#ifdef __linux__
#include <dlfcn.h>
#endif

#include "CUDA/Launcher.h"
#include "Shim.h"

using namespace ctorch;

namespace {

// Opens the CUDA half of libtorch, which registers itself; gives what is in the way, or nothing.
//
// Not linked: linkers drop a library of which no symbol is used, a build without it would not serve
// machines that have it, and it takes a second and a gigabyte that a run on the processor does not
// need. It has to be opened before libtorch first looks for it, since what was found then stays.
std::string open_cuda() {
#ifdef __linux__
  if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) return dlerror();
  const auto &hooks = at::detail::getCUDAHooks();
  if (!hooks.hasCUDART()) return "libtorch_cuda.so was opened, but did not register itself";
  try {
    if (hooks.deviceCount() > 0) return "";
  } catch (const std::exception &error) {
    return error.what();
  }
  return "libtorch_cuda.so is there, but its driver finds no NVIDIA device";
#else
  return "there are no CUDA devices on this system";
#endif
}

}  // namespace

const char *ctorch_cuda_fault(void) {
  static const std::string fault = open_cuda();
  return fault.c_str();
}

int32_t ctorch_cuda_device_count(void) {
  if (*ctorch_cuda_fault()) return 0;
  return static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount());
}

int32_t ctorch_cuda_capability(const char *device) {
  int32_t result = 0;
  if (*ctorch_cuda_fault()) return result;
  guarded([&] { result = cuda::capability(c10::Device(device)); });
  return result;
}

bool ctorch_has_mps(void) { return at::hasMPS(); }

int32_t ctorch_device_memory(const char *device, int64_t *peak, int64_t *available) {
  return guarded([&] {
    const c10::Device place(device);
    const auto index = place.has_index() ? place.index() : c10::DeviceIndex(0);
    auto *allocator = c10::getDeviceAllocator(place.type());
    const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    *peak = allocator->getDeviceStats(index).allocated_bytes[all].peak;
    *available = static_cast<int64_t>(allocator->getMemoryInfo(index).first);
  });
}
