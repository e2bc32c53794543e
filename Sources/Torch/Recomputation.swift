import CTorch

extension Tensor {
    /// `body` of this tensor; nothing but this tensor is kept for the backward pass, in which
    /// `body` runs once more.
    ///
    /// Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174). `body` must compute the same
    /// both times, so what it reads must not change until the backward pass is over. What it keeps
    /// alive is freed with the graph. A failure in it is one of this operation, or of the backward
    /// pass.
    public func recomputedInBackward(_ body: @escaping (Tensor) -> Tensor) -> Tensor {
        let context = Unmanaged.passRetained(Part(body)).toOpaque()
        return Tensor {
            ctorch_recomputed(
                handle,
                { context, input, output in
                    guard let context, let output else { return 1 }
                    let part = Unmanaged<Part>.fromOpaque(context).takeUnretainedValue()
                    do {
                        // A scope of its own: the backward pass of a GPU runs on a thread without.
                        let result = try withTorchErrors { part.body(Tensor(handle: input)) }
                        return withExtendedLifetime(result) {
                            ctorch_retain(result.handle, output)
                        }
                    } catch {
                        ctorch_set_last_error("\(error)")
                        return 1
                    }
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
