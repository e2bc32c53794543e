import Files
import Foundation

/// A tensor to put into a safetensors file.
public struct TensorToWrite: Sendable {
    /// The tensor's name.
    public var name: String
    /// The type of its elements.
    public var elementType: ElementType
    /// Sizes, slowest dimension first; empty for a scalar.
    public var shape: [Int]
    /// The elements, row-major and little-endian; `Data(bytesNoCopy:count:deallocator:)` spares
    /// the copy of a tensor held elsewhere.
    public var bytes: Data

    /// A tensor of the given bytes; ``Safetensors/write(_:metadata:to:)`` checks their number.
    public init(name: String, elementType: ElementType, shape: [Int], bytes: Data) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }

    /// A float32 tensor of the given elements, row-major.
    public init(name: String, shape: [Int], floats: [Float]) {
        self.init(
            name: name,
            elementType: .float32,
            shape: shape,
            bytes: floats.withUnsafeBytes { Data($0) }
        )
    }
}

extension Safetensors {
    /// Writes `tensors` in the order given, so that the same input makes the same bytes.
    ///
    /// Metadata are written sorted by key, and the header is padded with spaces so that the first
    /// tensor starts at a multiple of 8. Later ones start where the one before ends: list wide
    /// element types first to keep them aligned, as the reference library does. The file appears
    /// whole or not at all, as `AtomicFile` describes.
    ///
    /// - Throws: ``TensorFileError/unwritable(file:reason:)`` when a name repeats or is
    ///   `__metadata__` or bytes do not match type and shape, `FileError` when writing fails.
    public static func write(
        _ tensors: [TensorToWrite],
        metadata: [String: String] = [:],
        to url: URL
    ) throws {
        let header = try header(of: tensors, metadata: metadata, for: url)
        try AtomicFile.write([header] + tensors.map(\.bytes), to: url)
    }

    /// The length field and the padded JSON text.
    private static func header(
        of tensors: [TensorToWrite],
        metadata: [String: String],
        for url: URL
    ) throws -> Data {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { pair in
                "\(quoted(pair.key)):\(quoted(pair.value))"
            }
            let text = "{\(pairs.joined(separator: ","))}"
            members.append("\(quoted(SafetensorsHeader.metadataKey)):\(text)")
        }
        var names: Set<String> = [SafetensorsHeader.metadataKey]
        var offset = 0
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else {
                throw TensorFileError.unwritable(
                    file: url.path,
                    reason: "the name \"\(tensor.name)\" is taken"
                )
            }
            try checkSize(of: tensor, for: url)
            let (end, overflow) = offset.addingReportingOverflow(tensor.bytes.count)
            guard !overflow else {
                throw TensorFileError.unwritable(file: url.path, reason: "too many bytes")
            }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.elementType.rawValue)\","
                    + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var text = Data("{\(members.joined(separator: ","))}".utf8)
        let excess = text.count % 8
        if excess > 0 { text.append(Data(repeating: UInt8(ascii: " "), count: 8 - excess)) }
        guard text.count <= SafetensorsHeader.maximumLength else {
            throw TensorFileError.unwritable(
                file: url.path,
                reason: "the header has \(text.count) bytes, the limit is "
                    + "\(SafetensorsHeader.maximumLength)"
            )
        }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        return length + text
    }

    private static func checkSize(of tensor: TensorToWrite, for url: URL) throws {
        let size = byteCount(of: tensor.elementType, shape: tensor.shape)
        guard size == tensor.bytes.count else {
            let needed = size.map { "needs \($0) bytes" } ?? "is not a shape"
            throw TensorFileError.unwritable(
                file: url.path,
                reason:
                    "tensor \"\(tensor.name)\" of type \(tensor.elementType.rawValue) and shape "
                    + "\(tensor.shape) \(needed), found \(tensor.bytes.count) bytes"
            )
        }
    }

    /// A JSON string: only what RFC 8259 requires is escaped.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
