import Files
import Foundation

/// A regular file that is open for reading, for as long as this object lives.
///
/// Parts of it are copied into memory when they are asked for. A mapping would need no copy, but
/// where another process shortens the file, touching it ends this one. A file that is replaced by
/// renaming, as `AtomicFile` does, keeps its old content here.
public final class InputFile: Sendable {
    /// The file's location.
    public let url: URL
    /// Bytes of the whole file when it was opened.
    public let count: Int

    private let descriptor: Int32
    private let modified: Int

    /// Opens the regular file at `url`.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the file is missing, is a folder
    ///   or a device, or may not be read.
    public init(contentsOf url: URL) throws {
        let opened: (descriptor: Int32, size: Int?)
        do {
            opened = try RegularFile.open(url)
        } catch let error as FileError {
            throw TensorFileError.unreadable(file: error.file, reason: error.reason)
        }
        do {
            guard opened.size != nil else {
                throw TensorFileError.unreadable(file: url.path, reason: "it is a pipe")
            }
            (count, modified) = try Self.status(of: opened.descriptor, url.path)
        } catch {
            close(opened.descriptor)
            throw error
        }
        descriptor = opened.descriptor
        self.url = url
    }

    deinit { close(descriptor) }

    /// A file's length, and when it was written to last, in nanoseconds.
    private static func status(
        of descriptor: Int32,
        _ path: String
    ) throws -> (count: Int, modified: Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        #if os(Linux)
        let time = status.st_mtim
        #else
        let time = status.st_mtimespec
        #endif
        // A file may claim any time, even one that does not fit.
        return (Int(status.st_size), time.tv_sec &* 1_000_000_000 &+ time.tv_nsec)
    }

    /// The bytes in `range`, which must lie inside the file, in memory for tensors.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the system cannot read them or
    ///   has no memory for them, or when the file is no longer what it was when it was opened.
    public func read(_ range: Range<Int>) throws -> FileBytes {
        let bytes = try FileBytes(count: range.count, for: url)
        try read(range, into: bytes.memory)
        return bytes
    }

    /// The few bytes in `range`, as ``read(_:)``.
    func array(_ range: Range<Int>) throws -> [UInt8] {
        try Array(unsafeUninitializedCapacity: range.count) { buffer, initializedCount in
            try read(range, into: UnsafeMutableRawBufferPointer(buffer))
            initializedCount = range.count
        }
    }

    private func read(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer) throws {
        precondition(range.clamped(to: 0..<count) == range, "bytes \(range) of a file of \(count)")
        var done = 0
        while done < range.count, let start = memory.baseAddress {
            let place = off_t(range.lowerBound + done)
            let length = pread(descriptor, start + done, range.count - done, place)
            if length < 0 && errno == EINTR { continue }
            guard length >= 0 else { throw Self.unreadable(url.path, errno) }
            if length == 0 { break }
            done += length
        }
        let now = try Self.status(of: descriptor, url.path)
        guard done == range.count, now == (count, modified) else {
            throw TensorFileError.unreadable(
                file: url.path,
                reason: "it was changed while it was read"
                    + (now.count == count ? "" : ", from \(count) bytes to \(now.count)")
            )
        }
    }

    fileprivate static func unreadable(_ path: String, _ code: Int32) -> TensorFileError {
        .unreadable(file: path, reason: systemMessage(code))
    }
}

/// Part of a file, or what was decoded from it, in memory that lives as long as this object.
public final class FileBytes: @unchecked Sendable {
    // Sendable: the memory is written before anyone else has the object.

    let memory: UnsafeMutableRawBufferPointer

    /// Runs `body` with the bytes, which are aligned for vectors; who keeps them keeps this object.
    public func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(memory)) }
    }

    /// Memory for so many bytes of a file; throws where there is none.
    init(count: Int, for file: URL) throws {
        var address: UnsafeMutableRawPointer?
        guard posix_memalign(&address, 64, max(count, 1)) == 0, let address else {
            throw InputFile.unreadable(file.path, ENOMEM)
        }
        memory = UnsafeMutableRawBufferPointer(start: address, count: count)
    }

    deinit { free(memory.baseAddress) }
}
