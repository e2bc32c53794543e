import Foundation
import FuzzedParsers

// What libFuzzer calls: https://llvm.org/docs/LibFuzzer.html. The environment says what to do:
// FUZZ_SEEDS, a folder, to write every parser's seeds to and end; FUZZ_TARGET, a parser, to fuzz.

private let environment = ProcessInfo.processInfo.environment
private let parser = FuzzedParser.all.first { $0.name == environment["FUZZ_TARGET"] }
private let scratch = FileManager.default.temporaryDirectory

/// Called once, before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeRawPointer, _: UnsafeRawPointer) -> Int32 {
    if let folder = environment["FUZZ_SEEDS"] {
        do {
            try FuzzedParser.writeSeeds(to: URL(fileURLWithPath: folder))
            exit(0)
        } catch {
            fatalError("the seeds cannot be written: \(error)")
        }
    }
    guard parser != nil else { fatalError("FUZZ_TARGET names no parser") }
    return 0
}

/// Called with every input; 0 keeps one that reaches new code.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Data(UnsafeBufferPointer(start: start, count: count))
    let seconds = parser?.seconds(for: input, scratch: scratch) ?? 0
    precondition(seconds < FuzzedParser.mostSeconds, "one input took \(seconds) s")
    return 0
}
