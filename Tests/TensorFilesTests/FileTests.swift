import Files
import Foundation
import TensorFiles
import Testing

@Suite("Mapped files")
struct FileTests {
    @Test("A mapped file shows the file's bytes, an empty one none")
    func maps() throws {
        for content in [Data(), Data([7]), Data((0..<10_000).map { UInt8($0 % 251) })] {
            try withFile(content) { url in
                let file = try MappedFile(contentsOf: url)
                #expect(Data(file.bytes) == content)
                try FileManager.default.removeItem(at: url)
                #expect(Data(file.bytes) == content)
            }
        }
    }

    #if os(Linux)
    @Test("The mapping ends with the last owner of its bytes")
    func unmaps() throws {
        func isMapped(_ url: URL) throws -> Bool {
            let maps = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps"))
            let content = try #require(try maps.readToEnd())
            return String(decoding: content, as: UTF8.self).contains(url.path)
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
            var mapped: MappedBytes? = try Safetensors(contentsOf: url).bytes(of: "x")
            #expect(try mapped?.pointer.first == 1 && isMapped(url))
            mapped = nil
            #expect(try !isMapped(url))
        }
    }
    #endif

    @Test("Missing files, folders, pipes and remote addresses are refused with the reason")
    func refusesToMap() throws {
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
                #expect(try sentence { _ = try MappedFile(contentsOf: url) } == expected)
            }
        }
    }

    @Test("A mapping keeps the content it had when the file was replaced")
    func replacingKeepsMappings() throws {
        try withFile(Data("old".utf8)) { url in
            let file = try MappedFile(contentsOf: url)
            try AtomicFile.write(Data("new content".utf8), to: url)
            #expect(Data(file.bytes) == Data("old".utf8))
        }
    }
}
