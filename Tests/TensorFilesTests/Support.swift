import Foundation
import Testing

@testable import TensorFiles

/// A file made by `Tests/References/make_files.py`.
func golden(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../References/Golden/Files/\(name)").standardizedFileURL
}

/// Runs `body` with a new folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("tensor-files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Runs `body` with a file of that content.
func withFile<Result>(_ content: Data, _ body: (URL) throws -> Result) throws -> Result {
    try withTemporaryFolder { folder in
        let url = folder.appendingPathComponent("file")
        try content.write(to: url)
        return try body(url)
    }
}

/// Runs `body`, which must throw a ``TensorFileError``, and returns its sentence.
func sentence(of body: () throws -> Void) throws -> String {
    try #require(throws: TensorFileError.self, performing: body).description
}

/// The little-endian bytes of an integer.
func bytes(_ value: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
}

extension Data {
    /// The bytes that pairs of hexadecimal digits stand for.
    init(hexadecimal text: String) throws {
        let digits = try text.map { try #require($0.hexDigitValue) }
        self.init(
            stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        )
    }
}

/// A safetensors file of that header text and so many data bytes.
func safetensorsFile(_ header: String, dataLength: Int) -> Data {
    bytes(UInt64(header.utf8.count)) + Data(header.utf8) + Data(count: dataLength)
}

/// Builds GGUF files byte by byte, valid or not.
struct GGUFBytes {
    var version: UInt32 = 3
    var keys: [(key: String, type: UInt32, value: Data)] = []
    var tensors: [(name: String, sizes: [UInt64], type: UInt32, offset: UInt64)] = []
    var data = Data()

    static func string(_ text: String) -> Data { bytes(UInt64(text.utf8.count)) + text.utf8 }

    var file: Data {
        var file = Data("GGUF".utf8) + bytes(version)
        file += bytes(UInt64(tensors.count)) + bytes(UInt64(keys.count))
        for (key, type, value) in keys { file += Self.string(key) + bytes(type) + value }
        for (name, sizes, type, offset) in tensors {
            file += Self.string(name) + bytes(UInt32(sizes.count))
            for size in sizes { file += bytes(size) }
            file += bytes(type) + bytes(offset)
        }
        file += Data(count: (32 - file.count % 32) % 32)
        return file + data
    }
}

extension GGUF {
    /// The weights of a tensor.
    func floats(_ name: String) throws -> [Float] {
        try dequantized(name).withBytes { Array($0.bindMemory(to: Float.self)) }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
