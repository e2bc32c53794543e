import Files
import Foundation

/// A file mapped read-only into memory for as long as this object lives.
///
/// Pages are loaded on first touch, so opening costs nothing and a tensor that views the mapping
/// needs no second copy. Another process that shortens the file while it is mapped makes later
/// reads fault; files replaced by renaming, as `AtomicFile` does, are safe.
public final class MappedFile: @unchecked Sendable {
    // Sendable: both properties are constant and the pages are never written.

    /// The file's location.
    public let url: URL
    /// The file's content; empty, without an address, for an empty file.
    public let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `url`.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the file is missing, is a folder
    ///   or a device, or may not be read.
    public init(contentsOf url: URL) throws {
        guard url.isFileURL else {
            throw TensorFileError.unreadable(
                file: url.absoluteString,
                reason: "it is not the URL of a local file"
            )
        }
        let path = url.path
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw TensorFileError.unreadable(file: path, reason: "it is a folder")
        default: throw TensorFileError.unreadable(file: path, reason: "it is not a regular file")
        }

        let count = Int(status.st_size)
        if count == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        } else {
            let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let address, address != MAP_FAILED else { throw Self.unreadable(path, errno) }
            bytes = UnsafeRawBufferPointer(start: address, count: count)
        }
        self.url = url
    }

    deinit {
        if let address = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> TensorFileError {
        .unreadable(file: path, reason: systemMessage(code))
    }
}

/// Part of a mapped file, with the owner that keeps the memory valid.
public struct MappedBytes: @unchecked Sendable {
    // Sendable: the pointer is read-only and the owner outlives it.

    /// The bytes, in place in the mapping; they may start at any address, aligned or not.
    public let pointer: UnsafeRawBufferPointer
    /// The mapping; hold it for as long as `pointer` is used.
    public let owner: MappedFile

    /// Takes the pages out of this process's memory; reading them later loads them again.
    ///
    /// A file that is read from start to end then needs memory for its last tensor only.
    public func dropPages() {
        guard let address = pointer.baseAddress else { return }
        let page = Int(getpagesize())
        let offset = Int(bitPattern: address) % page
        // Neighbours on the first and last page are loaded again as well.
        _ = madvise(
            UnsafeMutableRawPointer(mutating: address - offset),
            pointer.count + offset,
            MADV_DONTNEED
        )
    }

    /// The bytes of `owner` in `range`, which must lie inside the file.
    init(_ range: Range<Int>, of owner: MappedFile) {
        self.pointer = UnsafeRawBufferPointer(rebasing: owner.bytes[range])
        self.owner = owner
    }
}
