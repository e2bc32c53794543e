import Foundation
import Testing

@Suite("The report command")
struct ReportTests {
    private static let training = [
        "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "4",
        "--draws", "2", "--output", "run",
    ]

    @Test("A page and figures are made of a run, and go when it is replaced")
    func files() throws {
        try withTool { tool in
            func exists(_ name: String) -> Bool {
                FileManager.default.fileExists(
                    atPath: tool.folder.appendingPathComponent(name).path
                )
            }
            #expect(try tool.run(Self.training).exitCode == 0)
            let outcome = try tool.run(["report", "run", "--figures", "new/figures"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let names = ["calibration", "selective", "training", "posterior"]
            let files = ["run/report.html"] + names.map { "new/figures/\($0).svg" }
            #expect(outcome.output.split(separator: "\n").map(String.init) == files)
            #expect(files.allSatisfy(exists))
            #expect(try tool.run(["report", "run", "--output", "page.html"]).exitCode == 0)
            #expect(exists("page.html"))
            #expect(try tool.run(Self.training + ["--force"]).exitCode == 0)
            #expect(!exists("run/report.html"))
        }
    }

    @Test("What is no run, or cannot be written, is said in one sentence")
    func faults() throws {
        try withTool { tool in
            let nothing = try tool.run(["report", "task"])
            #expect(nothing.exitCode == 1)
            #expect(nothing.errorLines.count == 1)
            #expect(nothing.errors.contains("expected the folder of a run"))
            #expect(try tool.run(Self.training).exitCode == 0)
            for arguments in [["--figures", "model/config.json"], ["--output", "no/page.html"]] {
                let outcome = try tool.run(["report", "run"] + arguments)
                #expect(outcome.exitCode == 1)
                #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(arguments[1]))
            }
        }
    }
}
