import Files
import Foundation

/// The JSON that this package writes: sorted keys, so that equal values are equal bytes.
///
/// JSON has no infinity: a number that is not finite is the text `"inf"`, `"-inf"` or `"nan"`,
/// which `float()` in Python and `Double()` in Swift understand.
public enum JSONFile {
    /// A value as text of several lines, without a newline at the end.
    ///
    /// - Throws: `EncodingError` where a value has no form in JSON.
    public static func text(of value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return String(decoding: try encoder.encode(value), as: UTF8.self).printableJSON
    }

    /// Replaces the file at `url` by a value.
    ///
    /// - Throws: `FileError` when the file cannot be written; an old one is then intact.
    public static func write(_ value: some Encodable, to url: URL) throws {
        try AtomicFile.write(Data((try text(of: value) + "\n").utf8), to: url)
    }

    /// Reads a value.
    ///
    /// - Throws: ``JSONError`` where the file cannot be read, is no JSON, or lacks a value.
    public static func read<Contents: Decodable>(
        _ type: Contents.Type,
        from url: URL
    ) throws -> Contents {
        try JSONNode(contentsOf: url).decode(type)
    }

    /// Reads a value from the bytes of a file; errors are as in ``read(_:from:)``.
    public static func read<Contents: Decodable>(
        _ type: Contents.Type,
        from bytes: Data,
        file: String
    ) throws -> Contents {
        try JSONNode(parsing: bytes, file: file).decode(type)
    }
}
