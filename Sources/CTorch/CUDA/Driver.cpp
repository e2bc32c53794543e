// Starts kernels through CUDA's driver: https://docs.nvidia.com/cuda/cuda-driver-api/
#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#ifdef __linux__
#include <dlfcn.h>
#endif

#include <cstdlib>
#include <map>
#include <mutex>

#include "../Shim.h"
#include "Launcher.h"

using namespace ctorch::cuda;

std::string Kernel::expression() const {
  std::string text;
  for (at::ScalarType type : types) {
    TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "no kernel is for ", type);
    text += (text.empty() ? "" : ", ") + std::string(type == at::kFloat ? "float" : "bfloat16");
  }
  return c10::str(name, "<", text, ">");
}

#ifdef __linux__

namespace {

using Status = int;  // 0 after success
using Context = void *;
using Module = void *;
using Function = void *;
using Stream = void *;

/// Where compiled kernels are kept; empty where there is no home.
std::filesystem::path cache_folder() {
  if (const char *folder = std::getenv("XDG_CACHE_HOME"); folder && *folder == '/') {
    return std::filesystem::path(folder) / "varlora" / "kernels";
  }
  const char *home = std::getenv("HOME");
  if (!home || *home != '/') return {};
  return std::filesystem::path(home) / ".cache" / "varlora" / "kernels";
}

class Driver : public Launcher {
 public:
  explicit Driver(void *library) : compiler(library, cache_folder()), library(library) {}

  void launch(const Kernel &kernel, c10::Device device, Grid grid, void **arguments) override {
    if (grid.rows == 0 || grid.columns == 0) return;
    Function function = loaded(kernel, device);
    c10::DeviceGuard guard(device);
    c10::impl::VirtualGuardImpl guards(device.type());
    Stream stream = guards.getStream(device).native_handle();
    call<Status(Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                Stream, void **, void **)>(
        "cuLaunchKernel", function, static_cast<unsigned>(grid.rows),
        static_cast<unsigned>(grid.columns), 1u, static_cast<unsigned>(grid.threads), 1u, 1u, 0u,
        stream, arguments, nullptr);
  }

  /// A kernel on a device, compiled and loaded at its first call.
  Function loaded(const Kernel &kernel, c10::Device device) {
    std::lock_guard lock(mutex);
    auto key = std::make_pair(device.index(), kernel.expression());
    if (auto known = functions.find(key); known != functions.end()) return known->second;
    c10::DeviceGuard guard(device);
    make_current(device.index());
    RuntimeCompiler::Code code = compiler.code(kernel, architecture(device.index()));
    Module module = nullptr;
    Function function = nullptr;
    call<Status(Module *, const void *)>("cuModuleLoadData", &module, code.code.data());
    call<Status(Function *, Module, const char *)>("cuModuleGetFunction", &function, module,
                                                   code.name.c_str());
    functions[key] = function;
    return function;
  }

 private:
  /// Makes the context that libtorch's tensors lie in this thread's, where it has none yet.
  void make_current(int index) {
    Context context = nullptr;
    call<Status(Context *)>("cuCtxGetCurrent", &context);
    if (context) return;
    call<Status(Context *, int)>("cuDevicePrimaryCtxRetain", &context, index);
    call<Status(Context)>("cuCtxSetCurrent", context);
  }

  int architecture(int index) {
    constexpr int major = 75, minor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
    int version[2] = {};
    call<Status(int *, int, int)>("cuDeviceGetAttribute", &version[0], major, index);
    call<Status(int *, int, int)>("cuDeviceGetAttribute", &version[1], minor, index);
    return 10 * version[0] + version[1];
  }

  /// Calls a function of the driver; throws what it says went wrong.
  template <typename Signature, typename... Arguments>
  void call(const char *name, Arguments... arguments) {
    void *address = dlsym(library, name);
    TORCH_CHECK(address, "CUDA's driver has no function ", name);
    Status status = reinterpret_cast<Signature *>(address)(arguments...);
    if (status == 0) return;
    const char *text = nullptr;
    auto describe = dlsym(library, "cuGetErrorString");
    if (describe) reinterpret_cast<Status (*)(Status, const char **)>(describe)(status, &text);
    TORCH_CHECK(false, name, ": ", text ? text : "unknown error");
  }

  RuntimeCompiler compiler;
  void *library;
  std::mutex mutex;
  std::map<std::pair<int, std::string>, Function> functions;
};

}  // namespace

// libtorch has a library that leads to the driver and to the compiler of its own version of CUDA,
// wherever they are.
std::unique_ptr<Launcher> ctorch::cuda::make_driver() {
  TORCH_CHECK(*ctorch_cuda_fault() == '\0', ctorch_cuda_fault());
  const char *setting = std::getenv("VARLORA_CUDA_KERNELS");
  TORCH_CHECK(!setting || std::string(setting) != "0", "VARLORA_CUDA_KERNELS is 0");
  void *library = dlopen("libcaffe2_nvrtc.so", RTLD_NOW | RTLD_LOCAL);
  TORCH_CHECK(library, dlerror());
  auto driver = std::make_unique<Driver>(library);
  // Whether the compiler knows the card is seen by compiling for it.
  driver->loaded({"rms_norm", "rms_norm", {at::kFloat, at::kFloat}}, c10::Device(at::kCUDA, 0));
  return driver;
}

#else

std::unique_ptr<Launcher> ctorch::cuda::make_driver() {
  TORCH_CHECK(false, "there are no CUDA devices on this system");
}

#endif
