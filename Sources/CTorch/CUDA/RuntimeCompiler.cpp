// NVRTC, through its C functions: https://docs.nvidia.com/cuda/nvrtc/
#include <c10/util/Exception.h>

#ifdef __linux__
#include <dlfcn.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>

#include "Launcher.h"

using namespace ctorch::cuda;

namespace {

using Program = void *;
using Status = int;  // 0 after success

/// A function of the library by its name and type.
template <typename Function>
Function *found(void *library, const char *name) {
  void *address = dlsym(library, name);
  TORCH_CHECK(address, "the library that compiles kernels has no function ", name);
  return reinterpret_cast<Function *>(address);
}

/// What calls of the library throw when they fail.
void check(void *library, Status status, const char *doing) {
  if (status == 0) return;
  auto text = found<const char *(Status)>(library, "nvrtcGetErrorString");
  TORCH_CHECK(false, doing, ": ", text(status));
}

/// Text or code that the library gives in two calls, for its size and for itself.
std::vector<char> fetched(void *library, Program program, const char *size, const char *content) {
  size_t count = 0;
  check(library, found<Status(Program, size_t *)>(library, size)(program, &count), size);
  std::vector<char> bytes(count);
  check(library, found<Status(Program, char *)>(library, content)(program, bytes.data()), content);
  return bytes;
}

/// The version of the compiler, such as "13.0".
std::string version(void *library) {
  int major = 0, minor = 0;
  check(library, found<Status(int *, int *)>(library, "nvrtcVersion")(&major, &minor), "nvrtc");
  return c10::str(major, ".", minor);
}

/// Opens the library that the compiler opens by its name alone, from the compiler's own folder:
/// some versions look for it only where the system does.
void open_builtins(void *library) {
  Dl_info place;
  if (!dladdr(dlsym(library, "nvrtcCompileProgram"), &place)) return;
  auto folder = std::filesystem::path(place.dli_fname).parent_path();
  auto builtins = folder / ("libnvrtc-builtins.so." + version(library));
  dlopen(builtins.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

/// A file of the cache: its key, which tells of what it was compiled, then name and code.
std::optional<RuntimeCompiler::Code> read(const std::filesystem::path &path,
                                          const std::string &key) {
  std::ifstream file(path, std::ios::binary);
  std::string found_key(key.size(), '\0'), name;
  size_t count = 0;
  file.read(found_key.data(), static_cast<std::streamsize>(key.size()));
  file >> name >> count;
  if (!file || found_key != key || file.get() != '\n' || count > (1 << 24)) return std::nullopt;
  RuntimeCompiler::Code result{name, std::vector<char>(count)};
  file.read(result.code.data(), static_cast<std::streamsize>(count));
  if (!file || file.get() != std::ifstream::traits_type::eof()) return std::nullopt;
  return result;
}

/// Written beside and renamed, as several processes may compile the same; a cache that cannot be
/// written is no fault.
void write(const std::filesystem::path &path, const std::string &key,
           const RuntimeCompiler::Code &result) {
  std::error_code fault;
  std::filesystem::create_directories(path.parent_path(), fault);
  auto beside = path;
  beside += "." + std::to_string(getpid());
  std::ofstream file(beside, std::ios::binary);
  file << key << result.name << ' ' << result.code.size() << '\n';
  file.write(result.code.data(), static_cast<std::streamsize>(result.code.size()));
  file.close();
  if (file) std::filesystem::rename(beside, path, fault);
  if (!file || fault) std::filesystem::remove(beside, fault);
}

}  // namespace

RuntimeCompiler::RuntimeCompiler(void *library, std::filesystem::path folder)
    : library(library), folder(std::move(folder)) {
  open_builtins(library);
}

RuntimeCompiler::Code RuntimeCompiler::code(const Kernel &kernel, int architecture) const {
  std::string source = kernel_source(kernel.file), expression = kernel.expression();
  std::string key = c10::str("varlora ", expression, " sm_", architecture, " nvrtc ",
                             version(library), " ", source.size(), "\n", source);
  if (folder.empty()) return compiled(source, expression, architecture);
  auto path = folder / c10::str(kernel.name, "-", std::hash<std::string>()(key));
  if (auto kept = read(path, key)) return *kept;
  Code result = compiled(source, expression, architecture);
  write(path, key, result);
  return result;
}

RuntimeCompiler::Code RuntimeCompiler::compiled(const std::string &source,
                                                const std::string &expression,
                                                int architecture) const {
  auto create = found<Status(Program *, const char *, const char *, int, const char *const *,
                             const char *const *)>(library, "nvrtcCreateProgram");
  Program program = nullptr;
  check(library, create(&program, source.c_str(), expression.c_str(), 0, nullptr, nullptr),
        "nvrtcCreateProgram");
  auto destroy = found<Status(Program *)>(library, "nvrtcDestroyProgram");
  std::unique_ptr<Program, Status (*)(Program *)> owner(&program, destroy);

  check(library,
        found<Status(Program, const char *)>(library, "nvrtcAddNameExpression")(
            program, expression.c_str()),
        "nvrtcAddNameExpression");
  std::string target = c10::str("--gpu-architecture=sm_", architecture);
  const char *options[] = {target.c_str()};
  auto compile = found<Status(Program, int, const char *const *)>(library, "nvrtcCompileProgram");
  if (Status status = compile(program, 1, options); status != 0) {
    auto log = fetched(library, program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
    check(library, status, c10::str("compiling ", expression, " for sm_", architecture, "\n",
                                    std::string(log.begin(), log.end())).c_str());
  }
  const char *name = nullptr;
  check(library,
        found<Status(Program, const char *, const char **)>(library, "nvrtcGetLoweredName")(
            program, expression.c_str(), &name),
        "nvrtcGetLoweredName");
  return {name, fetched(library, program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN")};
}
#endif
