// A part of a model that keeps only its input, and runs once more in the backward pass: gradient
// checkpointing (Chen et al. 2016, arXiv 1604.06174).
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Shim.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

/// A function from outside with what it captured, kept until the graph is gone.
struct Part : torch::CustomClassHolder {
  ctorch_part run;
  void (*release)(void *);
  void *context;

  ~Part() override { release(context); }

  at::Tensor operator()(const at::Tensor &x) const {
    ctorch_tensor out = nullptr;
    if (run(context, wrap(x), &out) != 0) throw std::runtime_error(ctorch_last_error());
    at::Tensor y = unwrap(out);
    ctorch_release(out);
    return y;
  }
};

struct Recomputed : Function<Recomputed> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x,
                            c10::intrusive_ptr<Part> part) {
    context->save_for_backward({x});
    context->saved_data["part"] = c10::IValue::make_capsule(part);
    return (*part)(x);
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    auto capsule = context->saved_data["part"].toCapsule();
    const Part &part = static_cast<const Part &>(*capsule);
    at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
    at::Tensor y;
    {
      at::AutoGradMode records(true);
      y = part(x);
    }
    torch::autograd::backward({y}, {grads[0]});
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

int32_t ctorch_recomputed(ctorch_tensor x, ctorch_part run, void *context,
                          void (*release)(void *), ctorch_tensor *out) {
  auto part = c10::make_intrusive<Part>();
  part->run = run;
  part->context = context;
  part->release = release;
  return guarded_result(out, [&] {
    at::Tensor in = unwrap(x);
    // The part has parameters of its own: it needs a place in the graph whatever its input.
    if (at::GradMode::is_enabled() && !in.requires_grad()) in = in.detach().requires_grad_();
    return Recomputed::apply(in, part);
  });
}

int32_t ctorch_retain(ctorch_tensor tensor, ctorch_tensor *out) {
  return guarded_result(out, [&] { return unwrap(tensor); });
}
