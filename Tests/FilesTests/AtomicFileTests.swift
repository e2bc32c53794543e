import Foundation
import Testing

@testable import Files

@Suite("Files that are written as a whole")
struct AtomicFileTests {
    @Test("Writing creates and replaces files and leaves nothing else behind")
    func writes() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("file")
            for content in [Data("first, longer".utf8), Data("second".utf8), Data()] {
                try AtomicFile.write(content, to: url)
                #expect(try Data(contentsOf: url) == content)
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"]
                )
            }
        }
    }

    @Test("A failed write gives the reason, removes its temporary file and keeps the old one")
    func failedWrite() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("missing/file")
            let missingText = try sentence { try AtomicFile.write(Data([1]), to: missing) }
            #expect(missingText == "\(missing.path): cannot be written: No such file or directory")

            let inside = folder.appendingPathComponent("folder/inside")
            try FileManager.default.createDirectory(
                at: inside,
                withIntermediateDirectories: true
            )
            let target = inside.deletingLastPathComponent()
            let text = try sentence { try AtomicFile.write(Data([1]), to: target) }
            #expect(text.hasPrefix("\(target.path): cannot be written: "))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["folder"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["inside"])
        }
    }

    @Test("What a killed writer left is replaced and removed, also under a long name")
    func leftovers() throws {
        try withTemporaryFolder { folder in
            for name in ["answers.jsonl", String(repeating: "é", count: 127)] {
                let url = folder.appendingPathComponent(name)
                let leftover = folder.appendingPathComponent(
                    name.count > 100 ? ".partial" : ".\(name).partial"
                )
                try Data("half".utf8).write(to: leftover)
                chmod(leftover.path, 0o600)
                try AtomicFile.write(Data("whole".utf8), to: url)
                #expect(try FileSystem.names(in: folder) == [name])
                var status = stat()
                #expect(stat(url.path, &status) == 0 && status.st_mode & 0o777 != 0o600)
                // A link there would lead elsewhere.
                let other = folder.appendingPathComponent("other")
                try Data().write(to: other)
                try FileManager.default.createSymbolicLink(at: leftover, withDestinationURL: other)
                try AtomicFile.write(Data("again".utf8), to: url)
                #expect(try Data(contentsOf: other).isEmpty)
                try FileSystem.remove(other)
                #expect(try FileSystem.names(in: folder) == [name])
                try FileSystem.remove(url)
            }
        }
    }

    @Test("Several writers of one file follow each other: it is always of one of them")
    func writers() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("file")
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            // Another process that is at work there for a while.
            let lock = "exec 9>.file.partial; flock 9; echo half >&9; sleep 0.3;"
            shell.arguments = ["-c", lock + " mv .file.partial file"]
            shell.currentDirectoryURL = folder
            try shell.run()
            let partial = folder.appendingPathComponent(".file.partial")
            while try (RegularFile.readIfPresent(partial) ?? Data()).isEmpty, shell.isRunning {
                usleep(1000)
            }
            try AtomicFile.write(Data("whole".utf8), to: url)
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 0)
            #expect(try Data(contentsOf: url) == Data("whole".utf8))
            #expect(try FileSystem.names(in: folder) == ["file"])
        }
    }

    @Test("A folder without write permission is refused", .enabled(if: geteuid() != 0))
    func readOnlyFolder() throws {
        try withTemporaryFolder { folder in
            chmod(folder.path, 0o500)
            defer { chmod(folder.path, 0o700) }
            let url = folder.appendingPathComponent("file")
            let text = try sentence { try AtomicFile.write(Data([1]), to: url) }
            #expect(text == "\(url.path): cannot be written: Permission denied")
        }
    }

    private func sentence(_ body: () throws -> Void) throws -> String {
        try #require(throws: FileError.self, performing: body).description
    }
}
