import CTorch
import Foundation

/// A failure of the engine, or a setting that it cannot serve.
public struct TorchError: Error, CustomStringConvertible {
    /// One sentence, the first line of libtorch's message.
    public let message: String

    /// The message.
    public var description: String { message }
}

extension TorchError {
    /// What `operation` failed with, given libtorch's text of one or more lines.
    init(_ text: String, in operation: String) {
        let line = text.split(separator: "\n").first.map(String.init) ?? text
        if let asked = Self.memoryAskedFor(line) {
            message =
                "out of memory: \(operation) asked for \(asked) more; a smaller micro-batch-size or"
                + " batch-size, gradient-checkpointing, or base-precision int8 take less"
        } else {
            message = "\(operation): \(line)"
        }
    }

    /// How much memory was not there, by libtorch's messages on the processor and on CUDA; nil of
    /// other failures.
    private static func memoryAskedFor(_ line: String) -> String? {
        if line.contains("can't allocate memory"),
            let bytes = line.firstMatch(of: #/tried to allocate (\d+) bytes/#)
        {
            return "\((Int(bytes.1) ?? 0) / 1_000_000) MB"
        }
        guard line.contains("out of memory") else { return nil }
        return line.firstMatch(of: #/Tried to allocate ([\d.]+ \w+)/#).map { String($0.1) }
    }
}

/// Runs `body`; failures of the engine in it (out of memory, device lost) are thrown after it
/// ends instead of trapping.
///
/// - Throws: what `body` throws, or ``TorchError`` for the first operation that failed.
public func withTorchErrors<Result>(_ body: () throws -> Result) throws -> Result {
    let scope = ErrorScope()
    let outer = ErrorScope.current
    ErrorScope.current = scope
    defer { ErrorScope.current = outer }
    let result = Swift.Result { try body() }
    if let first = scope.first { throw first }
    return try result.get()
}

/// Throws the first failure of the engine in the present ``withTorchErrors(_:)``, so that a loop
/// ends where it failed; nothing outside of one.
///
/// - Throws: what ``withTorchErrors(_:)`` would throw at its end.
public func checkTorch() throws {
    if let first = ErrorScope.current?.first { throw first }
}

/// The errors collected on this thread, inside ``withTorchErrors(_:)``.
private final class ErrorScope {
    var first: TorchError?

    private static let key = "varlora.torch.errors"

    static var current: ErrorScope? {
        get { Thread.current.threadDictionary[key] as? ErrorScope }
        set { Thread.current.threadDictionary[key] = newValue }
    }
}

/// Records or traps when an operation of the shim returned a status other than 0.
@inline(__always)
func check(_ status: Int32, _ operation: StaticString) {
    if status != 0 { fail(operation) }
}

/// Ends the present ``withTorchErrors(_:)`` with libtorch's message; traps outside of one.
private func fail(_ operation: StaticString) {
    let error = TorchError(String(cString: ctorch_last_error()), in: "\(operation)")
    guard let scope = ErrorScope.current else { fatalError("\(error)") }
    if scope.first == nil { scope.first = error }
}
