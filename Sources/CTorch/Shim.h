// Handles and the one place where C++ exceptions are caught.
#pragma once

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch was not found: run Scripts/setup, or set LIBTORCH to its folder"
#endif

#include <ATen/core/Tensor.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "ctorch.h"

namespace ctorch {

/// Text of the last error on this thread.
void set_error(const char *message);

/// A new handle that owns `tensor`; counted as live on this thread until `ctorch_release`.
ctorch_tensor wrap(at::Tensor tensor);

/// What a handle owns. An operation that failed leaves null: what is computed from it fails too,
/// without a crash.
template <typename Value>
Value &owned(void *handle) {
  if (handle == nullptr) throw std::runtime_error("an operand is the result of a failed operation");
  return *static_cast<Value *>(handle);
}

inline const at::Tensor &unwrap(ctorch_tensor handle) { return owned<at::Tensor>(handle); }

inline at::Generator &unwrap(ctorch_generator handle) { return owned<at::Generator>(handle); }

inline at::IntArrayRef sizes(const int64_t *shape, int32_t rank) {
  return {shape, static_cast<size_t>(rank)};
}

/// Runs `body`; every exception becomes status 1 with its first line kept for `ctorch_last_error`.
template <typename Body>
int32_t guarded(Body body) {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    set_error(error.what_without_backtrace());
  } catch (const std::exception &error) {
    set_error(error.what());
  } catch (...) {
    set_error("unknown C++ exception");
  }
  return 1;
}

/// `guarded` for the common case: one tensor out.
template <typename Body>
int32_t guarded_result(ctorch_tensor *out, Body body) {
  *out = nullptr;
  return guarded([&] { *out = wrap(body()); });
}

}  // namespace ctorch
