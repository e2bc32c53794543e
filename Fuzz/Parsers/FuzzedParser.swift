import Foundation

/// A reader of files that come from elsewhere, as the fuzzer and the replay of its finds call it.
public struct FuzzedParser: Sendable {
    /// The name: a target of `Scripts/fuzz`, a folder of `Fuzz/FailCases`.
    public let name: String
    /// Good files to start from: folders of the project, and what the files' paths end in.
    let seeds: [(folder: String, ending: String)]
    /// Reads an input, and may put files into a folder of its own; throws what the reader throws.
    let read: @Sendable (_ input: Data, _ scratch: URL) throws -> Void

    /// The longest that any input may take, in seconds of the processor.
    public static let mostSeconds = 1.0

    private static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Reads an input that must be good.
    ///
    /// - Throws: the reader's error.
    public func check(_ input: Data, scratch: URL) throws { try read(input, scratch) }

    /// Reads any input, good or not: seconds of the processor that it took.
    public func seconds(for input: Data, scratch: URL) -> Double {
        let start = processorNanoseconds()
        try? read(input, scratch)
        return Double(processorNanoseconds() - start) / 1e9
    }

    /// The good files to start from.
    ///
    /// - Throws: an error when one cannot be read.
    public func seedFiles() throws -> [URL] {
        try seeds.flatMap { folder, ending in
            let folder = Self.project.appendingPathComponent(folder)
            return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(ending) }.sorted()
                .map { folder.appendingPathComponent($0) }
        }
    }

    /// The inputs that once ended the fuzzer.
    ///
    /// - Throws: an error when they cannot be listed.
    public func failCases() throws -> [URL] {
        let folder = Self.project.appendingPathComponent("Fuzz/FailCases/\(name)")
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { folder.appendingPathComponent($0) }
    }

    /// Writes the seeds and the fail cases of every parser below `folder`.
    ///
    /// - Throws: an error when a file cannot be read or written.
    public static func writeSeeds(to folder: URL) throws {
        for parser in all {
            let target = folder.appendingPathComponent(parser.name)
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            for (index, file) in try (parser.seedFiles() + parser.failCases()).enumerated() {
                try Data(contentsOf: file).write(to: target.appendingPathComponent("seed-\(index)"))
            }
        }
    }
}

/// Nanoseconds that the process has computed: time spent waiting for other processes is no fault.
private func processorNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
