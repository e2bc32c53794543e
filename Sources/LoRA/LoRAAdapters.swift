import LanguageModels
import Randomness
import Torch

/// The low-rank adapter of one layer.
private final class LoRAAdapter: LinearAdapter {
    let module: LoRALayout.Module
    let a: Tensor  // [rank, in]
    let b: Tensor  // [out, rank]
    private let dropout: Double
    /// A and B of several models, [models, rank, in] and [models, out, rank], in place of the own.
    var models: (a: Tensor, b: Tensor)?
    /// The seed of the dropout mask; none outside training.
    var dropoutSeed: UInt64?
    /// Whether passes leave a record.
    private var isRecording = false
    private(set) var record: AdapterRecord?

    init(_ module: LoRALayout.Module, a: Tensor, b: Tensor, dropout: Double) {
        self.module = module
        self.a = a
        self.b = b
        self.dropout = dropout
    }

    func delta(_ input: Tensor) -> Tensor {
        if let models { return delta(input, of: models) }
        let output = input.lowRankProduct(
            a,
            b,
            scale: module.scale,
            dropout: dropoutSeed == nil ? 0 : dropout,
            seed: dropoutSeed ?? 0
        )  // [tokens, out]
        guard isRecording else { return output }
        let probe = Tensor.zeros(output.shape, dtype: output.dtype, device: output.device)
        probe.requireGradient()
        let kept = dropoutSeed.map { input.dropout(dropout, seed: $0) } ?? input
        let x = kept.detached().to(.float32)
        record = AdapterRecord(
            module: module,
            b: b.detached(),
            input: x,
            reducedInput: x.matmul(a.detached().transposed(0, 1)),
            probe: probe
        )
        return output + probe
    }

    /// What several models add, each to its own share of the rows, one share behind another.
    private func delta(_ input: Tensor, of models: (a: Tensor, b: Tensor)) -> Tensor {
        let shares = input.reshaped([models.a.shape[0], -1, module.input])
        let reduced = shares.matmul(models.a.transposed(1, 2).to(input.dtype))
        return (reduced.matmul(models.b.transposed(1, 2).to(input.dtype)) * module.scale)
            .reshaped([input.shape[0], module.output])
    }

    /// Starts or ends recording; the last record is then gone.
    func record(_ isRecording: Bool) {
        self.isRecording = isRecording
        record = nil
    }

    /// scale · B A: [out, in].
    var product: Tensor { b.matmul(a) * module.scale }
}

/// The adapters of a model: attached to its layers, or merged into their weights.
///
/// A layer has room for one adapter, and a model for one set of them: attaching a set takes out
/// whichever was there, and a set that nobody holds any longer leaves the untouched model.
public final class LoRAAdapters {
    /// Which layers are adapted, and how.
    public let layout: LoRALayout
    private let model: any CausalLanguageModel
    private let adapters: [LoRAAdapter]
    private let linears: [Linear]  // those of the adapters, in the same order
    private var beforeMerge: [(weight: Tensor, values: Tensor)]?

    /// Adapters over `parameters`, the tensors of every name in the layout; attached to the model.
    public init(
        _ layout: LoRALayout,
        on model: any CausalLanguageModel,
        parameters: [String: Tensor]
    ) {
        func tensor(_ name: String) -> Tensor {
            guard let tensor = parameters[name] else {
                preconditionFailure("no parameter \(name) for this adapter")
            }
            return tensor
        }
        self.layout = layout
        self.model = model
        let layers = model.adaptable
        linears = layout.modules.map { module in
            guard let linear = layers[module.path] else {
                preconditionFailure("the model has no layer \(module.path)")
            }
            return linear
        }
        adapters = layout.modules.map {
            LoRAAdapter(
                $0,
                a: tensor($0.nameA),
                b: tensor($0.nameB),
                dropout: layout.settings.dropout
            )
        }
        attach()
    }

    deinit { detach() }

    /// Puts the adapters into the model's layers, in place of all that are there.
    public func attach() {
        for linear in model.adaptable.values { linear.adapter = nil }
        for (adapter, linear) in zip(adapters, linears) { linear.adapter = adapter }
    }

    /// Takes the adapters out: the model is the untouched base again, bit for bit.
    ///
    /// Another set that was attached since stays.
    public func detach() {
        for (adapter, linear) in zip(adapters, linears) where linear.adapter === adapter {
            linear.adapter = nil
        }
    }

