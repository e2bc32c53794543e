// Decompositions: one line of ATen each.
#include <ATen/Functions.h>

#include "Shim.h"

using namespace ctorch;

int32_t ctorch_eigh(ctorch_tensor a, ctorch_tensor *values, ctorch_tensor *vectors) {
  *values = nullptr;
  *vectors = nullptr;
  return guarded([&] {
    auto [eigenvalues, eigenvectors] = at::linalg_eigh(unwrap(a));
    *values = wrap(std::move(eigenvalues));
    *vectors = wrap(std::move(eigenvectors));
  });
}
