// Creation, data in and out, random numbers.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Functions.h>

#include <cstring>
#include <memory>

#include "Operands.h"
#include "Shim.h"

using namespace ctorch;

namespace {

at::TensorOptions options(int32_t dtype, const char *device) {
  return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(c10::Device(device));
}

}  // namespace

int32_t ctorch_from_blob(const void *data, const int64_t *shape, int32_t rank, int32_t dtype,
                         void (*release)(void *), void *context, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    // Released with the last reference, or here if there is to be none.
    std::shared_ptr<void> owner(context, release);
    for (int64_t size : sizes(shape, rank)) {
      TORCH_CHECK(size >= 0, "no tensor has the shape ", sizes(shape, rank));
    }
    return at::from_blob(
        const_cast<void *>(data), sizes(shape, rank), [owner](void *) {},
        at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
  });
}

int32_t ctorch_from_bytes(const void *data, const int64_t *shape, int32_t rank, int32_t dtype,
                          const char *device, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    at::Tensor host = at::empty(sizes(shape, rank), options(dtype, "cpu"));
    if (host.nbytes() > 0) std::memcpy(host.data_ptr(), data, host.nbytes());
    return sent(host, c10::Device(device));
  });
}

int32_t ctorch_full(const int64_t *shape, int32_t rank, double value, int32_t dtype,
                    const char *device, ctorch_tensor *out) {
  return guarded_result(
      out, [&] { return at::full(sizes(shape, rank), value, options(dtype, device)); });
}

int32_t ctorch_copy_bytes(ctorch_tensor tensor, void *out, int64_t byte_count) {
  return guarded([&] {
    at::Tensor host = unwrap(tensor).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(host.nbytes()) == byte_count, "expected ", byte_count,
                " bytes, a tensor of shape ", host.sizes(), " has ", host.nbytes());
    if (byte_count > 0) std::memcpy(out, host.data_ptr(), byte_count);
  });
}

int32_t ctorch_item(ctorch_tensor tensor, double *out) {
  return guarded([&] { *out = unwrap(tensor).item().toDouble(); });
}

int32_t ctorch_rank(ctorch_tensor tensor, int32_t *out) {
  return guarded([&] { *out = static_cast<int32_t>(unwrap(tensor).dim()); });
}

int32_t ctorch_shape(ctorch_tensor tensor, int64_t *out) {
  return guarded([&] {
    auto shape = unwrap(tensor).sizes();
    std::copy(shape.begin(), shape.end(), out);
  });
}

int32_t ctorch_dtype(ctorch_tensor tensor, int32_t *out) {
  return guarded([&] { *out = static_cast<int32_t>(unwrap(tensor).scalar_type()); });
}

int32_t ctorch_device(ctorch_tensor tensor, char *out, int32_t capacity) {
  return guarded([&] {
    std::string name = unwrap(tensor).device().str();
    std::strncpy(out, name.c_str(), capacity - 1);
    out[capacity - 1] = 0;
  });
}

int32_t ctorch_to(ctorch_tensor tensor, int32_t dtype, const char *device, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(tensor).to(options(dtype, device)); });
}

int32_t ctorch_generator_new(uint64_t seed, const char *device, ctorch_generator *out) {
  *out = nullptr;
  return guarded([&] {
    c10::Device where(device);
    at::Generator generator = where.is_cpu()
                                  ? at::detail::createCPUGenerator(seed)
                                  : at::globalContext().defaultGenerator(where).clone();
    generator.set_current_seed(seed);
    *out = reinterpret_cast<ctorch_generator>(new at::Generator(std::move(generator)));
  });
}

void ctorch_generator_release(ctorch_generator generator) {
  delete reinterpret_cast<at::Generator *>(generator);
}

int32_t ctorch_randn(const int64_t *shape, int32_t rank, ctorch_generator generator, int32_t dtype,
                     const char *device, ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return at::randn(sizes(shape, rank), unwrap(generator), options(dtype, device));
  });
}

int32_t ctorch_uniform(const int64_t *shape, int32_t rank, double low, double high,
                       ctorch_generator generator, int32_t dtype, const char *device,
                       ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return at::empty(sizes(shape, rank), options(dtype, device))
        .uniform_(low, high, unwrap(generator));
  });
}
