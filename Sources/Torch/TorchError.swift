import CTorch
import Foundation

/// A failure of the engine, or a setting that it cannot serve.
public struct TorchError: Error, CustomStringConvertible {
    /// One sentence, the first line of libtorch's message.
    public let message: String

    /// The message.
    public var description: String { message }
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
    let text = String(cString: ctorch_last_error())
    let line = text.split(separator: "\n").first.map(String.init) ?? text
    let error = TorchError(message: "\(operation): \(line)")
    guard let scope = ErrorScope.current else { fatalError("\(error)") }
    if scope.first == nil { scope.first = error }
}
