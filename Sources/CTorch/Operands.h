// What operations ask of the tensors that they are given, before memory is trusted to a kernel.
#pragma once

#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace ctorch {

/// A tensor in an error's words, such as "float32 [3, 4]".
std::string described(const at::Tensor &x);

/// Throws a sentence with what was expected and what was found, unless it `holds`.
template <typename... Tensors>
void expect(bool holds, const char *expected, const Tensors &...found) {
  if (holds) return;
  std::string text;
  ((text += (text.empty() ? "" : ", ") + described(found)), ...);
  TORCH_CHECK(false, "expected ", expected, "; found ", text);
}

/// Whether all hold floating numbers, on one device.
template <typename... Tensors>
bool are_floating(const at::Tensor &x, const Tensors &...others) {
  return at::isFloatingType(x.scalar_type()) &&
         ((at::isFloatingType(others.scalar_type()) && others.device() == x.device()) && ...);
}

/// The type that sums over numbers of the type of x are taken in: float32 for 16 bits.
inline at::ScalarType wide_type(const at::Tensor &x) { return at::toOpMathType(x.scalar_type()); }

inline at::Tensor widened(const at::Tensor &x) { return x.to(wide_type(x)); }

/// The numbers of a contiguous tensor of that type. (Of libtorch 2.11 its own `const_data_ptr<T>()`
/// links with GCC alone.)
template <typename Number>
const Number *numbers(const at::Tensor &x) {
  expect(x.scalar_type() == c10::CppTypeToScalarType<Number>::value, "another type of numbers", x);
  return static_cast<const Number *>(x.const_data_ptr());
}

/// A new tensor of the processor on another device: on CUDA without a wait for what runs there,
/// as such memory is copied away before this returns.
inline at::Tensor sent(const at::Tensor &host, c10::Device device) {
  return host.to(device, host.scalar_type(), device.is_cuda());
}

/// Rows along the last dimension.
inline int64_t row_count(const at::Tensor &x) {
  return x.numel() / std::max<int64_t>(1, x.size(-1));
}

/// The shape of x with another last size.
inline std::vector<int64_t> shape_with_last(const at::Tensor &x, int64_t size) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = size;
  return shape;
}

}  // namespace ctorch
