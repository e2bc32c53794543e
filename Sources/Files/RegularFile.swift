import Foundation

/// Reads whole files that are regular ones: a pipe could keep the reader waiting for ever, and a
/// device may have no end.
public enum RegularFile {
    /// The bytes of the file at `url`.
    ///
    /// What this process was handed open, named `/dev/stdin` or `/dev/fd/N`, may be a pipe.
    ///
    /// - Throws: ``FileError`` where there is no such file, it is a folder, a pipe or a device, it
    ///   may not be read, or there is no memory for it.
    public static func read(_ url: URL) throws -> Data {
        guard url.isFileURL else {
            throw FileError(url.absoluteString, .read, "it is not the URL of a local file")
        }
        if url.path == "/dev/stdin" || url.path.hasPrefix("/dev/fd/") { return try stream(url) }
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(url, errno) }
        defer { close(descriptor) }
        return try content(of: descriptor, size: size(of: descriptor, url), url)
    }

    /// As ``read(_:)``; nil where there is no such file.
    public static func readIfPresent(_ url: URL) throws -> Data? {
        var status = stat()
        if stat(url.path, &status) != 0, [ENOENT, ENOTDIR].contains(errno) { return nil }
        return try read(url)
    }

    /// As ``read(_:)``, as text.
    ///
    /// - Throws: ``FileError``, also where the file is not UTF-8.
    public static func readText(_ url: URL) throws -> String {
        guard let text = String(validating: try read(url), as: UTF8.self) else {
            throw FileError(url.path, .read, "it is not UTF-8 text")
        }
        return text
    }

    private static func stream(_ url: URL) throws -> Data {
        do {
            return try FileHandle(forReadingFrom: url).readToEnd() ?? Data()
        } catch {
            throw FileError(url.path, .read, "it is not open for reading")
        }
    }

    private static func size(of descriptor: Int32, _ url: URL) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(url, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw FileError(url.path, .read, "it is a folder")
        default: throw FileError(url.path, .read, "it is not a regular file")
        }
    }

    private static func content(of descriptor: Int32, size: Int, _ url: URL) throws -> Data {
        // `Data(count:)` would end the process where there is no memory.
        guard let memory = malloc(max(size, 1)) else { throw unreadable(url, ENOMEM) }
        var count = 0
        while count < size {
            let length = Foundation.read(descriptor, memory + count, size - count)
            if length < 0 && errno == EINTR { continue }
            guard length >= 0 else {
                let code = errno
                free(memory)
                throw unreadable(url, code)
            }
            if length == 0 { break }
            count += length
        }
        return Data(bytesNoCopy: memory, count: count, deallocator: .free)
    }

    private static func unreadable(_ url: URL, _ code: Int32) -> FileError {
        FileError(url.path, .read, systemMessage(code))
    }
}
