#pragma once

#include "../../Sources/CTorch/CUDA/Launcher.h"

/// Starts kernels on the processor, four threads in a block whatever is asked for.
class HostLauncher : public ctorch::cuda::Launcher {
 public:
  void launch(const ctorch::cuda::Kernel &kernel, c10::Device device, ctorch::cuda::Grid grid,
              void **arguments) override;

  /// All that it can start, which is all that there are.
  static std::vector<ctorch::cuda::Kernel> kernels();
};
