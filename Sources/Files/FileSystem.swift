import Foundation

/// Questions to the file system and changes of it, in which what is not there differs from what
/// cannot be seen, and errors are sentences.
public enum FileSystem {
    /// Whether there is a file, a folder, or a link that may lead to nothing.
    ///
    /// - Throws: ``FileError`` when that cannot be told.
    public static func exists(_ url: URL) throws -> Bool {
        var status = stat()
        if lstat(url.path, &status) == 0 { return true }
        return try absent(url, "cannot be looked at") ?? false
    }

    /// The names of what a folder holds, in any order; none where there is no such folder.
    ///
    /// - Throws: ``FileError`` when it is there and cannot be listed.
    public static func names(in folder: URL) throws -> [String] {
        let listing = "cannot be listed"
        guard let stream = opendir(folder.path) else { return try absent(folder, listing) ?? [] }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if ![".", ".."].contains(name) { names.append(name) }
        }
        guard errno == 0 else { throw FileError(folder, listing) }
        return names
    }

    /// Makes a folder, and those above it, where they are not there.
    ///
    /// - Throws: ``FileError`` when one cannot be made.
    public static func makeFolder(_ url: URL) throws {
        let path = url.path
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        if code == ENOENT, path.count > 1, path != url.deletingLastPathComponent().path {
            try makeFolder(url.deletingLastPathComponent())
            if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
            throw FileError(url, "cannot be made")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(url, "cannot be made", code: code)
        }
    }

    /// Removes a file, or a folder with all that it holds, where it is there.
    ///
    /// - Throws: ``FileError`` when a part cannot be removed.
    public static func remove(_ url: URL) throws {
        let removing = "cannot be removed"
        var status = stat()
        guard lstat(url.path, &status) == 0 else { return try absent(url, removing) ?? () }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder {
            for name in try names(in: url) { try remove(url.appendingPathComponent(name)) }
        }
        guard (isFolder ? rmdir(url.path) : unlink(url.path)) == 0 else {
            return try absent(url, removing) ?? ()
        }
    }

    /// Moves a file or folder within a file system, over a file that is there.
    ///
    /// - Throws: ``FileError`` about the new place.
    public static func move(_ url: URL, to other: URL) throws {
        guard rename(url.path, other.path) == 0 else { throw FileError(other, "cannot be written") }
    }

    /// Whether a path leads to what a descriptor has open.
    package static func leads(_ path: String, to descriptor: Int32) -> Bool {
        var (there, opened) = (stat(), stat())
        guard stat(path, &there) == 0, fstat(descriptor, &opened) == 0 else { return false }
        return there.st_ino == opened.st_ino && there.st_dev == opened.st_dev
    }

    /// Nil after a call that failed since nothing is there, not even a link that leads to nothing.
    private static func absent<Content>(_ url: URL, _ failure: String) throws -> Content? {
        let code = errno
        var status = stat()
        if [ENOENT, ENOTDIR].contains(code), lstat(url.path, &status) != 0 { return nil }
        throw FileError(url, failure, code: code)
    }
}
