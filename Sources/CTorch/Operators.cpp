// The table of operations, and the door to them.
#include "Operators.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include "CUDA/Launcher.h"
#include "Operands.h"

using namespace ctorch;

namespace {

bool is_on_cpu() { return true; }
bool is_on_cuda() { return cuda::launcher_fault().empty(); }

/// The implementation of an operation on a device that has kernels of ours: these in float32 and
/// bfloat16, else the composition.
template <auto *kernel, auto *composition, bool (*is_here)()>
struct Own;

template <typename Result, typename... Others,
          Result (*kernel)(const at::Tensor &, Others...),
          Result (*composition)(const at::Tensor &, Others...), bool (*is_here)()>
struct Own<kernel, composition, is_here> {
  static Result run(const at::Tensor &x, Others... others) {
    bool has_type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
    return (has_type && is_here() ? kernel : composition)(x, others...);
  }
};

}  // namespace

// In the file of the door, since a linker drops files of a library that nothing refers to.
TORCH_LIBRARY(varlora, library) {
  library.class_<AttentionSpans>("AttentionSpans");
  library.def(
      "rms_norm(Tensor x, Tensor weight, float epsilon, ScalarType type) -> (Tensor, Tensor)");
  library.def(
      "rms_norm_backward(Tensor grad, Tensor x, Tensor weight, Tensor factors, ScalarType type)"
      " -> Tensor");
  library.def("gated(Tensor gate_up, bool gelu) -> Tensor");
  library.def("gated_backward(Tensor grad, Tensor gate_up, bool gelu) -> Tensor");
  library.def("rotate(Tensor x, Tensor cosine, Tensor sine, bool back) -> Tensor");
  library.def("dropout(Tensor x, float probability, int seed) -> Tensor");
  library.def(
      "low_rank_down(Tensor x, Tensor a, float scale, float probability, int seed) -> Tensor");
  library.def("low_rank_up(Tensor x, Tensor b, float probability, int seed) -> Tensor");
  library.def(
      "ivon_draw(Tensor(a!) values, Tensor(b!) mean, Tensor(c!) offset, Tensor hessian,"
      " float sample_size, float decay) -> ()");
  library.def(
      "ivon_step(Tensor(a!) values, Tensor(b!) hessian, Tensor(c!) momentum, Tensor gradient,"
      " Tensor product, Tensor? prior, float beta1, float beta2, float sample_size, float decay,"
      " float debias, float radius, float rate) -> Tensor");
  library.def(
      "adamw_step(Tensor(a!) values, Tensor(b!) first, Tensor(c!) second, Tensor gradient,"
      " float beta1, float beta2, float root_scale, float epsilon, float shrinkage, float rate)"
      " -> ()");
  library.def("product(Tensor x, Tensor weight) -> Tensor");
  library.def("quantize_rows(Tensor rows) -> (Tensor, Tensor)");
  library.def("quantized_product(Tensor x, Tensor codes, Tensor scales) -> Tensor");
  library.def("rounded_product(Tensor x, Tensor codes, Tensor scales) -> Tensor");
  library.def("quantized_product_backward(Tensor grad, Tensor codes, Tensor scales) -> Tensor");
  library.def(
      "packed_attention(Tensor query, Tensor key, Tensor value,"
      " __torch__.torch.classes.varlora.AttentionSpans spans, float scale, float cap)"
      " -> (Tensor, Tensor[])");
  library.def(
      "packed_attention_backward(Tensor grad, Tensor query, Tensor key, Tensor value,"
      " __torch__.torch.classes.varlora.AttentionSpans spans, float scale, float cap,"
      " Tensor[] kept)"
      " -> (Tensor, Tensor, Tensor)");
  library.def(
      "delta_rule(Tensor query, Tensor key, Tensor value, Tensor decay, Tensor strength,"
      " __torch__.torch.classes.varlora.AttentionSpans spans) -> Tensor");
  library.def(
      "delta_rule_backward(Tensor grad, Tensor query, Tensor key, Tensor value, Tensor decay,"
      " Tensor strength, __torch__.torch.classes.varlora.AttentionSpans spans)"
      " -> (Tensor, Tensor, Tensor, Tensor, Tensor)");
  library.def(
      "convolve(Tensor x, Tensor weight, __torch__.torch.classes.varlora.AttentionSpans spans)"
      " -> Tensor");
  library.def(
      "convolve_backward(Tensor grad, Tensor x, Tensor weight,"
      " __torch__.torch.classes.varlora.AttentionSpans spans) -> Tensor");
}

