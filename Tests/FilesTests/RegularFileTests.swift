import Foundation
import Testing

@testable import Files

/// A new folder, which is removed afterwards.
private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("own/below"),
        withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

private func link(_ place: URL, to target: String) throws {
    try FileManager.default.createSymbolicLink(
        atPath: place.path,
        withDestinationPath: target
    )
}

@Suite("Files that are read as a whole")
struct RegularFileTests {
    @Test("Regular files and links to them are read, of any size", arguments: [0, 1, 300_000])
    func content(_ size: Int) throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("file")
            let data = Data((0..<size).map { UInt8(truncatingIfNeeded: $0) })
            try data.write(to: file)
            try link(folder.appendingPathComponent("link"), to: "file")
            for name in ["file", "link"] {
                #expect(try RegularFile.read(folder.appendingPathComponent(name)) == data)
            }
            #expect(try RegularFile.readIfPresent(file) == data)
        }
    }

    @Test("A missing file, a folder, a pipe, a device and other bytes than text are refused")
    func refusals() throws {
        try withFolder { folder in
            let pipe = folder.appendingPathComponent("pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            try link(folder.appendingPathComponent("endless"), to: "/dev/zero")
            try link(folder.appendingPathComponent("round"), to: "round")
            try Data([0xFF]).write(to: folder.appendingPathComponent("bytes"))
            let cases = [
                ("missing", "No such file or directory"), ("own", "it is a folder"),
                ("pipe", "it is not a regular file"), ("endless", "it is not a regular file"),
                ("round", "Too many levels of symbolic links"), ("bytes", "it is not UTF-8 text"),
            ]
            for (name, reason) in cases {
                let file = folder.appendingPathComponent(name)
                let error = #expect(throws: FileError.self) { try RegularFile.readText(file) }
                #expect(error?.description == "\(file.path): cannot be read: \(reason)")
            }
            #expect(try RegularFile.readIfPresent(folder.appendingPathComponent("no/file")) == nil)
        }
    }

    @Test("A file that promises more than the memory holds is refused")
    func memory() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("sparse")
            try Data().write(to: file)
            // 8 TB, of which nothing is on the disk; not every file system takes it.
            guard truncate(file.path, 8 << 40) == 0 else { return }
            let error = #expect(throws: FileError.self) { try RegularFile.read(file) }
            #expect(error?.description.hasSuffix(": Cannot allocate memory") == true)
        }
    }

    @Test("A pipe that this process was handed open is read to its end")
    func stream() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("rows".utf8))
        try pipe.fileHandleForWriting.close()
        let number = pipe.fileHandleForReading.fileDescriptor
        let read = try RegularFile.read(URL(fileURLWithPath: "/dev/fd/\(number)"))
        #expect(read == Data("rows".utf8))
    }
}

@Suite("Folders that are not left")
struct OwnFolderTests {
    @Test("Files below the folder are found, through links too, and missing ones are none")
    func inside() throws {
        try withFolder { folder in
            let own = folder.appendingPathComponent("own")
            try Data().write(to: own.appendingPathComponent("below/file"))
            try link(own.appendingPathComponent("link"), to: "below/file")
            try link(folder.appendingPathComponent("whole"), to: "own")
            for url in [own, folder.appendingPathComponent("whole")] {
                for path in ["below/file", "link", "below/../link", "./link", "..\u{301}/../link"] {
                    let found = try OwnFolder(url).file(path)
                    #expect((found != nil) == !path.contains("\u{301}"), "\(path)")
                }
                for path in [
                    "missing", "file/below", "../missing", String(repeating: "x", count: 999),
                ] {
                    #expect(try OwnFolder(url).file(path) == nil, "\(path)")
                }
            }
        }
    }

    @Test("What leads out of the folder, and what is too large, is refused")
    func outside() throws {
        try withFolder { folder in
            let own = folder.appendingPathComponent("own")
            let neighbour = folder.appendingPathComponent("own-too")
            try Data("secret".utf8).write(to: neighbour)
            try link(own.appendingPathComponent("link"), to: neighbour.path)
            try link(own.appendingPathComponent("up"), to: "..")
            try link(own.appendingPathComponent("null"), to: "/dev/null")
            for path in ["../own-too", "below/../../own-too", "link", "up/own-too", "null", ".."] {
                let error = #expect(throws: FileError.self) { try OwnFolder(own).file(path) }
                let place = own.appendingPathComponent(path).path
                let sentence = "\(place): cannot be read: it lies outside of \(own.path)"
                #expect(error?.description == sentence)
            }
            let file = own.appendingPathComponent("large")
            try Data("12345".utf8).write(to: file)
            #expect(try OwnFolder(own).file(file, limit: 5) == file)
            let error = #expect(throws: FileError.self) { try OwnFolder(own).file(file, limit: 4) }
            #expect(error?.reason == "it has 5 bytes, more than the 4 that are read")
        }
    }
}
