import Foundation
import Testing

@testable import Files

@Suite("What is there, and what cannot be seen")
struct FileSystemTests {
    @Test("What is not there is no error")
    func absent() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data("text".utf8).write(to: file)
            for place in ["missing", "missing/below", "file/below"] {
                let url = folder.appendingPathComponent(place)
                #expect(try !FileSystem.exists(url), "\(place)")
                #expect(try RegularFile.readIfPresent(url) == nil, "\(place)")
                #expect(try FileSystem.names(in: url) == [], "\(place)")
                try FileSystem.remove(url)
            }
            #expect(try RegularFile.readIfPresent(file) == Data("text".utf8))
            #expect(try FileSystem.names(in: folder) == ["file"])
        }
    }

    @Test("What cannot be seen is told by path and reason, and never taken for absent")
    func unseen() throws {
        try withTemporaryFolder { folder in
            // Links in a circle are seen by nobody, not even by root.
            let loop = folder.appendingPathComponent("loop")
            try FileManager.default.createSymbolicLink(at: loop, withDestinationURL: loop)
            let below = loop.appendingPathComponent("below")
            let tries: [(URL, String, () throws -> Void)] = [
                (below, "cannot be looked at", { _ = try FileSystem.exists(below) }),
                (loop, "cannot be read", { _ = try RegularFile.readIfPresent(loop) }),
                (loop, "cannot be listed", { _ = try FileSystem.names(in: loop) }),
                (below, "cannot be removed", { try FileSystem.remove(below) }),
            ]
            for (url, failure, attempt) in tries {
                let error = try #require(throws: FileError.self, performing: attempt)
                let reason = systemMessage(ELOOP)
                #expect(error.description == "\(url.path): \(failure): \(reason)")
            }
            #expect(try FileSystem.exists(loop))
            let nowhere = folder.appendingPathComponent("nowhere")
            try FileManager.default.createSymbolicLink(
                at: nowhere,
                withDestinationURL: folder.appendingPathComponent("missing")
            )
            #expect(try FileSystem.exists(nowhere))
            #expect(throws: FileError.self) { try RegularFile.readIfPresent(nowhere) }
            let file = folder.appendingPathComponent("file")
            try Data().write(to: file)
            #expect(throws: FileError.self) { try FileSystem.names(in: file) }
        }
    }

    @Test("Folders, pipes and devices are not read as files", .timeLimit(.minutes(1)))
    func notRegular() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appendingPathComponent("pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            let device = URL(fileURLWithPath: "/dev/zero")
            for (url, found) in [(folder, "a folder"), (pipe, "not a regular file")]
                + [(device, "not a regular file")]
            {
                let error = try #require(throws: FileError.self) {
                    try RegularFile.readIfPresent(url)
                }
                let reason = "it is \(found)"
                #expect(error.description == "\(url.path): cannot be read: \(reason)")
            }
        }
    }

    @Test("Folders are made with those above them, and removed with all below")
    func folders() throws {
        try withTemporaryFolder { folder in
            let deep = folder.appendingPathComponent("a/b/c")
            for _ in 0..<2 { try FileSystem.makeFolder(deep) }
            try Data().write(to: deep.appendingPathComponent("file"))
            let outside = folder.appendingPathComponent("outside")
            try Data().write(to: outside)
            try FileManager.default.createSymbolicLink(
                at: deep.appendingPathComponent("link"),
                withDestinationURL: outside
            )
            let inFile = outside.appendingPathComponent("folder")
            let error = try #require(throws: FileError.self) { try FileSystem.makeFolder(inFile) }
            #expect(error.description == "\(inFile.path): cannot be made: Not a directory")
            try FileSystem.remove(folder.appendingPathComponent("a"))
            #expect(try FileSystem.names(in: folder) == ["outside"])
        }
    }
}

@Suite("The lock of a folder")
struct FolderLockTests {
    @Test("One has it until the end, whatever becomes of the files")
    func exclusive() throws {
        try withTemporaryFolder { folder in
            do {
                let lock = try #require(try FolderLock(folder))
                #expect(try FolderLock(folder) == nil)
                try AtomicFile.write(Data(), to: folder.appendingPathComponent("file"))
                try FileSystem.remove(folder.appendingPathComponent("file"))
                #expect(try FolderLock(folder) == nil)
                #expect(lock.isInPlace)
            }
            #expect(try FolderLock(folder) != nil)
            #expect(try FileSystem.names(in: folder) == [])
        }
    }

    @Test("A folder that was made for it goes with it, unless it was used")
    func newFolder() throws {
        try withTemporaryFolder { folder in
            let new = folder.appendingPathComponent("new")
            _ = try FolderLock(new)
            #expect(try !FileSystem.exists(new))
            do {
                let lock = try FolderLock(new)
                try AtomicFile.write(Data(), to: new.appendingPathComponent("file"))
                withExtendedLifetime(lock) {}
            }
            #expect(try FileSystem.names(in: new) == ["file"])
        }
    }

    @Test("A folder that was removed, moved or made anew is not the locked one")
    func moved() throws {
        try withTemporaryFolder { folder in
            let place = folder.appendingPathComponent("a")
            let other = folder.appendingPathComponent("b")
            let lock = try #require(try FolderLock(place))
            try FileSystem.move(place, to: other)
            #expect(!lock.isInPlace)
            #expect(try FolderLock(other) == nil)
            #expect(try FolderLock(place) != nil)
            try FileSystem.makeFolder(place)
            #expect(!lock.isInPlace)
        }
    }
}

/// Runs `body` with a new folder, which is removed afterwards.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}
