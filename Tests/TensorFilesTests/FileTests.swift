import Files
import Foundation
import TensorFiles
import Testing

@Suite("Files that are read in parts")
struct FileTests {
    @Test("Any part of a file has the file's bytes, also when its name is gone")
    func reads() throws {
        for content in [Data(), Data([7]), Data((0..<10_000).map { UInt8($0 % 251) })] {
            try withFile(content) { url in
                let file = try InputFile(contentsOf: url)
                try FileManager.default.removeItem(at: url)
                #expect(file.count == content.count)
                for range in [0..<content.count, content.count / 3..<content.count / 2] {
                    #expect(try file.read(range).withBytes { Data($0) } == content[range])
                }
            }
        }
    }

    #if os(Linux)
    @Test("Bytes outlive the file, which is closed with its last owner")
    func closes() throws {
        func isOpen(_ url: URL) throws -> Bool {
            let files = FileManager.default
            return try files.contentsOfDirectory(atPath: "/proc/self/fd").contains {
                let target = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
                return target == url.path
            }
        }
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("file")
            let tensor = TensorToWrite(
                name: "x",
                elementType: .uint8,
                shape: [1],
                bytes: Data([1])
            )
            try Safetensors.write([tensor], to: url)
            var file: Safetensors? = try Safetensors(contentsOf: url)
            let bytes = try file?.bytes(of: "x")
            #expect(try isOpen(url))
            file = nil
            #expect(try bytes?.withBytes { $0.first } == 1 && !isOpen(url))
        }
    }
    #endif

    @Test("A file that is shortened, lengthened or written to under its reader is refused")
    func refusesChangedFiles() throws {
        let changes: [(String, (FileHandle) throws -> Void)] = [
            (", from 9000 bytes to 10", { try $0.truncate(atOffset: 10) }),
            (", from 9000 bytes to 0", { try $0.truncate(atOffset: 0) }),
            (", from 9000 bytes to 9001", { try $0.truncate(atOffset: 9001) }),
            ("", { try $0.write(contentsOf: Data([1])) }),
        ]
        for (sizes, change) in changes {
            try withFile(Data(count: 9000)) { url in
                let file = try InputFile(contentsOf: url)
                _ = try file.read(0..<9000)
                usleep(20_000)  // a file system counts time in ticks
                try change(FileHandle(forUpdating: url))
                let expected = "cannot be read: it was changed while it was read\(sizes)"
                for range in [0..<5, 8000..<9000] {
                    let text = try sentence { _ = try file.read(range) }
                    #expect(text == "\(url.path): \(expected)")
                }
            }
        }
    }

    @Test("Missing files, folders, pipes and remote addresses are refused with the reason")
    func refusesToOpen() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("missing")
            let pipe = folder.appendingPathComponent("pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            let remote = try #require(URL(string: "https://example.org/file"))
            let table = [
                (missing, "\(missing.path): cannot be read: No such file or directory"),
                (folder, "\(folder.path): cannot be read: it is a folder"),
                (pipe, "\(pipe.path): cannot be read: it is not a regular file"),
                (
                    remote,
                    "https://example.org/file: cannot be read: it is not the URL of a local file"
                ),
            ]
            for (url, expected) in table {
                #expect(try sentence { _ = try InputFile(contentsOf: url) } == expected)
            }
        }
    }

    @Test("A reader keeps the content of a file that is replaced")
    func replacingKeepsReaders() throws {
        try withFile(Data("old".utf8)) { url in
            let file = try InputFile(contentsOf: url)
            try AtomicFile.write(Data("new content".utf8), to: url)
            #expect(try file.read(0..<3).withBytes { Data($0) } == Data("old".utf8))
        }
    }
}
