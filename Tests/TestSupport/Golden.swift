import Foundation
import JSON
import TensorFiles
import Torch

/// Files that the scripts in `Tests/References` wrote.
public enum Golden {
    /// The folder of an area, such as `Models/llama2`.
    public static func folder(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("References/Golden/\(path)")
    }

    /// A JSON file.
    public static func json(_ path: String) throws -> JSONNode {
        try JSONNode(contentsOf: folder(path))
    }

    /// A float32 tensor of a safetensors file.
    public static func tensor(_ name: String, in path: String) throws -> Tensor {
        let file = try Safetensors(contentsOf: folder(path))
        let bytes = try file.bytes(of: name)
        return Tensor(
            viewing: bytes.pointer,
            shape: file.entries[name]?.shape ?? [],
            dtype: .float32,
            owner: bytes.owner
        ).clone()
    }
}

extension JSONNode {
    /// A list of numbers.
    public func numbers() throws -> [Double] { try elements().map { try $0.number() } }

    /// A list of non-negative integers.
    public func integers() throws -> [Int] { try elements().map { try $0.integer() } }
}

extension Tensor {
    /// The largest absolute difference of two tensors of the same shape.
    public func largestDifference(to other: Tensor) -> Double {
        precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
        return zip(doubles, other.doubles).map { abs($0 - $1) }.max() ?? 0
    }

    /// The norm of the difference divided by the norm of `other`.
    public func relativeDifference(to other: Tensor) -> Double {
        precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
        let (a, b) = (doubles, other.doubles)
        let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = b.reduce(0) { $0 + $1 * $1 }
        return (difference / size).squareRoot()
    }
}

/// A folder that is removed when `body` ends.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("varlora-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
