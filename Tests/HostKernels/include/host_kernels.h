// The kernels for CUDA on the processor: the same sources compiled as C++, started by the same
// functions. Results as those of ctorch.h.
#ifndef HOST_KERNELS_H
#define HOST_KERNELS_H

#include "ctorch.h"

#ifdef __cplusplus
extern "C" {
#endif

int32_t host_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, int32_t dtype,
                      ctorch_tensor *out, ctorch_tensor *factors);
int32_t host_rms_norm_backward(ctorch_tensor grad, ctorch_tensor x, ctorch_tensor weight,
                               ctorch_tensor factors, int32_t dtype, ctorch_tensor *out);
int32_t host_gated(ctorch_tensor gate_up, bool gelu, ctorch_tensor *out);
int32_t host_gated_backward(ctorch_tensor grad, ctorch_tensor gate_up, bool gelu,
                            ctorch_tensor *out);
int32_t host_rotate(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine, bool back,
                    ctorch_tensor *out);
int32_t host_dropout(ctorch_tensor x, double probability, uint64_t seed, ctorch_tensor *out);

int32_t host_low_rank_down(ctorch_tensor x, ctorch_tensor a, double scale, double probability,
                           uint64_t seed, ctorch_tensor *out);
int32_t host_low_rank_up(ctorch_tensor x, ctorch_tensor b, double probability, uint64_t seed,
                         ctorch_tensor *out);

/// The rules of optimizers, as on a card.
int32_t host_ivon_draw(ctorch_tensor values, ctorch_tensor mean, ctorch_tensor offset,
                       ctorch_tensor hessian, double sample_size, double decay);
int32_t host_ivon_step(ctorch_tensor values, ctorch_tensor hessian, ctorch_tensor momentum,
                       ctorch_tensor gradient, ctorch_tensor product, ctorch_tensor prior,
                       const ctorch_ivon_rule *rule, ctorch_tensor *share);
int32_t host_adamw_step(ctorch_tensor values, ctorch_tensor first, ctorch_tensor second,
                        ctorch_tensor gradient, const ctorch_adamw_rule *rule);

/// Attention as on a card, and the gradients of query, key and value.
int32_t host_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                       ctorch_spans spans, double scale, double cap, ctorch_tensor grad,
                       ctorch_tensor *out, ctorch_tensor *grads);

/// Compiles every kernel for an architecture by the compiler in a file, or takes it from a folder;
/// the number of kernels, and of bytes of their code.
int32_t host_compile(const char *compiler, const char *folder, int32_t architecture,
                     int32_t *kernels, int64_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
