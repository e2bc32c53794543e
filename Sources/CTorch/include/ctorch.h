// C interface to the parts of libtorch that varlora needs.
//
// Every function returns 0, or 1 after an error whose text `ctorch_last_error` holds (per thread).
// A `ctorch_tensor` owns one reference; release it with `ctorch_release`. Results are written
// through the last pointers. Scalars types are the codes of `c10::ScalarType`.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor_s *ctorch_tensor;
typedef struct ctorch_generator_s *ctorch_generator;
typedef struct ctorch_spans_s *ctorch_spans;
typedef struct ctorch_group_s *ctorch_group;

// Errors, memory, engine -----------------------------------------------------------------------

const char *ctorch_last_error(void);
/// Sets that text, before a function that libtorch called back returns 1.
void ctorch_set_last_error(const char *message);
void ctorch_release(ctorch_tensor tensor);
/// Handles made on this thread less those released on it.
int64_t ctorch_live_tensors(void);
const char *ctorch_version(void);
/// Why there are no CUDA devices; empty where there are. Opens the CUDA libraries the first time.
const char *ctorch_cuda_fault(void);
int32_t ctorch_cuda_device_count(void);
/// Why kernels of our own do not run on CUDA devices; empty where they do.
const char *ctorch_cuda_kernels_fault(void);
/// The compute capability of a CUDA device, such as 90; 0 where there is none or it does not tell.
int32_t ctorch_cuda_capability(const char *device);
bool ctorch_has_mps(void);
/// Bytes of a device's own memory that tensors took at most, and that are free.
int32_t ctorch_device_memory(const char *device, int64_t *peak, int64_t *available);
int32_t ctorch_threads(void);
void ctorch_set_threads(int32_t count);
/// Gives memory that the allocator keeps back to the system, where it can.
void ctorch_release_memory(void);
/// Whether memory of freed tensors is kept for others, or given back to the system at once.
void ctorch_reuse_memory(bool reuses);
const char *ctorch_cpu_capability(void);

// Creation and data ----------------------------------------------------------------------------

/// Wraps `data` without a copy; `release(context)` runs when the last reference is gone.
int32_t ctorch_from_blob(const void *data, const int64_t *shape, int32_t rank, int32_t dtype,
                         void (*release)(void *), void *context, ctorch_tensor *out);
int32_t ctorch_from_bytes(const void *data, const int64_t *shape, int32_t rank, int32_t dtype,
                          const char *device, ctorch_tensor *out);
int32_t ctorch_full(const int64_t *shape, int32_t rank, double value, int32_t dtype,
                    const char *device, ctorch_tensor *out);
int32_t ctorch_copy_bytes(ctorch_tensor tensor, void *out, int64_t byte_count);
int32_t ctorch_item(ctorch_tensor tensor, double *out);
int32_t ctorch_rank(ctorch_tensor tensor, int32_t *out);
int32_t ctorch_shape(ctorch_tensor tensor, int64_t *out);
int32_t ctorch_dtype(ctorch_tensor tensor, int32_t *out);
int32_t ctorch_device(ctorch_tensor tensor, char *out, int32_t capacity);
int32_t ctorch_to(ctorch_tensor tensor, int32_t dtype, const char *device, ctorch_tensor *out);

// Random numbers -------------------------------------------------------------------------------

int32_t ctorch_generator_new(uint64_t seed, const char *device, ctorch_generator *out);
void ctorch_generator_release(ctorch_generator generator);
int32_t ctorch_randn(const int64_t *shape, int32_t rank, ctorch_generator generator, int32_t dtype,
                     const char *device, ctorch_tensor *out);
int32_t ctorch_uniform(const int64_t *shape, int32_t rank, double low, double high,
                       ctorch_generator generator, int32_t dtype, const char *device,
                       ctorch_tensor *out);

// Shape ----------------------------------------------------------------------------------------

int32_t ctorch_reshape(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out);
int32_t ctorch_view(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out);
int32_t ctorch_transpose(ctorch_tensor a, int64_t dim0, int64_t dim1, ctorch_tensor *out);
int32_t ctorch_narrow(ctorch_tensor a, int64_t dim, int64_t start, int64_t length,
                      ctorch_tensor *out);
int32_t ctorch_split(ctorch_tensor a, const int64_t *sizes, int32_t count, int64_t dim,
                     ctorch_tensor *out);
int32_t ctorch_cat(const ctorch_tensor *tensors, int32_t count, int64_t dim, ctorch_tensor *out);
int32_t ctorch_index_select(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out);
int32_t ctorch_gather(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out);
int32_t ctorch_clone(ctorch_tensor a, ctorch_tensor *out);

// Arithmetic -----------------------------------------------------------------------------------

