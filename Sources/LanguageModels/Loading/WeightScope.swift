import Torch

/// The tensors of a checkpoint, whatever its files: a Hugging Face folder or a GGUF file.
protocol WeightSource {
    /// The file or folder, for messages.
    var file: String { get }
    /// The shape of every tensor, by checkpoint name.
    var shapes: [String: [Int]] { get }
    /// A tensor in float32 on the CPU, in memory that may be written to.
    func load(_ name: String) throws -> Tensor
    /// A tensor on the CPU: in float16 or bfloat16 where it is stored so, else in float32.
    func loadStored(_ name: String) throws -> Tensor
    /// Divisors of the rotary frequencies, where the file stores them.
    func ropeDivisors() throws -> [Float]?
    /// A few bytes of a tensor as stored, for fingerprints.
    func sample(_ name: String) throws -> [UInt8]
}

/// A place in a checkpoint: names are read relative to it, and every name that is read is noted.
public struct WeightScope {
    /// The name of this place, such as `model.layers.0`; empty at the root.
    let path: String
    let device: Device
    private let precision: BasePrecision
    private let source: any WeightSource
    private let names: ReadNames

    /// The names read so far, shared by all scopes of a checkpoint.
    private final class ReadNames {
        var names: Set<String> = []
    }

    init(_ source: any WeightSource, _ precision: BasePrecision, device: Device) {
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

    /// The tensor `name` of this place in float32, which must have the given shape.
    func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
        try source.load(try checked(name, shape)).to(device)
    }

    /// The tensor `name` of this place, of which few rows are read at a time.
    ///
    /// It is in float32, or, where the linear layers are in 8 bits, in the 16 bits it is stored in.
    func table(_ name: String, _ shape: [Int]) throws -> Tensor {
        if precision == .float32 { return try tensor(name, shape) }
        return try source.loadStored(try checked(name, shape)).to(device)
    }

    /// The weight of a linear layer at this place: [output, input].
    func weight(input: Int, output: Int) throws -> FrozenWeight {
        let values = try tensor("weight", [output, input])
        if precision == .float32 { return .float32(values) }
        let weight = FrozenWeight(zeros: [output, input], precision, device: device)
        weight.assign(values)
        return weight
    }

    /// The weights of the linear layers `names` of this place, one below the other.
    func joinedWeight(_ names: [(String, output: Int)], input: Int) throws -> FrozenWeight {
        let rows = names.reduce(0) { $0 + $1.output }
        let joined = FrozenWeight(zeros: [rows, input], precision, device: device)
        var start = 0
        for (name, output) in names {
            // One at a time: a whole group in float32 would be a large part of the memory.
            joined.rows(start: start, length: output)
                .assign(try (self / name).tensor("weight", [output, input]))
            start += output
        }
        return joined
    }

    /// The full name of a tensor that the checkpoint holds in that shape; noted as read.
    private func checked(_ name: String, _ shape: [Int]) throws -> String {
        let full = (self / name).path
        guard let found = source.shapes[full] else {
            throw ModelError.missingTensor(file: source.file, tensor: full)
        }
        guard found == shape else {
            throw ModelError.shapeMismatch(
                file: source.file,
                tensor: full,
                expected: shape,
                found: found
            )
        }
        names.names.insert(full)
        return full
    }

    func ropeDivisors(_ count: Int) throws -> [Float]? {
        guard let divisors = try source.ropeDivisors() else { return nil }
        guard divisors.count == count else {
            throw ModelError.shapeMismatch(
                file: source.file,
                tensor: "rope_freqs.weight",
                expected: [count],
                found: [divisors.count]
            )
        }
        return divisors
    }

    /// Throws when the checkpoint holds tensors that nobody read.
    func checkAllRead(except ignored: (String) -> Bool) throws {
        let surplus = source.shapes.keys.filter { !names.names.contains($0) && !ignored($0) }
        guard let first = surplus.min() else { return }
        throw ModelError.surplusTensors(file: source.file, first: first, count: surplus.count)
    }
}
