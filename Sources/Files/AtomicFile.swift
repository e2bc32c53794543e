import Foundation
import Synchronization

/// Writes whole files: readers see the old content or the new, never a part.
public enum AtomicFile {
    private static let turn = Mutex<Void>(())

    /// Replaces the file at `url` by `data`.
    ///
    /// The data go to a file beside it, `.NAME.partial`, and are flushed to the disk; then that one
    /// is renamed over `url`. What a process that was killed left there is removed, and one that
    /// writes there is waited for. A symbolic link at `url` is replaced, its target left alone.
    ///
    /// - Throws: ``FileError`` when the folder is missing or may not be written, or the disk is
    ///   full; the file beside it is removed and `url` is as before.
    public static func write(_ data: Data, to url: URL) throws {
        try write([data], to: url)
    }

    /// As ``write(_:to:)``, of several pieces one after another, so that none need be joined.
    package static func write(_ pieces: [Data], to url: URL) throws {
        guard url.isFileURL else {
            throw FileError(url, writing, reason: "it is not the URL of a local file")
        }
        try turn.withLock { _ in
            let beside = place(beside: url)
            let descriptor = try create(beside, for: url)
            do {
                try fill(descriptor, with: pieces, for: url)
                guard rename(beside, url.path) == 0 else { throw FileError(url, writing) }
            } catch {
                unlink(beside)
                close(descriptor)
                throw error
            }
            // Network file systems report a full disk only here, where the flush did not.
            guard close(descriptor) == 0 else { throw FileError(url, writing) }
            flushFolder(url.deletingLastPathComponent())
        }
    }

    /// Writes into what is at `url`: a pipe, a device, or the target of a link.
    ///
    /// - Throws: ``FileError`` when it cannot be opened or written.
    package static func writeThrough(_ data: Data, to url: URL) throws {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(url, writing) }
        defer { close(descriptor) }
        try append(data, to: descriptor, for: url)
    }

    /// Runs `body` while no file is half written, after the one that is.
    package static func betweenWrites<Result>(_ body: () -> Result) -> Result {
        turn.withLock { _ in body() }
    }

    /// Where the file at `url` grows: one name, so that the next writer finds what is left over.
    private static func place(beside url: URL) -> String {
        let name = ".\(url.lastPathComponent).partial"
        // Names have at most 255 bytes.
        return url.deletingLastPathComponent()
            .appendingPathComponent(name.utf8.count > 255 ? ".partial" : name).path
    }

    /// A new file of this writer alone, whose lock says that somebody is at work.
    private static func create(_ path: String, for url: URL) throws -> Int32 {
        while true {
            let new = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if new >= 0 {
                lock(new)
                if FileSystem.leads(path, to: new) { return new }
                close(new)
            } else {
                guard errno == EEXIST else { throw FileError(url, writing) }
                try removeLeftover(path, for: url)
            }
        }
    }

    /// Waits for whoever writes there; removes what nobody writes.
    private static func removeLeftover(_ path: String, for url: URL) throws {
        let old = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        defer { if old >= 0 { close(old) } }
        if old >= 0 {
            lock(old)
            guard FileSystem.leads(path, to: old) else { return }
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError(url, writing) }
    }

    /// Waits for the lock of a file, where the file system has locks.
    private static func lock(_ descriptor: Int32) {
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    }

    /// Writes and flushes `pieces`.
    private static func fill(_ descriptor: Int32, with pieces: [Data], for url: URL) throws {
        for piece in pieces { try append(piece, to: descriptor, for: url) }
        guard fsync(descriptor) == 0 else { throw FileError(url, writing) }
    }

    /// Writes all of `data` at the descriptor's place.
    ///
    /// - Throws: ``FileError`` about `url`.
    package static func append(_ data: Data, to descriptor: Int32, for url: URL) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let written = Foundation.write(descriptor, part.baseAddress, part.count)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else {
                    throw FileError(url, writing, code: written == 0 ? ENOSPC : errno)
                }
                rest = rest.dropFirst(written)
            }
        }
    }

    /// Makes the renaming survive a power cut, where the file system can flush folders.
    private static func flushFolder(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static let writing = "cannot be written"
}
