import CTorch

extension Tensor {
    /// `body` of this tensor; nothing but this tensor is kept for the backward pass, in which
    /// `body` runs once more.
    ///
    /// Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174). `body` must compute the same
    /// both times, so what it reads must not change until the backward pass is over. What it keeps
    /// alive is freed with the graph.
    public func recomputedInBackward(_ body: @escaping (Tensor) -> Tensor) -> Tensor {
        let context = Unmanaged.passRetained(Part(body)).toOpaque()
        return Tensor {
            ctorch_recomputed(
                handle,
                { context, input, output in
                    guard let context, let output else { return 1 }
                    let part = Unmanaged<Part>.fromOpaque(context).takeUnretainedValue()
                    let result = part.body(Tensor(handle: input))
                    return withExtendedLifetime(result) { ctorch_retain(result.handle, output) }
                },
                context,
                { context in context.map { Unmanaged<Part>.fromOpaque($0).release() } },
                $0
            )
        }
    }
}

private final class Part {
    let body: (Tensor) -> Tensor

    init(_ body: @escaping (Tensor) -> Tensor) {
        self.body = body
    }
}
