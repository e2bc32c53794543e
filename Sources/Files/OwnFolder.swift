import Foundation

/// A folder that is read by what its own files say, and that must not lead out of it.
package struct OwnFolder: Sendable {
    /// The folder.
    package let url: URL

    /// The folder at `url`, which may itself be a symbolic link.
    package init(_ url: URL) { self.url = url }

    /// The file at `path` below the folder; nil where there is none.
    ///
    /// - Throws: As ``file(_:limit:)`` of a location.
    package func file(_ path: String) throws -> URL? {
        try file(url.appendingPathComponent(path))
    }

    /// The file itself; nil where there is none.
    ///
    /// - Throws: ``FileError`` where it or what a symbolic link makes of it lies outside of the
    ///   folder, or it has more than `limit` bytes.
    package func file(_ file: URL, limit: Int = 1 << 28) throws -> URL? {
        guard let place = try Self.resolved(file), let home = try Self.resolved(url) else {
            return nil
        }
        guard place.utf8.starts(with: (home == "/" ? home : home + "/").utf8) else {
            throw FileError(file, "cannot be read", reason: "it lies outside of \(url.path)")
        }
        var status = stat()
        guard stat(file.path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFREG, status.st_size > limit {
            let found = "it has \(status.st_size) bytes, more than the \(limit) that are read"
            throw FileError(file, "cannot be read", reason: found)
        }
        return file
    }

    /// The path without symbolic links and `..`; nil where nothing is there.
    private static func resolved(_ url: URL) throws -> String? {
        guard let path = realpath(url.path, nil) else {
            if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) { return nil }
            throw FileError(url, "cannot be read")
        }
        defer { free(path) }
        return String(cString: path)
    }
}
