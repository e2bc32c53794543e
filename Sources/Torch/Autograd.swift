import CTorch

extension Tensor {
    /// Makes this leaf collect its gradient in `gradient`, a tensor of the same shape.
    ///
    /// Backward passes add in place, so views of one buffer gather the gradients of many leaves.
    public func collectGradient(in gradient: Tensor) {
        check(ctorch_set_requires_grad(handle, true), "collectGradient")
        check(ctorch_set_grad(handle, gradient.handle), "collectGradient")
    }

    /// Makes this leaf one that ``gradients(weightedBy:of:keepingGraph:)`` can be asked for.
    public func requireGradient() {
        check(ctorch_set_requires_grad(handle, true), "requireGradient")
    }

    /// The gradients of `sum(weights * self)` with respect to `inputs`; no leaf collects any.
    ///
    /// `weights` has the shape of this tensor. The graph can be used once, but again after a call
    /// that keeps it.
    public func gradients(
        weightedBy weights: Tensor,
        of inputs: [Tensor],
        keepingGraph: Bool = false
    ) -> [Tensor] {
        var results = [ctorch_tensor?](repeating: nil, count: inputs.count)
        check(
            ctorch_gradients(
                handle,
                weights.handle,
                inputs.map(\.handle),
                Int32(inputs.count),
                keepingGraph,
                &results
            ),
            "gradients"
        )
        return results.map(Tensor.init(handle:))
    }

    /// The same storage outside the gradient graph.
    public func detached() -> Tensor { Tensor { ctorch_detach(handle, $0) } }

    /// Adds the gradient of this scalar to every leaf it depends on.
    public func backward() { check(ctorch_backward(handle), "backward") }
}

/// Runs `body` without recording a gradient graph; the former mode returns also on throw.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ctorch_grad_enabled()
    ctorch_set_grad_enabled(false)
    defer { ctorch_set_grad_enabled(before) }
    return try body()
}
