import Files
import Foundation
import JSON

/// The lines of `history.jsonl`, appended as a run goes on.
final class History {
    private let url: URL
    private let descriptor: Int32

    /// Opens the history of a run and keeps its first `length` bytes; 0 starts it anew.
    ///
    /// - Throws: `FileError` when the file cannot be written, ``TrainingError`` when it is shorter
    ///   than that.
    init(_ url: URL, keeping length: Int) throws {
        (self.url, self.length) = (url, length)
        // Not Foundation's way, which makes a file beside its place that a kill can leave behind.
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(url, "cannot be written") }
        let found = Int(lseek(descriptor, 0, SEEK_END))
        guard length <= found else {
            throw TrainingError.mismatch(
                file: url.path,
                key: "length",
                expected: "at least \(length) bytes",
                found: "\(found)"
            )
        }
        guard ftruncate(descriptor, off_t(length)) == 0,
            lseek(descriptor, off_t(length), SEEK_SET) >= 0
        else { throw FileError(url, "cannot be written") }
    }

    deinit { close(descriptor) }

    /// Bytes written so far.
    private(set) var length: Int

    /// Whether the file is still where it was opened.
    var isInPlace: Bool { FileSystem.leads(url.path, to: descriptor) }

    /// Appends a line.
    ///
    /// - Throws: `FileError` when it cannot be written.
    func append(_ record: some Encodable) throws {
        let line = try JSONLines.line(record)
        try AtomicFile.append(line, to: descriptor, for: url)
        length += line.count
    }
}
