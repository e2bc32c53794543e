// The texts of Kernels/, as parts of the program.
#include <iterator>
#include <string_view>

#include "Launcher.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif

namespace {

const char prelude[] = {
#embed "Kernels/prelude.cu"
};
const char rms_norm[] = {
#embed "Kernels/rms_norm.cu"
};
const char gated[] = {
#embed "Kernels/gated.cu"
};
const char rotate[] = {
#embed "Kernels/rotate.cu"
};
const char dropout[] = {
#embed "Kernels/dropout.cu"
};
const char low_rank[] = {
#embed "Kernels/low_rank.cu"
};
const char ivon[] = {
#embed "Kernels/ivon.cu"
};
const char adamw[] = {
#embed "Kernels/adamw.cu"
};

struct File {
  std::string_view name, text;
};

constexpr File files[] = {
    {"rms_norm", {rms_norm, std::size(rms_norm)}},
    {"gated", {gated, std::size(gated)}},
    {"rotate", {rotate, std::size(rotate)}},
    {"dropout", {dropout, std::size(dropout)}},
    {"low_rank", {low_rank, std::size(low_rank)}},
    {"ivon", {ivon, std::size(ivon)}},
    {"adamw", {adamw, std::size(adamw)}},
};

}  // namespace

std::string ctorch::cuda::kernel_source(const std::string &name) {
  std::string text(prelude, std::size(prelude));
  for (const File &file : files) {
    if (file.name == name) return text.append(file.text);
  }
  TORCH_CHECK(false, "there is no file of kernels named ", name);
}
