import Foundation

/// Keeps a folder to one process, as long as this object and the process live.
///
/// The lock is on the folder itself: it leaves nothing behind, and no change of the files in the
/// folder lets a second process in.
public final class FolderLock {
    private let folder: URL
    private let descriptors: [Int32]  // the folder's, then the lock file's where there is one
    private let isNew: Bool

    /// Takes the lock of a folder, which is made where there is none; nil when another has it.
    ///
    /// A folder that was made goes with the lock if it is still empty then.
    ///
    /// - Throws: ``FileError`` when the folder cannot be made or locked.
    public init?(_ folder: URL) throws {
        let isNew = try !FileSystem.exists(folder)
        while true {
            try FileSystem.makeFolder(folder)
            var descriptors = [open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)]
            if descriptors[0] < 0 {
                if errno == ENOENT { continue }
                throw FileError(folder, "cannot be locked")
            }
            if Self.lock(&descriptors, in: folder) {
                // Else whoever had made the folder has removed it before this lock.
                if FileSystem.leads(folder.path, to: descriptors[0]) {
                    (self.folder, self.descriptors, self.isNew) = (folder, descriptors, isNew)
                    return
                }
                for descriptor in descriptors { close(descriptor) }
                continue
            }
            let code = errno
            for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
            if code == EWOULDBLOCK { return nil }
            throw FileError(folder, "cannot be locked", code: code)
        }
    }

    /// Locks a folder, or on NFS, which locks only what is open for writing, a file in it.
    private static func lock(_ descriptors: inout [Int32], in folder: URL) -> Bool {
        if flock(descriptors[0], LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EBADF else { return false }
        let path = folder.appendingPathComponent(".lock").path
        descriptors.append(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666))
        return flock(descriptors[1], LOCK_EX | LOCK_NB) == 0
    }

    /// Whether the folder is still where it was locked, neither removed nor moved.
    public var isInPlace: Bool { FileSystem.leads(folder.path, to: descriptors[0]) }

    deinit {
        if isNew { rmdir(folder.path) }
        for descriptor in descriptors { close(descriptor) }
    }
}