#define CTORCH_COMPOSED(name) library.impl(#name, composed::name);
#define CTORCH_ON_CPU(name) library.impl(#name, Own<cpu::name, composed::name, is_on_cpu>::run);
#define CTORCH_ON_CUDA(name) library.impl(#name, Own<cuda::name, composed::name, is_on_cuda>::run);

TORCH_LIBRARY_IMPL(varlora, CompositeExplicitAutograd, library) {
  CTORCH_OPERATIONS(CTORCH_COMPOSED)
}

TORCH_LIBRARY_IMPL(varlora, CPU, library) { CTORCH_KERNELS(CTORCH_ON_CPU) }

TORCH_LIBRARY_IMPL(varlora, CUDA, library) {
  CTORCH_CUDA_KERNELS(CTORCH_ON_CUDA)
  CTORCH_LOW_RANK(CTORCH_ON_CUDA)
  CTORCH_OPTIMIZERS(CTORCH_ON_CUDA)
  library.impl("packed_attention", cuda::packed_attention);
  library.impl("packed_attention_backward", cuda::packed_attention_backward);
}

namespace {

/// An operation of the table, found once.
template <typename Signature>
class Operation {
 public:
  explicit Operation(const char *name)
      : handle(c10::Dispatcher::singleton()
                   .findSchemaOrThrow(name, "")
                   .template typed<Signature>()) {}

  template <typename... Operands>
  auto operator()(Operands &&...operands) const {
    // Gradients are the business of the layers' own nodes.
    at::AutoDispatchBelowADInplaceOrView below;
    return handle.call(std::forward<Operands>(operands)...);
  }

