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

/// A function of the driver, which throws what it says went wrong.
template <typename... Arguments>
class Call {
 public:
  Call(void *library, const char *name)
      : name(name), function(reinterpret_cast<Function>(dlsym(library, name))),
        describe(reinterpret_cast<Describe>(dlsym(library, "cuGetErrorString"))) {
    TORCH_CHECK(function && describe, "CUDA's driver has no function ", name);
  }

  void operator()(Arguments... arguments) const {
    Status status = function(arguments...);
    if (status == 0) return;
    const char *text = nullptr;
    describe(status, &text);
    TORCH_CHECK(false, name, ": ", text ? text : "unknown error");
  }

 private:
  using Function = Status (*)(Arguments...);
  using Describe = Status (*)(Status, const char **);

  const char *name;
  Function function;
  Describe describe;
};

class Driver : public Launcher {
 public:
  explicit Driver(void *library)
      : compiler(library, cache_folder()),
        get_context(library, "cuCtxGetCurrent"),
        set_context(library, "cuCtxSetCurrent"),
        retain_context(library, "cuDevicePrimaryCtxRetain"),
        load_module(library, "cuModuleLoadData"),
        get_function(library, "cuModuleGetFunction"),
        launch_kernel(library, "cuLaunchKernel") {}

  void launch(const Kernel &kernel, c10::Device device, Grid grid, void **arguments) override {
    if (grid.rows == 0 || grid.columns == 0) return;
    c10::DeviceGuard guard(device);
    make_current(device.index());
    Function function = loaded(kernel, device);
    Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle();
    auto rows = static_cast<unsigned>(grid.rows), columns = static_cast<unsigned>(grid.columns);
    launch_kernel(function, rows, columns, 1, static_cast<unsigned>(grid.threads), 1, 1, 0, stream,
                  arguments, nullptr);
  }

  /// Compiles and loads a kernel, to see whether that can be done.
  void try_out(const Kernel &kernel, c10::Device device) {
    c10::DeviceGuard guard(device);
    make_current(device.index());
    loaded(kernel, device);
  }

 private:
  /// Makes the context that libtorch's tensors lie in this thread's, where it has none yet: threads
  /// of backward passes may start with a kernel.
  void make_current(int device) const {
    Context context = nullptr;
    get_context(&context);
    if (context) return;
    retain_context(&context, device);
    set_context(context);
  }

  /// A kernel on the current device, compiled and loaded at its first call.
  Function loaded(const Kernel &kernel, c10::Device device) {
    uint32_t types = 0;
    for (at::ScalarType type : kernel.types) types = types << 8 | static_cast<uint8_t>(type);
    std::lock_guard lock(mutex);
    Function &function = functions[{device.index(), kernel.name, types}];
    if (function) return function;
    RuntimeCompiler::Code code = compiler.code(kernel, capability(device));
    Module module = nullptr;
    load_module(&module, code.code.data());
    get_function(&function, module, code.name.c_str());
    return function;
  }

  RuntimeCompiler compiler;
  Call<Context *> get_context;
  Call<Context> set_context;
  Call<Context *, int> retain_context;
  Call<Module *, const void *> load_module;
  Call<Function *, Module, const char *> get_function;
  Call<Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream,
       void **, void **>
      launch_kernel;
  std::mutex mutex;
  // By device, name (a literal, so its place will do) and types.
  std::map<std::tuple<int, const char *, uint32_t>, Function> functions;
};

}  // namespace

int ctorch::cuda::capability(c10::Device device) {
  constexpr int major = 75, minor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
  using GetAttribute = Status (*)(int *, int, int);
  static void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  static auto get = reinterpret_cast<GetAttribute>(
      library ? dlsym(library, "cuDeviceGetAttribute") : nullptr);
  int index = device.has_index() ? device.index() : 0, version[2] = {};
  if (!get || get(&version[0], major, index) != 0 || get(&version[1], minor, index) != 0) return 0;
  return 10 * version[0] + version[1];
}

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
  driver->try_out({"rms_norm", "rms_norm", {at::kFloat, at::kFloat}}, c10::Device(at::kCUDA, 0));
  return driver;
}

#else

int ctorch::cuda::capability(c10::Device) { return 0; }

std::unique_ptr<Launcher> ctorch::cuda::make_driver() {
  TORCH_CHECK(false, "there are no CUDA devices on this system");
}

#endif
