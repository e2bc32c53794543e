import Torch

/// A trainable change of a linear layer's output.
public protocol LinearAdapter: AnyObject {
    /// What to add to the layer's output [tokens, out] for its input [tokens, in].
    func delta(_ input: Tensor) -> Tensor
}

/// A frozen linear layer with a slot for an adapter: `x` times the transpose of the weight.
public final class Linear {
    /// The layer's name in the checkpoint, such as `model.layers.0.self_attn.q_proj`.
    public let path: String
    /// The frozen weight [out, in].
    public let weight: FrozenWeight
    /// The frozen bias [out], where the layer has one.
    public let bias: Tensor?
    /// Whether the weight is the table of embeddings, too.
    public let isTied: Bool
    /// What is added to the output; none in the untouched model.
    public var adapter: (any LinearAdapter)?

    init(path: String, weight: FrozenWeight, bias: Tensor?, isTied: Bool = false) {
        self.path = path
        self.weight = weight
        self.bias = bias
        self.isTied = isTied
    }

    /// Size of the input and of the output.
    public var shape: (input: Int, output: Int) {
        let sizes = weight.shape
        return (sizes[1], sizes[0])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = weight.product(x, bias: bias)  // [tokens, out]
        guard let adapter else { return y }
        return y + adapter.delta(x)
    }
}

/// What is computed of one input in one product: linear layers, or the parts of one.
protocol JointLinears {
    var linears: [Linear] { get }
    /// Each part: [tokens, out].
    func separate(_ x: Tensor) -> [Tensor]
    /// The parts side by side: [tokens, sum of out].
    func joined(_ x: Tensor) -> Tensor
}

/// One linear layer whose output has several parts, as checkpoints store some layers.
struct FusedLinear: JointLinears {
    let linears: [Linear]
    private let sizes: [Int]

    /// The layer at `weights` with outputs of these sizes, without a bias.
    init(_ weights: WeightScope, _ sizes: [Int], input: Int) throws {
        self.sizes = sizes
        linears = [
            try Linear(weights, input: input, output: sizes.reduce(0, +), bias: false)
        ]
    }

    func separate(_ x: Tensor) -> [Tensor] { joined(x).split(sizes, along: -1) }
    func joined(_ x: Tensor) -> Tensor { linears[0](x) }
}

/// Linear layers that read the same input, computed as one product with their weights joined.
final class LinearGroup: JointLinears {
    let linears: [Linear]
    private let weight: FrozenWeight  // [sum of out, in]; each linear's weight is a view of it
    private let bias: Tensor?
    private let sizes: [Int]

    /// The layers `names` below `weights`, each with a bias when `bias` says so.
    init(_ weights: WeightScope, _ names: [(String, output: Int)], input: Int, bias: Bool) throws {
        sizes = names.map(\.output)
        weight = try weights.joinedWeight(names, input: input)
        self.bias =
            bias
            ? Tensor.concatenated(
                try names.map { try (weights / $0.0).tensor("bias", [$0.output]) },
                along: 0
            )
            : nil
        var start = 0
        var linears: [Linear] = []
        for (name, output) in names {
            linears.append(
                Linear(
                    path: (weights / name).path,
                    weight: weight.rows(start: start, length: output),
                    bias: self.bias?.narrowed(0, start: start, length: output)
                )
            )
            start += output
        }
        self.linears = linears
    }

    func separate(_ x: Tensor) -> [Tensor] {
        let parts = weight.product(x, bias: bias).split(sizes, along: -1)
        return zip(linears, parts).map { linear, part in
            linear.adapter.map { part + $0.delta(x) } ?? part
        }
    }

    func joined(_ x: Tensor) -> Tensor {
        guard linears.contains(where: { $0.adapter != nil }) else {
            return weight.product(x, bias: bias)
        }
        return Tensor.concatenated(separate(x), along: -1)
    }
}

extension Linear {
    /// The layer at `weights`: `weight` [output, input] and, when `bias` says so, `bias` [output].
    convenience init(_ weights: WeightScope, input: Int, output: Int, bias: Bool) throws {
        self.init(
            path: weights.path,
            weight: try weights.weight(input: input, output: output),
            bias: bias ? try weights.tensor("bias", [output]) : nil
        )
    }
}