 private:
  c10::TypedOperatorHandle<Signature> handle;
};

/// A frozen operand in another type and row-major order; itself where it is so already.
at::Tensor as(at::ScalarType type, const at::Tensor &x) { return x.to(type).contiguous(); }

/// Throws unless each row of x is a token that the spans have a query and a key for.
void expect_all_tokens(const AttentionSpans &spans, const at::Tensor &x) {
  bool are_whole = std::all_of(spans.all.begin(), spans.all.end(), [](const AttentionSpan &span) {
    return span.queries == span.keys && span.first_query == span.first_key;
  });
  TORCH_CHECK(are_whole && spans.queries == spans.keys && x.size(0) == spans.keys,
              "expected a row for each of the ", spans.keys,
              " tokens of spans with a query for every key; found ", described(x), " and ",
              spans.queries, " queries");
}

/// Throws unless all are vectors of one length, type and device.
template <typename... Tensors>
void expect_vectors(const at::Tensor &x, const Tensors &...others) {
  auto fits = [&](const at::Tensor &other) {
    return other.sizes() == x.sizes() && other.scalar_type() == x.scalar_type() &&
           other.is_contiguous();
  };
  expect(are_floating(x, others...) && x.dim() == 1 && x.is_contiguous() && (fits(others) && ...),
         "contiguous vectors of one length and type", x, others...);
}

at::Tensor quantized(const char *expected, const Operation<signature::quantized_product> &operation,
                     const at::Tensor &x, const at::Tensor &codes, const at::Tensor &scales,
                     int64_t side) {
  expect(are_floating(x, scales) && x.dim() == 2 && codes.dim() == 2 && scales.dim() == 1 &&
             codes.scalar_type() == at::kChar && scales.scalar_type() == at::kFloat &&
             codes.device() == x.device() && x.size(1) == codes.size(side) &&
             scales.size(0) == codes.size(0),
         expected, x, codes, scales);
  return operation(x.contiguous(), codes.contiguous(), scales.contiguous());
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> ctorch::rms_norm(const at::Tensor &x, const at::Tensor &weight,
                                                    double epsilon, at::ScalarType type) {
  static const Operation<signature::rms_norm> operation("varlora::rms_norm");
  expect(are_floating(x, weight) && x.dim() > 0 && weight.sizes() == x.sizes().slice(x.dim() - 1),
         "x [..., size] and weight [size]", x, weight);
  expect(type == x.scalar_type() || (type == at::kBFloat16 && x.scalar_type() == at::kFloat),
         "x of the type that is asked for, or of float32 for bfloat16", x);
  return operation(x.contiguous(), as(wide_type(x), weight), epsilon, type);
}

at::Tensor ctorch::rms_norm_backward(const at::Tensor &grad, const at::Tensor &x,
                                     const at::Tensor &weight, const at::Tensor &factors,
                                     at::ScalarType type) {
  static const Operation<signature::rms_norm_backward> operation("varlora::rms_norm_backward");
  expect(grad.sizes() == x.sizes() && are_floating(grad, x), "the gradient of the result, and x",
         grad, x);
  return operation(grad.contiguous(), x.contiguous(), as(wide_type(x), weight), factors, type);
}

at::Tensor ctorch::gated(const at::Tensor &gate_up, bool gelu) {
  static const Operation<signature::gated> operation("varlora::gated");
  expect(are_floating(gate_up) && gate_up.dim() > 0 && gate_up.size(-1) % 2 == 0,
         "gate and up [..., 2 n]", gate_up);
  return operation(gate_up.contiguous(), gelu);
}

at::Tensor ctorch::gated_backward(const at::Tensor &grad, const at::Tensor &gate_up, bool gelu) {
  static const Operation<signature::gated_backward> operation("varlora::gated_backward");
  expect(grad.scalar_type() == gate_up.scalar_type() && grad.numel() * 2 == gate_up.numel(),
         "the gradient of the gated half, and gate and up", grad, gate_up);
  return operation(grad.contiguous(), gate_up.contiguous(), gelu);
}

at::Tensor ctorch::rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine,
                          bool back) {
  static const Operation<signature::rotate> operation("varlora::rotate");
  expect(are_floating(x, cosine, sine) && x.dim() == 3 && cosine.dim() == 2 &&
             cosine.size(0) == x.size(0) && 2 * cosine.size(1) <= x.size(2) &&
             sine.sizes() == cosine.sizes(),
         "x [tokens, heads, size], cosine and sine [tokens, at most size / 2]", x, cosine, sine);
  return operation(x.contiguous(), as(wide_type(x), cosine), as(wide_type(x), sine), back);
}

at::Tensor ctorch::dropout(const at::Tensor &x, double probability, int64_t seed) {
  static const Operation<signature::dropout> operation("varlora::dropout");
  expect(are_floating(x), "floating numbers", x);
  TORCH_CHECK(0 <= probability && probability < 1, "expected a probability of dropout from 0 up to "
              "but not 1; found ", probability, " for ", described(x));
  return operation(x.contiguous(), probability, seed);
}

at::Tensor ctorch::low_rank_down(const at::Tensor &x, const at::Tensor &a, double scale,
                                 double probability, int64_t seed) {
  static const Operation<signature::low_rank_down> operation("varlora::low_rank_down");
  expect(are_floating(x, a) && x.dim() == 2 && a.dim() == 2 && x.size(1) == a.size(1),
         "x [..., in] and a [rank, in]", x, a);
  return operation(x.contiguous(), a, scale, probability, seed);
}

at::Tensor ctorch::low_rank_up(const at::Tensor &x, const at::Tensor &b, double probability,
                               int64_t seed) {
  static const Operation<signature::low_rank_up> operation("varlora::low_rank_up");
  expect(are_floating(x, b) && x.dim() == 2 && b.dim() == 2 && x.size(1) == b.size(1),
         "x [..., rank] and b [out, rank]", x, b);
  return operation(x.contiguous(), b, probability, seed);
}

void ctorch::ivon_draw(const at::Tensor &values, const at::Tensor &mean, const at::Tensor &offset,
                       const at::Tensor &hessian, double sample_size, double decay) {
  static const Operation<signature::ivon_draw> operation("varlora::ivon_draw");
  expect_vectors(values, mean, offset, hessian);
  operation(values, mean, offset, hessian, sample_size, decay);
}

at::Tensor ctorch::ivon_step(const at::Tensor &values, const at::Tensor &hessian,
                             const at::Tensor &momentum, const at::Tensor &gradient,
                             const at::Tensor &product, const std::optional<at::Tensor> &prior,
                             double beta1, double beta2, double sample_size, double decay,
                             double debias, double radius, double rate) {
  static const Operation<signature::ivon_step> operation("varlora::ivon_step");
  expect_vectors(values, hessian, momentum, gradient, product, prior.value_or(values));
  return operation(values, hessian, momentum, gradient, product, prior, beta1, beta2, sample_size,
                   decay, debias, radius, rate);
}

void ctorch::adamw_step(const at::Tensor &values, const at::Tensor &first,
                        const at::Tensor &second, const at::Tensor &gradient, double beta1,
                        double beta2, double root_scale, double epsilon, double shrinkage,
                        double rate) {
  static const Operation<signature::adamw_step> operation("varlora::adamw_step");
  expect_vectors(values, first, second, gradient);
  operation(values, first, second, gradient, beta1, beta2, root_scale, epsilon, shrinkage, rate);
}

at::Tensor ctorch::product(const at::Tensor &x, const at::Tensor &weight) {
  static const Operation<signature::product> operation("varlora::product");
  expect(are_floating(x, weight) && x.dim() == 2 && weight.dim() == 2 &&
             x.size(1) == weight.size(1),
         "x [..., in] and weight [out, in]", x, weight);
  return operation(x.contiguous(), weight.to(x.scalar_type()));
}

std::tuple<at::Tensor, at::Tensor> ctorch::quantize_rows(const at::Tensor &rows) {
  static const Operation<signature::quantize_rows> operation("varlora::quantize_rows");
  expect(are_floating(rows) && rows.dim() == 2, "rows [rows, size]", rows);
  return operation(rows.contiguous());
}

at::Tensor ctorch::quantized_product(const at::Tensor &x, const at::Tensor &codes,
                                     const at::Tensor &scales) {
  static const Operation<signature::quantized_product> operation("varlora::quantized_product");
  return quantized("x [..., in], codes int8 [out, in] and scales float32 [out]", operation, x,
                   codes, scales, 1);
}

at::Tensor ctorch::rounded_product(const at::Tensor &x, const at::Tensor &codes,
                                   const at::Tensor &scales) {
  static const Operation<signature::rounded_product> operation("varlora::rounded_product");
  return quantized("x [..., in], codes int8 [out, in] and scales float32 [out]", operation, x,
                   codes, scales, 1);
}

at::Tensor ctorch::quantized_product_backward(const at::Tensor &grad, const at::Tensor &codes,
                                              const at::Tensor &scales) {
  static const Operation<signature::quantized_product_backward> operation(
      "varlora::quantized_product_backward");
  return quantized("gradient [..., out], codes int8 [out, in] and scales float32 [out]", operation,
                   grad, codes, scales, 0);
}

std::tuple<at::Tensor, std::vector<at::Tensor>> ctorch::packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap) {
  static const Operation<signature::packed_attention> operation("varlora::packed_attention");
  expect(are_floating(query, key, value) && query.scalar_type() == key.scalar_type() &&
             key.scalar_type() == value.scalar_type() && query.dim() == 3 && key.dim() == 3 &&
             value.sizes() == key.sizes() && query.size(2) == key.size(2) && key.size(1) > 0 &&
             query.size(1) % key.size(1) == 0,
         "query [queries, heads, size], key and value [keys, key heads, size] of one type, with a "
         "multiple of the key heads as heads",
         query, key, value);
  TORCH_CHECK(query.size(0) == spans->queries && key.size(0) >= spans->keys, "expected ",
              spans->queries, " queries and at least ", spans->keys, " keys, by the spans; found ",
              described(query), ", ", described(key));
  return operation(query.contiguous(), key.contiguous(), value.contiguous(), spans, scale, cap);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> ctorch::packed_attention_backward(
    const at::Tensor &grad, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const c10::intrusive_ptr<AttentionSpans> &spans, double scale, double cap,
    at::TensorList kept) {
  static const Operation<signature::packed_attention_backward> operation(
      "varlora::packed_attention_backward");
  expect(grad.sizes() == query.sizes() && grad.scalar_type() == query.scalar_type(),
         "the gradient of the result, and the query", grad, query);
  return operation(grad.contiguous(), query, key, value, spans, scale, cap, kept);
}

at::Tensor ctorch::delta_rule(const at::Tensor &query, const at::Tensor &key,
                              const at::Tensor &value, const at::Tensor &decay,
                              const at::Tensor &strength,
                              const c10::intrusive_ptr<AttentionSpans> &spans) {
  static const Operation<signature::delta_rule> operation("varlora::delta_rule");
  expect(are_floating(query, key, value, decay, strength) && query.dim() == 3 &&
             key.sizes() == query.sizes() && value.dim() == 3 && key.size(0) == value.size(0) &&
             key.size(1) > 0 && value.size(1) % key.size(1) == 0 &&
             decay.sizes() == value.sizes().slice(0, 2) && strength.sizes() == decay.sizes(),
         "query and key [tokens, key heads, key size], value [tokens, heads, value size] with a "
         "multiple of the key heads as heads, decay and strength [tokens, heads]",
         query, key, value, decay, strength);
  expect_all_tokens(*spans, value);
  return operation(query, key, value, decay, strength, spans);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> ctorch::delta_rule_backward(
    const at::Tensor &grad, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const at::Tensor &decay, const at::Tensor &strength,
    const c10::intrusive_ptr<AttentionSpans> &spans) {
  static const Operation<signature::delta_rule_backward> operation("varlora::delta_rule_backward");
  expect(grad.sizes() == value.sizes(), "the gradient of the result, and the value", grad, value);
  return operation(grad, query, key, value, decay, strength, spans);
}

at::Tensor ctorch::convolve(const at::Tensor &x, const at::Tensor &weight,
                            const c10::intrusive_ptr<AttentionSpans> &spans) {
  static const Operation<signature::convolve> operation("varlora::convolve");
  expect(are_floating(x, weight) && x.dim() == 2 && weight.dim() == 2 && weight.size(1) > 0 &&
             x.size(1) == weight.size(0),
         "x [tokens, channels] and weight [channels, taps]", x, weight);
  expect_all_tokens(*spans, x);
  return operation(x, weight, spans);
}

at::Tensor ctorch::convolve_backward(const at::Tensor &grad, const at::Tensor &x,
                                     const at::Tensor &weight,
                                     const c10::intrusive_ptr<AttentionSpans> &spans) {
  static const Operation<signature::convolve_backward> operation("varlora::convolve_backward");
  expect(grad.sizes() == x.sizes(), "the gradient of the result, and x", grad, x);
  return operation(grad, x, weight, spans);
}

std::string ctorch::described(const at::Tensor &x) {
  std::string text(c10::getDtypeNames(x.scalar_type()).first);
  text += " " + c10::str(x.sizes());
  return x.is_cpu() ? text : text + " on " + x.device().str();
}
