import Files
import Foundation

/// The lines of a JSON Lines file one after another, without reading further than asked.
public struct LineReader {
    /// A line that is not blank.
    public struct Line {
        /// The path of the file.
        public let file: String
        /// The line's number in the file, counted from 1 and with blank lines counted.
        public let number: Int
        /// The line's bytes, without its end.
        public let bytes: ArraySlice<UInt8>

        /// What `body` makes of the line's value; faults of both name file and line.
        ///
        /// - Throws: ``JSONLinesError`` in place of a `JSONError`; what else `body` throws.
        public func read<Row>(_ body: (JSONNode) throws -> Row) throws -> Row {
            do {
                return try body(try JSONNode(parsing: bytes, file: file))
            } catch let error as JSONError {
                throw JSONLinesError(file: file, line: number, error)
            }
        }
    }

    /// A longer line is no row; a device may never end one.
    private static let maximumLength = 1 << 26
    /// The most bytes that are read at a time.
    private static let mostAtOnce = 1 << 18

    private let path: String
    private let file: FileHandle
    /// Bytes to read at a time: a short file needs no long buffer.
    private let step: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var number = 0

    /// Opens a regular file, or what this process was handed open.
    ///
    /// - Throws: ``JSONLinesError`` when it cannot be opened.
    public init(_ url: URL) throws {
        path = url.path
        do {
            let (descriptor, size) = try RegularFile.open(url)
            file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            // A file in /proc has no size, and yet content.
            step = min(max(size ?? Self.mostAtOnce, 1 << 12), Self.mostAtOnce)
        } catch let error as FileError {
            throw Self.unreadable(path, error.reason)
        }
    }

    /// The next line that is not blank; nil at the end of the file.
    ///
    /// - Throws: ``JSONLinesError`` when the file cannot be read.
    public mutating func next() throws -> Line? {
        while var bytes = try nextBytes() {
            number += 1
            if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
            let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
            if !isBlank { return Line(file: path, number: number, bytes: bytes) }
        }
        return nil
    }

    /// The number of lines of a file that are not blank; nil for what cannot be read again, such as
    /// a pipe.
    ///
    /// - Throws: ``JSONLinesError`` when the file cannot be read.
    public static func count(of url: URL) throws -> Int? {
        guard isRegularFile(url.path) else { return nil }
        var reader = try LineReader(url)
        var count = 0
        while try reader.next() != nil { count += 1 }
        return count
    }

    private mutating func nextBytes() throws -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = lineEnd(from: searched) {
                defer { start = end + 1 }
                return buffer[start..<end]
            }
            if isAtEnd {
                defer { start = buffer.count }
                return start < buffer.count ? buffer[start...] : nil
            }
            if start > 0 { buffer.removeSubrange(..<start) }
            (start, searched) = (0, buffer.count)
            guard buffer.count <= Self.maximumLength else {
                throw JSONLinesError(
                    file: path,
                    line: number + 1,
                    reason: "the line has more than \(Self.maximumLength) bytes"
                )
            }
            try readMore()
        }
    }

    private func lineEnd(from index: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, index < bytes.count else { return nil }
            let rest = bytes.count - index
            return memchr(base + index, 0x0a, rest).map { UnsafeRawPointer($0) - base }
        }
    }

    private mutating func readMore() throws {
        let old = buffer.count
        buffer += repeatElement(0, count: step)
        var count = -1
        repeat {
            count = buffer.withUnsafeMutableBytes { bytes in
                Foundation.read(
                    file.fileDescriptor,
                    bytes.baseAddress.map { $0 + old },
                    step
                )
            }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw Self.unreadable(path, systemMessage(errno)) }
        buffer.removeLast(step - count)
        isAtEnd = count == 0
    }

    private static func unreadable(_ path: String, _ reason: String) -> JSONLinesError {
        JSONLinesError(file: path, line: nil, reason: "the file cannot be read: \(reason)")
    }
}

/// Whether a path, with links followed, is that of a file that can be read again and does end.
package func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
