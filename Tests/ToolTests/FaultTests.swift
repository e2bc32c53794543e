import Foundation
import TestSupport
import Testing

/// A minute of the faults that `Scripts/faults` injects into the tool for as long as it is told.
@Suite("Faults")
struct FaultTests {
    private static let compiler = ["cc"].contains { name in
        ["/usr/bin", "/usr/local/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    @Test(
        "After each there is a sentence, nothing left over, and the same command ends alike",
        .enabled(if: compiler, "no C compiler makes the calls fail")
    )
    func minute() throws {
        try withTemporaryFolder { folder in
            let faults = Checkout.file("Scripts/faults").path
            let outcome = try Tool(folder: folder).start(
                ["python3", faults, "--seconds", "60", "--tool", Tool.binary.path],
                program: URL(fileURLWithPath: "/usr/bin/env")
            )
            .wait()
            #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
            let last = outcome.output.split(separator: "\n").last ?? ""
            let count = last.firstMatch(of: /^([0-9]+) faults, 0 findings$/).flatMap { Int($0.1) }
            #expect(try #require(count, "\(last)") > 0)
        }
    }
}