int32_t ctorch_add(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int32_t ctorch_sub(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int32_t ctorch_mul(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int32_t ctorch_div(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int32_t ctorch_add_scalar(ctorch_tensor a, double b, ctorch_tensor *out);
int32_t ctorch_mul_scalar(ctorch_tensor a, double b, ctorch_tensor *out);
int32_t ctorch_pow_scalar(ctorch_tensor a, double exponent, ctorch_tensor *out);
int32_t ctorch_sqrt(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_exp(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_tanh(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_log(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_abs(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_sigmoid(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_softplus(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_clamp(ctorch_tensor a, double low, double high, ctorch_tensor *out);
int32_t ctorch_greater_scalar(ctorch_tensor a, double b, ctorch_tensor *out);
int32_t ctorch_sum(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_sum_along(ctorch_tensor a, int64_t dim, ctorch_tensor *out);
int32_t ctorch_mean(ctorch_tensor a, ctorch_tensor *out);
int32_t ctorch_quantile(ctorch_tensor a, const double *fractions, int32_t count,
                        ctorch_tensor *out);
int32_t ctorch_all_finite(ctorch_tensor a, bool *out);
int32_t ctorch_equal(ctorch_tensor a, ctorch_tensor b, bool *out);
int32_t ctorch_matmul(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int32_t ctorch_log_softmax(ctorch_tensor a, int64_t dim, ctorch_tensor *out);
int32_t ctorch_nll_loss(ctorch_tensor log_probabilities, ctorch_tensor labels, bool mean,
                        ctorch_tensor *out);

// In place: the target keeps its storage.
int32_t ctorch_copy_(ctorch_tensor target, ctorch_tensor source);
int32_t ctorch_zero_(ctorch_tensor target);
int32_t ctorch_mul_scalar_(ctorch_tensor target, double factor);
int32_t ctorch_add_scaled_(ctorch_tensor target, ctorch_tensor source, double factor);
int32_t ctorch_addcmul_(ctorch_tensor target, ctorch_tensor a, ctorch_tensor b, double factor);

// Autograd -------------------------------------------------------------------------------------

int32_t ctorch_set_requires_grad(ctorch_tensor tensor, bool value);
int32_t ctorch_set_grad(ctorch_tensor tensor, ctorch_tensor grad);
int32_t ctorch_detach(ctorch_tensor tensor, ctorch_tensor *out);
/// A second handle of the same tensor.
int32_t ctorch_retain(ctorch_tensor tensor, ctorch_tensor *out);
/// Computes a tensor from `input`, whose handle it takes over; returns a status.
typedef int32_t (*ctorch_part)(void *context, ctorch_tensor input, ctorch_tensor *out);
/// `run` of x, once more in the backward pass; `release(context)` when the graph is gone.
int32_t ctorch_recomputed(ctorch_tensor x, ctorch_part run, void *context,
                          void (*release)(void *), ctorch_tensor *out);
int32_t ctorch_backward(ctorch_tensor loss);
/// Gradients of sum(weights * output) with respect to `inputs`; leaves collect nothing.
int32_t ctorch_gradients(ctorch_tensor output, ctorch_tensor weights, const ctorch_tensor *inputs,
                         int32_t count, bool keep_graph, ctorch_tensor *out);
bool ctorch_grad_enabled(void);
void ctorch_set_grad_enabled(bool value);

// Linear algebra (see LinearAlgebra.cpp) --------------------------------------------------------

/// Eigenvalues in ascending order and eigenvectors, as columns, of symmetric matrices.
int32_t ctorch_eigh(ctorch_tensor a, ctorch_tensor *values, ctorch_tensor *vectors);

// Layers (see Layers.cpp) ----------------------------------------------------------------------

// x may have any number of leading dimensions. Results have the type of x; frozen weights may have
// another floating type, and trained ones, which get gradients of their own type.

/// x [..., in] times the transpose of a frozen weight [out, in]: the weight never gets a gradient.
int32_t ctorch_frozen_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias,
                             ctorch_tensor *out);
/// Writes the codes (int8) and scales (float32) of a weight; see Quantized.cpp.
int32_t ctorch_quantize_rows(ctorch_tensor weight, ctorch_tensor codes, ctorch_tensor scales);
/// x times the transpose of a frozen weight in 8 bits; `dynamic` rounds x to 8 bits too.
int32_t ctorch_quantized_linear(ctorch_tensor x, ctorch_tensor codes, ctorch_tensor scales,
                                ctorch_tensor bias, bool dynamic, ctorch_tensor *out);
/// The rules of optimizers over vectors [count]; Operators.h has their numbers. `prior` may be
/// null.
typedef struct {
  double beta1, beta2, sample_size, decay, debias, radius, rate;
} ctorch_ivon_rule;
typedef struct {
  double beta1, beta2, root_scale, epsilon, shrinkage, rate;
} ctorch_adamw_rule;
int32_t ctorch_ivon_draw(ctorch_tensor values, ctorch_tensor mean, ctorch_tensor offset,
                         ctorch_tensor hessian, double sample_size, double decay);
int32_t ctorch_ivon_step(ctorch_tensor values, ctorch_tensor hessian, ctorch_tensor momentum,
                         ctorch_tensor gradient, ctorch_tensor product, ctorch_tensor prior,
                         const ctorch_ivon_rule *rule, ctorch_tensor *share);
int32_t ctorch_adamw_step(ctorch_tensor values, ctorch_tensor first, ctorch_tensor second,
                          ctorch_tensor gradient, const ctorch_adamw_rule *rule);

/// scale * dropout(x) times the transposes of a [rank, in] and b [out, rank].
int32_t ctorch_low_rank_product(ctorch_tensor x, ctorch_tensor a, ctorch_tensor b, double scale,
                                double probability, uint64_t seed, ctorch_tensor *out);
/// x with a share of its elements set to zero and the others scaled up.
int32_t ctorch_dropout(ctorch_tensor x, double probability, uint64_t seed, ctorch_tensor *out);
/// The result has a type of its own.
int32_t ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, int32_t dtype,
                        ctorch_tensor *out);
/// silu(x[..., :n]) * x[..., n:] for x [..., 2 n], or with GELU in its tanh form.
int32_t ctorch_gated(ctorch_tensor gate_up, bool gelu, ctorch_tensor *out);
/// Rotates the two halves of each head, or of its first 2 pairs: x [tokens, heads, size], cosine
/// and sine [tokens, pairs].
int32_t ctorch_rope(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine, ctorch_tensor *out);
/// Which rows of a packed batch have queries and keys, and the most keys a query sees, or 0; the
/// ends of what each own token of every sequence is seen by, or null where none branches. See
/// Attention.h.
int32_t ctorch_spans_new(int64_t prefix_queries, int64_t prefix_keys,
                         const int64_t *query_lengths, const int64_t *key_lengths,
                         const int64_t *first_keys, const int64_t *ends, int32_t count,
                         int64_t window, ctorch_spans *out);
void ctorch_spans_release(ctorch_spans spans);
/// Causal attention inside each sequence of a packed batch; scores lie below `cap` unless it is 0.
int32_t ctorch_packed_attention(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                                ctorch_spans spans, double scale, double cap,
                                ctorch_tensor *out);
/// The gated delta rule along a packed batch whose tokens all have queries: query and key [tokens,
/// key heads, key size], value [tokens, heads, value size], decay and strength [tokens, heads]. See
/// DeltaRule.cpp.
int32_t ctorch_delta_rule(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                          ctorch_tensor decay, ctorch_tensor strength, ctorch_spans spans,
                          ctorch_tensor *out);
/// silu of the causal convolution of each channel: x [tokens, channels], weight [channels, taps],
/// which never gets a gradient.
int32_t ctorch_convolution(ctorch_tensor x, ctorch_tensor weight, ctorch_spans spans,
                           ctorch_tensor *out);

// Ranks (see Distributed.cpp) ------------------------------------------------------------------

/// Whether several ranks can work together: the package was built with Gloo's headers.
bool ctorch_has_gloo(void);
/// Reaches the store that all ranks share, or starts it (`is_host`). `timeout` in milliseconds
/// holds for this and every later call.
int32_t ctorch_group_open(const char *host, uint16_t port, bool is_host, int32_t rank, int32_t size,
                          int64_t timeout, ctorch_group *out);
/// Waits for all ranks, and begins to beat. After an error `missing` says which did not come.
int32_t ctorch_group_meet(ctorch_group group, bool *missing);
/// Connects the ranks with each other, once they have met.
int32_t ctorch_group_connect(ctorch_group group);
/// Ends the connections of this rank, which the others notice; the store stays.
void ctorch_group_disconnect(ctorch_group group);
void ctorch_group_close(ctorch_group group);
/// In place, on the host; all ranks end with the same bits.
int32_t ctorch_group_sum(ctorch_group group, ctorch_tensor tensor);
int32_t ctorch_group_broadcast(ctorch_group group, ctorch_tensor tensor, int32_t root);
int32_t ctorch_group_broadcast_bytes(ctorch_group group, void *data, int64_t length,
                                     int32_t root);
/// `length` bytes of each rank, in the order of the ranks, into `out` of size ranks * length.
int32_t ctorch_group_gather_bytes(ctorch_group group, const void *data, int64_t length,
                                  void *out);
/// For each rank a count that grows 4 times a second while it lives, and how many operations with
/// all ranks it has begun.
int32_t ctorch_group_signs(ctorch_group group, int64_t *beats, int64_t *calls);
/// The first words that a rank left for the others, after leaving `own` unless empty.
int32_t ctorch_group_words(ctorch_group group, const char *own, char *out, int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
