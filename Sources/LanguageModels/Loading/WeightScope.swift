import Torch

/// A place in a checkpoint: names are read relative to it, and every name that is read is noted.
public struct WeightScope {
    /// The name of this place, such as `model.layers.0`; empty at the root.
    let path: String
    let device: Device
    let precision: Precision
    private let source: any WeightSource
    private let names: ReadNames

    /// The names read so far, shared by all scopes of a checkpoint.
    private final class ReadNames {
        var all: Set<String> = []
        var tables: Set<String> = []
    }

    init(_ source: any WeightSource, _ precision: Precision, device: Device) {
        path = ""
        self.device = device
        self.precision = precision
        self.source = source
        names = ReadNames()
    }

    private init(_ name: String, of scope: WeightScope) {
        path = scope.path.isEmpty ? name : scope.path + "." + name
        device = scope.device
        precision = scope.precision
        source = scope.source
        names = scope.names
    }

    static func / (scope: WeightScope, name: String) -> WeightScope {
        WeightScope(name, of: scope)
    }

    /// The names of all tables read so far, here and at other places of the checkpoint.
    var tableNames: Set<String> { names.tables }

    /// The tensor `name` of this place in float32, which must have the given shape.
    func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
        try load(name, shape, as: .float32)
    }

    /// The tensor `name` of this place, of which few rows are read at a time.
    ///
    /// It is in the type that is computed in, or, where the linear layers are not in float32, in
    /// the 16 bits it is stored in.
    func table(_ name: String, _ shape: [Int]) throws -> Tensor {
        let path = (self / name).path
        names.tables.insert(path)
        let isStoredIn16Bits = source.tensors[path]?.is16Bits ?? false
        let type = precision.tableType(isStoredIn16Bits: isStoredIn16Bits)
        return try load(name, shape, as: type)
    }

    /// The numbers `name` of this place, where the checkpoint has them.
    func optionalNumbers(_ name: String, count: Int) throws -> [Double]? {
        guard holds(name) else { return nil }
        return try load(name, [count], as: .float32).doubles
    }

    /// Notes tensors of this place that settings were read from.
    func note(_ names: [String]) {
        for name in names { self.names.all.insert((self / name).path) }
    }

    /// Notes all tensors of this place, which nobody is to read.
    func leaveOut() {
        names.all.formUnion(source.tensors.keys.filter { $0.hasPrefix(path + ".") })
    }

    /// Whether the checkpoint has the tensor `name` of this place.
    func holds(_ name: String) -> Bool { source.tensors[(self / name).path] != nil }

    /// The weight of a linear layer at this place: [output, input].
    func weight(input: Int, output: Int) throws -> FrozenWeight {
        switch precision.weights {
        case .float32: return .dense(try load("weight", [output, input], as: .float32))
        case .bfloat16: return .dense(try load("weight", [output, input], as: .bfloat16))
        case .int8, .int8Dynamic, .int8Wide:
            let weight = FrozenWeight(zeros: [output, input], precision.weights, device: device)
            weight.assign(try values([output, input]))
            return weight
        }
    }

    /// The weights of the linear layers `names` of this place, one below the other.
    func joinedWeight(_ names: [(String, output: Int)], input: Int) throws -> FrozenWeight {
        let rows = names.reduce(0) { $0 + $1.output }
        let joined = FrozenWeight(zeros: [rows, input], precision.weights, device: device)
        var start = 0
        for (name, output) in names {
            // One at a time: a whole group in float32 would be a large part of the memory.
            joined.rows(start: start, length: output)
                .assign(try (self / name).values([output, input]))
            start += output
        }
        return joined
    }

    /// What is to be kept of the weight of a linear layer at this place, in float32.
    private func values(_ shape: [Int]) throws -> Tensor {
        precision.weights.rounded(try tensor("weight", shape))
    }

    private func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor {
        let full = (self / name).path
        if let found = try source.shape(of: full), found != shape {
            throw ModelError.shapeMismatch(
                file: source.file,
                tensor: full,
                expected: shape,
                found: found
            )
        }
        names.all.insert(full)
        return try source.load(full, shape, as: type).to(device)
    }

    /// Ends of the names of buffers that old checkpoints have: what follows from the settings, and
    /// masks of what no token sees.
    private static let leftOver = [
        "rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached", "attn.bias",
        "attn.masked_bias", "position_ids",
    ]

    /// Throws when the checkpoint holds tensors that nobody read.
    func checkAllRead() throws {
        let surplus = source.tensors.keys.filter { name in
            !names.all.contains(name) && !Self.leftOver.contains(where: name.hasSuffix)
        }
        guard let first = surplus.min() else { return }
        throw ModelError.surplusTensors(file: source.file, first: first, count: surplus.count)
    }
}
