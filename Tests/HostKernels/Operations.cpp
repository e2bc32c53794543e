// The functions that start kernels, on tensors of the processor.
#include <dlfcn.h>

#include "../../Sources/CTorch/Operators.h"
#include "../../Sources/CTorch/Shim.h"
#include "HostLauncher.h"
#include "host_kernels.h"

using namespace ctorch;

namespace {

/// `guarded`, with kernels started on the processor.
template <typename Body>
int32_t on_host(Body body) {
  static HostLauncher launcher;
  cuda::use(launcher);
  return guarded(body);
}

at::ScalarType type(int32_t code) { return static_cast<at::ScalarType>(code); }

}  // namespace

int32_t host_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, int32_t dtype,
                      ctorch_tensor *out, ctorch_tensor *factors) {
  return on_host([&] {
    auto [result, kept] = cuda::rms_norm(unwrap(x), unwrap(weight), epsilon, type(dtype));
    *out = wrap(result);
    *factors = wrap(kept);
  });
}

int32_t host_rms_norm_backward(ctorch_tensor grad, ctorch_tensor x, ctorch_tensor weight,
                               ctorch_tensor factors, int32_t dtype, ctorch_tensor *out) {
  return on_host([&] {
    *out = wrap(cuda::rms_norm_backward(unwrap(grad), unwrap(x), unwrap(weight), unwrap(factors),
                                        type(dtype)));
  });
}

int32_t host_gated(ctorch_tensor gate_up, bool gelu, ctorch_tensor *out) {
  return on_host([&] { *out = wrap(cuda::gated(unwrap(gate_up), gelu)); });
}

int32_t host_gated_backward(ctorch_tensor grad, ctorch_tensor gate_up, bool gelu,
                            ctorch_tensor *out) {
  return on_host([&] { *out = wrap(cuda::gated_backward(unwrap(grad), unwrap(gate_up), gelu)); });
}

int32_t host_rotate(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine, bool back,
                    ctorch_tensor *out) {
  return on_host(
      [&] { *out = wrap(cuda::rotate(unwrap(x), unwrap(cosine), unwrap(sine), back)); });
}

int32_t host_dropout(ctorch_tensor x, double probability, uint64_t seed, ctorch_tensor *out) {
  return on_host([&] {
    *out = wrap(cuda::dropout(unwrap(x), probability, static_cast<int64_t>(seed)));
  });
}

int32_t host_low_rank_down(ctorch_tensor x, ctorch_tensor a, double scale, double probability,
                           uint64_t seed, ctorch_tensor *out) {
  return on_host([&] {
    *out = wrap(cuda::low_rank_down(unwrap(x), unwrap(a), scale, probability,
                                    static_cast<int64_t>(seed)));
  });
}

int32_t host_low_rank_up(ctorch_tensor x, ctorch_tensor b, double probability, uint64_t seed,
                         ctorch_tensor *out) {
  return on_host([&] {
    *out = wrap(
        cuda::low_rank_up(unwrap(x), unwrap(b), probability, static_cast<int64_t>(seed)));
  });
}

int32_t host_ivon_draw(ctorch_tensor values, ctorch_tensor mean, ctorch_tensor offset,
                       ctorch_tensor hessian, double sample_size, double decay) {
  return on_host([&] {
    cuda::ivon_draw(unwrap(values), unwrap(mean), unwrap(offset), unwrap(hessian), sample_size,
                    decay);
  });
}

int32_t host_ivon_step(ctorch_tensor values, ctorch_tensor hessian, ctorch_tensor momentum,
                       ctorch_tensor gradient, ctorch_tensor product, ctorch_tensor prior,
                       const ctorch_ivon_rule *rule, ctorch_tensor *share) {
  return on_host([&] {
    std::optional<at::Tensor> center;
    if (prior) center = unwrap(prior);
    *share = wrap(cuda::ivon_step(unwrap(values), unwrap(hessian), unwrap(momentum),
                                  unwrap(gradient), unwrap(product), center, rule->beta1,
                                  rule->beta2, rule->sample_size, rule->decay, rule->debias,
                                  rule->radius, rule->rate));
  });
}

int32_t host_adamw_step(ctorch_tensor values, ctorch_tensor first, ctorch_tensor second,
                        ctorch_tensor gradient, const ctorch_adamw_rule *rule) {
  return on_host([&] {
    cuda::adamw_step(unwrap(values), unwrap(first), unwrap(second), unwrap(gradient), rule->beta1,
                     rule->beta2, rule->root_scale, rule->epsilon, rule->shrinkage, rule->rate);
  });
}

int32_t host_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                       ctorch_spans spans, double scale, double cap, ctorch_tensor grad,
                       ctorch_tensor *out, ctorch_tensor *grads) {
  return guarded([&] {
    const at::Tensor &q = unwrap(query), &k = unwrap(key), &v = unwrap(value);
    auto by = owned<c10::intrusive_ptr<AttentionSpans>>(spans);
    auto [result, kept] = cuda::packed_attention(q, k, v, by, scale, cap);
    *out = wrap(result);
    auto [grad_q, grad_k, grad_v] =
        cuda::packed_attention_backward(unwrap(grad), q, k, v, by, scale, cap, kept);
    grads[0] = wrap(grad_q);
    grads[1] = wrap(grad_k);
    grads[2] = wrap(grad_v);
  });
}

int32_t host_compile(const char *compiler, const char *folder, int32_t architecture,
                     int32_t *kernels, int64_t *bytes) {
  return guarded([&] {
    void *library = dlopen(compiler, RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(library, dlerror());
    cuda::RuntimeCompiler runtime(library, folder);
    *kernels = 0;
    *bytes = 0;
    for (const cuda::Kernel &kernel : HostLauncher::kernels()) {
      *bytes += static_cast<int64_t>(runtime.code(kernel, architecture).code.size());
      *kernels += 1;
    }
  });
}
