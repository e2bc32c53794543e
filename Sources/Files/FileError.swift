import Foundation

/// A file or folder with which something cannot be done; `description` is one sentence.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path.
    public let file: String
    /// What cannot be done, such as "cannot be written".
    public let failure: String
    /// What the operating system said, or what the place is.
    public let reason: String
    /// The operating system's number of the error; 0 where it did not refuse.
    package let code: Int32

    /// The error of a call that has just failed.
    package init(_ url: URL, _ failure: String, code: Int32 = errno) {
        (file, self.failure, self.code) = (url.path, failure, code)
        reason = systemMessage(code)
    }

    /// An error that this package found by itself.
    package init(_ url: URL, _ failure: String, reason: String) {
        file = url.isFileURL ? url.path : url.absoluteString
        (self.failure, self.reason, code) = (failure, reason, 0)
    }

    /// One sentence: file, what cannot be done, and why.
    public var description: String { "\(file): \(failure): \(reason)" }
}

/// What the operating system calls an error.
package func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
