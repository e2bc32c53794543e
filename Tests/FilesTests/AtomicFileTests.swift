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

    /// Runs `body` with a new folder, which is removed afterwards.
    private func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}
