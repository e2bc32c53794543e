// The gated delta rule and the convolution in front of it as nodes of the gradient graph. They keep
// their operands alone, and compute again in the backward pass what it needs besides.
#include <torch/csrc/autograd/custom_function.h>

#include "Operators.h"
#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using Spans = c10::intrusive_ptr<AttentionSpans>;

namespace {

Spans saved_spans(AutogradContext *context) {
  return c10::static_intrusive_pointer_cast<AttentionSpans>(
      context->saved_data["spans"].toCapsule());
}

struct DeltaRule : Function<DeltaRule> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &query,
                            const at::Tensor &key, const at::Tensor &value,
                            const at::Tensor &decay, const at::Tensor &strength, Spans spans) {
    context->save_for_backward({query, key, value, decay, strength});
    context->saved_data["spans"] = c10::IValue::make_capsule(spans);
    return delta_rule(query, key, value, decay, strength, spans);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    auto [query, key, value, decay, strength] =
        delta_rule_backward(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4],
                            saved_spans(context));
    return {query, key, value, decay, strength, at::Tensor()};
  }
};

struct Convolution : Function<Convolution> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &weight, Spans spans) {
    context->save_for_backward({x, weight});
    context->saved_data["spans"] = c10::IValue::make_capsule(spans);
    return convolve(x, weight, spans);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto saved = context->get_saved_variables();
    return {convolve_backward(grads[0], saved[0], saved[1], saved_spans(context)), at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

int32_t ctorch_delta_rule(ctorch_tensor query, ctorch_tensor key, ctorch_tensor value,
                          ctorch_tensor decay, ctorch_tensor strength, ctorch_spans spans,
                          ctorch_tensor *out) {
  return guarded_result(out, [&] {
    return DeltaRule::apply(unwrap(query), unwrap(key), unwrap(value), unwrap(decay),
                            unwrap(strength), owned<Spans>(spans));
  });
}

int32_t ctorch_convolution(ctorch_tensor x, ctorch_tensor weight, ctorch_spans spans,
                           ctorch_tensor *out) {
  return guarded_result(
      out, [&] { return Convolution::apply(unwrap(x), unwrap(weight), owned<Spans>(spans)); });
}
