import Foundation
import Optimizers
import TensorFiles
import Torch

/// The numbers and tensors of a posterior file.
public struct PosteriorContents {
    /// The parameters that the posterior is about.
    public let entries: [FlatParameters.Entry]
    private let file: URL
    private let device: Device
    private var numbers: [String: String] = [:]
    private var tensors: [String: Tensor] = [:]  // float32
    private var read = Names()

    /// Which tensors were asked for.
    private final class Names {
        var all: Set<String> = []
    }

    /// Nothing yet, about `parameters`; `file` is for messages.
    init(for parameters: FlatParameters, file: URL) {
        entries = parameters.entries
        device = parameters.values.device
        self.file = file
    }

    /// What an archive holds about `parameters`.
    init(_ archive: Safetensors, for parameters: FlatParameters) throws {
        self.init(for: parameters, file: archive.url)
        numbers = archive.metadata
        for name in archive.names {
            guard let entry = archive.entries[name] else { continue }
            guard entry.elementType == .float32 else {
                throw mismatch(name, "F32", entry.elementType.rawValue)
            }
            let bytes = try archive.bytes(of: name)
            tensors[name] = bytes.withBytes {
                Tensor(viewing: $0, shape: entry.shape, dtype: .float32, owner: bytes)
            }
            .to(device)
        }
    }

    /// Adds a number.
    public mutating func add(_ number: Double, as key: String) { numbers[key] = "\(number)" }

    /// Adds a float32 tensor.
    public mutating func add(_ tensor: Tensor, as name: String) { tensors[name] = tensor }

    /// Adds a vector [count] as one tensor a parameter: `name`, a dot, the parameter's name.
    public mutating func add(vector: Tensor, as name: String) {
        for entry in entries {
            tensors["\(name).\(entry.name)"] = FlatParameters.view(vector, entry)
        }
    }

    /// A number within a range.
    ///
    /// - Throws: an error when it is missing or out of the range.
    public func number(_ key: String, in range: ClosedRange<Double>) throws -> Double {
        let value = try text(key)
        guard let number = Double(value), range.contains(number) else {
            let expected =
                range.upperBound == .greatestFiniteMagnitude
                ? "a number of at least \(range.lowerBound)"
                : "a number from \(range.lowerBound) to \(range.upperBound)"
            throw mismatch(key, expected, value)
        }
        return number
    }

    /// A positive number.
    ///
    /// - Throws: an error when it is missing, not finite or not positive.
    public func positive(_ key: String) throws -> Double {
        let value = try text(key)
        guard let number = Double(value), number > 0, number.isFinite else {
            throw mismatch(key, "a positive number", value)
        }
        return number
    }

    /// A number of at least `bound`.
    ///
    /// - Throws: an error when it is missing, not finite or lower.
    public func number(_ key: String, atLeast bound: Double) throws -> Double {
        try number(key, in: bound...Double.greatestFiniteMagnitude)
    }

    /// A text.
    ///
    /// - Throws: an error when it is missing.
    func text(_ key: String) throws -> String {
        guard let value = numbers[key] else {
            throw TensorFileError.missingKey(file: file.path, key: key)
        }
        return value
    }

    /// A tensor of a shape, of finite numbers of at least `least`; -1 stands for any size of at
    /// least 1.
    ///
    /// - Throws: an error when it is missing, has another shape or holds another number.
    public func tensor(
        _ name: String,
        shape: [Int],
        atLeast least: Float = -.infinity
    ) throws -> Tensor {
        guard let tensor = tensors[name] else {
            throw TensorFileError.missingTensor(file: file.path, tensor: name)
        }
        read.all.insert(name)
        let found = tensor.shape
        let fits =
            found.count == shape.count
            && zip(found, shape).allSatisfy { $0 == $1 || ($1 == -1 && $0 > 0) }
        guard fits else {
            throw mismatch(name, "the shape \(shape)", "\(found)")
        }
        if let stray = tensor.floats.first(where: { !($0.isFinite && $0 >= least) }) {
            let range = least == -.infinity ? "" : " of at least \(least)"
            throw mismatch(name, "finite numbers\(range)", "\(stray)")
        }
        return tensor
    }

    /// A vector [count] that was stored as one tensor a parameter, of numbers of at least `least`.
    ///
    /// - Throws: an error when one is missing, has another shape than its parameter or holds
    ///   another number.
    public func vector(_ name: String, atLeast least: Float = -.infinity) throws -> Tensor {
        let parts = try entries.map { entry in
            try tensor("\(name).\(entry.name)", shape: entry.shape, atLeast: least)
                .view([entry.range.count])
        }
        return Tensor.concatenated(parts, along: 0)
    }

    /// An error that names the file, a key, what was expected and what was found.
    func mismatch(_ key: String, _ expected: String, _ found: String) -> PosteriorFileError {
        .mismatch(file, key, expected, found)
    }

    /// Throws when the file holds tensors that nothing has asked for: it is another adapter's.
    func checkAllRead() throws {
        guard let name = tensors.keys.sorted().first(where: { !read.all.contains($0) }) else {
            return
        }
        throw mismatch(
            "tensors",
            "\(read.all.count), those of this adapter",
            "\(tensors.count), among them \(name)"
        )
    }

    /// Writes everything as a file, whole or not at all.
    func write(_ header: [String: String]) throws {
        let all = tensors.sorted { $0.key < $1.key }.map { name, tensor in
            TensorToWrite(name: name, shape: tensor.shape, floats: tensor.floats)
        }
        try checkTorch()
        let metadata = numbers.merging(header) { _, header in header }
        try Safetensors.write(all, metadata: metadata, to: file)
    }
}
