import Foundation

/// Reads files that are regular ones: a pipe could keep the reader waiting for ever, and a device
/// may have no end.
public enum RegularFile {
    /// Opens the file at `url` for reading, and says how many bytes it has; who calls closes it.
    ///
    /// What this process was handed open, named `/dev/stdin` or `/dev/fd/N`, may be a pipe, whose
    /// size is nil.
    ///
    /// - Throws: ``FileError`` where there is no such file, it is a folder, a pipe or a device, or
    ///   it may not be read.
    package static func open(_ url: URL) throws -> (descriptor: Int32, size: Int?) {
        guard url.isFileURL else { throw refusal(url, "it is not the URL of a local file") }
        let isHanded = url.path == "/dev/stdin" || url.path.hasPrefix("/dev/fd/")
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let flags = O_RDONLY | O_CLOEXEC | (isHanded ? 0 : O_NONBLOCK)
        let descriptor = Foundation.open(url.path, flags)
        guard descriptor >= 0 else { throw failure(url) }
        do {
            return (descriptor, try size(of: descriptor, url, isHanded: isHanded))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The bytes of the file at `url`.
    ///
    /// - Throws: ``FileError`` where there is no such file, it is a folder, a pipe or a device, it
    ///   may not be read, or there is no memory for it.
    public static func read(_ url: URL) throws -> Data {
        let (descriptor, size) = try open(url)
        defer { close(descriptor) }
        guard let size else { return try stream(descriptor, url) }
        // `Data(count:)` would end the process where there is no memory.
        guard let memory = malloc(max(size, 1)) else { throw failure(url, ENOMEM) }
        var count = 0
        while count < size {
            let length = Foundation.read(descriptor, memory + count, size - count)
            if length < 0 && errno == EINTR { continue }
            guard length >= 0 else {
                let code = errno
                free(memory)
                throw failure(url, code)
            }
            if length == 0 { break }
            count += length
        }
        return Data(bytesNoCopy: memory, count: count, deallocator: .free)
    }

    /// As ``read(_:)``; nil where there is no such file, nor a link that leads to nothing.
    public static func readIfPresent(_ url: URL) throws -> Data? {
        do {
            return try read(url)
        } catch let error as FileError where [ENOENT, ENOTDIR].contains(error.code) {
            guard try FileSystem.exists(url) else { return nil }
            throw error
        }
    }

    /// As ``read(_:)``, as text, without a byte order mark at its start.
    ///
    /// - Throws: ``FileError``, also where the file is not UTF-8.
    public static func readText(_ url: URL) throws -> String {
        let bytes = try read(url)
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: hasMark ? bytes.dropFirst(3) : bytes, as: UTF8.self)
        else {
            throw refusal(url, "it is not UTF-8 text")
        }
        return text
    }

    /// Nil for a pipe or a device that the process was handed.
    private static func size(of descriptor: Int32, _ url: URL, isHanded: Bool) throws -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(url) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw refusal(url, "it is a folder")
        case _ where isHanded: return nil
        default: throw refusal(url, "it is not a regular file")
        }
    }

    private static func stream(_ descriptor: Int32, _ url: URL) throws -> Data {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        do {
            return try file.readToEnd() ?? Data()
        } catch {
            throw refusal(url, "it is not open for reading")
        }
    }

    private static func failure(_ url: URL, _ code: Int32 = errno) -> FileError {
        FileError(url, "cannot be read", code: code)
    }

    private static func refusal(_ url: URL, _ reason: String) -> FileError {
        FileError(url, "cannot be read", reason: reason)
    }
}
