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
            #expect(nothing.errors.contains("expected the folder of a run or of a comparison"))
            #expect(nothing.errors.contains("neither recipe.yaml nor results.json"))
            #expect(try tool.run(Self.training).exitCode == 0)
            for arguments in [["--figures", "model/config.json"], ["--output", "no/page.html"]] {
                let outcome = try tool.run(["report", "run"] + arguments)
                #expect(outcome.exitCode == 1)
                #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(arguments[1]))
            }
        }
    }

    @Test("A folder with results.json is a comparison, whose page and figures are made")
    func comparison() throws {
        try withTool { tool in
            func write(_ name: String, _ text: String) throws {
                let file = tool.folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try text.write(to: file, atomically: true, encoding: .utf8)
            }
            let metrics = [
                "ece", "ece15", "adaptive_ece", "nll", "brier", "aurc", "accuracy_at_80",
                "accuracy_at_90",
            ]
            .map { ",\"\($0)\":0.5" }.joined()
            try write(
                "both/results.json",
                """
                [{"task":"films","method":"map","seed":1,"split":"test","examples":1,\
                "metrics":{"accuracy":1\(metrics)},"cost":{"training_seconds":1,\
                "extra_seconds":0,"forward_passes":1,"extra_bytes":0,"peak_memory_bytes":1},\
                "predictions":"test.jsonl"}]
                """
            )
            let broken = try tool.run(["report", "both"])
            #expect(broken.exitCode == 1 && broken.errorLines.count == 1)
            #expect(broken.errors.contains("test.jsonl: the file cannot be read"))
            try write("both/test.jsonl", "{\"id\":\"a\",\"label\":0,\"probabilities\":[0.9,0.1]}\n")
            let outcome = try tool.run(["report", "both", "--figures", "drawn"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let files = ["both/report.html", "drawn/calibration.svg", "drawn/selective.svg"]
            #expect(outcome.output.split(separator: "\n").map(String.init) == files)
            for file in files {
                let text = try String(
                    contentsOf: tool.folder.appendingPathComponent(file),
                    encoding: .utf8
                )
                #expect(text.contains("</svg>"))
            }
        }
    }
}
