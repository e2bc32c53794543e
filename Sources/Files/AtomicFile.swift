import Foundation

/// Writes whole files: readers see the old content or the new, never a part.
public enum AtomicFile {
    /// Replaces the file at `url` by `data`.
    ///
    /// The data go to a temporary file in the same folder and are flushed to the disk; then the
    /// file is renamed over `url`. A symbolic link at `url` is replaced, its target left alone.
    ///
    /// - Throws: ``FileError`` when the folder is missing or may not be written, or the disk is
    ///   full; the temporary file is removed and `url` is as before.
    public static func write(_ data: Data, to url: URL) throws {
        try write([data], to: url)
    }

    /// As ``write(_:to:)``, of several pieces one after another, so that none need be joined.
    package static func write(_ pieces: [Data], to url: URL) throws {
        guard url.isFileURL else {
            throw FileError(
                url,
                "cannot be written",
                reason: "it is not the URL of a local file"
            )
        }
        let folder = url.deletingLastPathComponent()
        let temporary = folder.appendingPathComponent(".\(UUID().uuidString).partial").path
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritable(url, errno) }
        do {
            try fill(descriptor, with: pieces, for: url)
            guard rename(temporary, url.path) == 0 else { throw unwritable(url, errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        flushFolder(folder)
    }

    /// Writes and flushes `pieces`, and closes `descriptor` whether or not that worked.
    private static func fill(_ descriptor: Int32, with pieces: [Data], for url: URL) throws {
        do {
            for piece in pieces {
                try piece.withUnsafeBytes { try append($0, to: descriptor, for: url) }
            }
            guard fsync(descriptor) == 0 else { throw unwritable(url, errno) }
        } catch {
            close(descriptor)
            throw error
        }
        // Network file systems report a full disk only here.
        guard close(descriptor) == 0 else { throw unwritable(url, errno) }
    }

    private static func append(
        _ bytes: UnsafeRawBufferPointer,
        to descriptor: Int32,
        for url: URL
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Foundation.write(descriptor, part.baseAddress, part.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw unwritable(url, written == 0 ? ENOSPC : errno)
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes the renaming survive a power cut, where the file system can flush folders.
    private static func flushFolder(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func unwritable(_ url: URL, _ code: Int32) -> FileError {
        FileError(url, "cannot be written", code: code)
    }
}
