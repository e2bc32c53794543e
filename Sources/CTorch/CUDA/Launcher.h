// Kernels for CUDA that are compiled while the program runs, from the sources in Kernels/: a build
// needs no CUDA, and a card gets code for itself.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/SmallVector.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ctorch::cuda {

/// A function template of a file in Kernels/, and the types of its arguments.
struct Kernel {
  const char *file;
  const char *name;
  c10::SmallVector<at::ScalarType, 4> types;

  /// As C++ names it, such as `rms_norm<float, bfloat16>`.
  std::string expression() const;
};

/// How many blocks there are in each direction, and threads in a block: a power of two.
struct Grid {
  int64_t rows, columns, threads;
};

/// Starts kernels on a device.
class Launcher {
 public:
  virtual ~Launcher() = default;

  /// Starts a kernel behind all that was started on the device before, with the addresses of its
  /// arguments.
  virtual void launch(const Kernel &kernel, c10::Device device, Grid grid, void **arguments) = 0;
};

/// The compute capability of a card, such as 90; 0 where the driver does not tell.
int capability(c10::Device device);

/// What starts kernels here; throws where nothing does.
Launcher &launcher();

/// Starts a kernel with these arguments on the device of x.
template <typename... Arguments>
void launch(const Kernel &kernel, const at::Tensor &x, Grid grid, Arguments... arguments) {
  void *addresses[] = {&arguments...};
  launcher().launch(kernel, x.device(), grid, addresses);
}

/// Arguments of kernels: numbers that one reads, and that one writes.
inline const void *in(const at::Tensor &x) { return x.const_data_ptr(); }
inline void *out(const at::Tensor &x) { return x.mutable_data_ptr(); }

/// Why there is nothing that starts kernels; empty where there is.
const std::string &launcher_fault();

/// Has kernels started by another, which lives on.
void use(Launcher &launcher);

/// The text of a file in Kernels/ behind that of the prelude.
std::string kernel_source(const std::string &file);

/// One that compiles kernels and starts them on NVIDIA cards; throws what is missing for that.
std::unique_ptr<Launcher> make_driver();

/// NVIDIA's compiler for kernels, which is a library.
class RuntimeCompiler {
 public:
  /// A kernel as code for one architecture, under the name that the compiler gave it.
  struct Code {
    std::string name;
    std::vector<char> code;
  };

  /// From an opened library, which may be one that only leads to the compiler's, and the folder
  /// where compiled kernels are kept; none where that is empty.
  RuntimeCompiler(void *library, std::filesystem::path folder);

  /// A kernel for an architecture such as 90, from the folder where it was compiled before.
  Code code(const Kernel &kernel, int architecture) const;

 private:
  Code compiled(const std::string &source, const std::string &expression, int architecture) const;

  void *library;
  std::filesystem::path folder;
};

}  // namespace ctorch::cuda
