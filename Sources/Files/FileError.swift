import Foundation

/// A file that cannot be read or written; where it cannot be written, nothing was left behind.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// What was to be done with a file.
    public enum Purpose: String, Sendable {
        /// The file was to be read.
        case read
        /// The file was to be written.
        case written
    }

    /// The file's path.
    public let file: String
    /// What was to be done with it.
    public let purpose: Purpose
    /// What the operating system said, or what the place is.
    public let reason: String

    init(_ file: String, _ purpose: Purpose, _ reason: String) {
        self.file = file
        self.purpose = purpose
        self.reason = reason
    }

    /// One sentence: file and reason.
    public var description: String { "\(file): cannot be \(purpose): \(reason)" }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}

/// What the operating system calls an error.
package func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
