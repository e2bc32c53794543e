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
        let shape = file.entries[name]?.shape ?? []
        return bytes.withBytes {
            Tensor(viewing: $0, shape: shape, dtype: .float32, owner: bytes)
        }
    }
}

extension JSONNode {
    /// A list of numbers.
    public func numbers() throws -> [Double] { try elements().map { try $0.number() } }

    /// A list of non-negative integers.
    public func integers() throws -> [Int] { try elements().map { try $0.integer() } }
}

/// The largest absolute difference of numbers at the same places.
///
/// Not a number, which no comparison holds for, where there are other places, or where either side
/// has a NaN or an infinity that the other has not.
public func largestDifference(_ some: [Double], _ others: [Double]) -> Double {
    guard some.count == others.count else { return .nan }
    return zip(some, others).reduce(0) { largest, pair in
        let difference = pair.0 == pair.1 ? 0 : abs(pair.0 - pair.1)
        return difference.isFinite && !largest.isNaN ? max(largest, difference) : .nan
    }
}

/// The largest absolute difference of two tables; not a number where their forms differ.
public func largestDifference(_ some: [[Double]], _ others: [[Double]]) -> Double {
    guard some.map(\.count) == others.map(\.count) else { return .nan }
    return largestDifference(Array(some.joined()), Array(others.joined()))
}

extension Tensor {
    /// The largest absolute difference to a tensor of the same shape; not a number where either has
    /// a NaN or an infinity that the other has not.
    public func largestDifference(to other: Tensor) -> Double {
        precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
        return TestSupport.largestDifference(doubles, other.doubles)
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
