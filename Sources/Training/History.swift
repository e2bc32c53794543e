import Foundation
import JSON

/// The lines of `history.jsonl`, appended as a run goes on.
final class History {
    private let file: FileHandle
    private let path: String

    /// Opens the history of a run and keeps its first `length` bytes; 0 starts it anew.
    ///
    /// - Throws: ``TrainingError`` when the file cannot be written or is shorter than that.
    init(_ url: URL, keeping length: Int) throws {
        path = url.path
        // Foundation makes a file beside its place first, which a kill can leave behind.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw TrainingError.fileSystem(path: path, reason: "cannot be written")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let found = try Int(file.seekToEnd())
        guard length <= found else {
            throw TrainingError.mismatch(
                file: path,
                key: "length",
                expected: "at least \(length) bytes",
                found: "\(found)"
            )
        }
        try file.truncate(atOffset: UInt64(length))
        self.length = length
    }

    /// Bytes written so far.
    private(set) var length: Int

    /// Appends a line.
    func append(_ record: some Encodable) throws {
        let line = try JSONLines.line(record)
        do {
            try file.write(contentsOf: line)
        } catch {
            throw TrainingError.fileSystem(
                path: path,
                reason: "cannot be written: \(error.localizedDescription)"
            )
        }
        length += line.count
    }
}