    /// Whether these are the adapters in the model's layers, and not another set attached since.
    public var isAttached: Bool {
        zip(adapters, linears).allSatisfy { $1.adapter === $0 }
    }

    /// Traps unless these adapters are the ones that the model computes with.
    public func checkAttached() {
        precondition(isAttached, "these adapters are detached: another set took their place")
    }

    /// PEFT's start: A uniform in ±1/sqrt(in) (Kaiming with a = sqrt 5), B zero.
    public func initialize(from generator: Generator) {
        withoutGradients {
            for adapter in adapters {
                let bound = 1 / Double(adapter.module.input).squareRoot()
                let shape = [adapter.module.rank, adapter.module.input]
                adapter.a.copyInPlace(generator.uniform(shape, -bound..<bound))
                adapter.b.zeroInPlace()
            }
        }
    }

    /// Runs `body` with dropout on the adapters' inputs, the mask of each made from `seed`.
    ///
    /// The backward pass belongs into `body` too where blocks of the model run again in it.
    public func withDropout<Result>(
        seed: UInt64,
        _ body: () throws -> Result
    ) rethrows -> Result {
        checkAttached()
        var seeds = SplitMix64(seed: seed)
        for adapter in adapters { adapter.dropoutSeed = seeds.next() }
        defer { for adapter in adapters { adapter.dropoutSeed = nil } }
        return try body()
    }

    /// Runs `body`, one forward pass for several models that share the base: those that have, for
    /// each name of a parameter, the tensors of `parameters`, [models, ...].
    ///
    /// The rows of the pass are those of the first model, then as many of the next. A head cannot
    /// be adapted: it runs on rows that are chosen from all of them.
    public func withModels<Result>(
        _ parameters: [String: Tensor],
        _ body: () throws -> Result
    ) rethrows -> Result {
        checkAttached()
        precondition(!layout.adaptsHead, "models with adapted heads have no common pass")
        for adapter in adapters {
            guard let a = parameters[adapter.module.nameA], let b = parameters[adapter.module.nameB]
            else { preconditionFailure("no parameters for \(adapter.module.path)") }
            adapter.models = (a, b)
        }
        defer { for adapter in adapters { adapter.models = nil } }
        return try body()
    }

    /// Runs `body`, one forward pass, and gives also what each adapter saw in it, in the order of
    /// the layout.
    ///
    /// The gradient of the result with respect to a record's probe is that with respect to the
    /// output of the adapted layer, so gradients of A and B can be made for each token.
    public func recording<Result>(
        _ body: () throws -> Result
    ) rethrows -> (result: Result, records: [AdapterRecord]) {
        checkAttached()
        for adapter in adapters { adapter.record(true) }
        defer { for adapter in adapters { adapter.record(false) } }
        let result = try body()
        return (result, adapters.compactMap(\.record))
    }

    /// Adds the adapters to the weights and takes them out: same outputs, no extra work.
    ///
    /// - Throws: ``LoRAError/roundedBase(path:format:)`` when the weights are in fewer than 32
    ///   bits, which would round the adapters away; ``LoRAError/tiedBase(path:)`` when one is the
    ///   table of embeddings, too, which would change with it.
    public func merge() throws {
        guard beforeMerge == nil else { return }
        let weights = try linears.map { linear in
            guard case .dense(let weight) = linear.weight else {
                throw LoRAError.roundedBase(path: linear.path, format: "int8")
            }
            guard weight.dtype == .float32 else {
                throw LoRAError.roundedBase(path: linear.path, format: weight.dtype.rawValue)
            }
            guard !linear.isTied else { throw LoRAError.tiedBase(path: linear.path) }
            return weight
        }
        withoutGradients {
            beforeMerge = zip(adapters, weights).map { adapter, weight in
                let values = weight.clone()
                weight.addInPlace(adapter.product)
                return (weight, values)
            }
        }
        detach()
    }

    /// Undoes ``merge()``: the weights as they were, bit for bit, and the adapters attached.
    public func unmerge() {
        guard let weights = beforeMerge else { return }
        for (weight, values) in weights { weight.copyInPlace(values) }
        beforeMerge = nil
        attach()
    }
}
