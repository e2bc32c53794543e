import Foundation
import FuzzedParsers
import Testing

@Suite("Parsers that are fuzzed")
struct ReplayTests {
    @Test("Seeds are good files, so that the fuzzer starts behind the first checks")
    func seeds() throws {
        try withScratchFolder { scratch in
            for parser in FuzzedParser.all {
                let files = try parser.seedFiles()
                #expect(!files.isEmpty, "\(parser.name)")
                for file in files {
                    let input = try Data(contentsOf: file)
                    #expect(throws: Never.self, "\(parser.name): \(file.lastPathComponent)") {
                        try parser.check(input, scratch: scratch)
                    }
                }
            }
        }
    }

    @Test("What once ended the fuzzer is read or refused in good time")
    func failCases() throws {
        try withScratchFolder { scratch in
            for parser in FuzzedParser.all {
                for file in try parser.failCases() {
                    let input = try Data(contentsOf: file)
                    let seconds = parser.seconds(for: input, scratch: scratch)
                    #expect(seconds < FuzzedParser.mostSeconds, "\(file.path)")
                }
            }
        }
    }

    private func withScratchFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}
