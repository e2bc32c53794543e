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
            let names = [
                "calibration", "selective", "draws", "draw-curve", "training", "posterior",
                "posterior-layers",
            ]
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

    @Test("A comparison writes its tables, and all its numbers are in them and on its page")
    func compare() throws {
        try withTool { tool in
            func text(_ name: String) throws -> String {
                try String(contentsOf: tool.folder.appendingPathComponent(name), encoding: .utf8)
            }
            let compared = try tool.run([
                "compare", "--model", "model", "--task", "task", "--seeds", "1,2", "--methods",
                "base,map,temperature,swag,ivon,ivon-tuned", "--steps", "6", "--threads", "1",
                "--draws", "2", "--eval-every", "2", "--log-every", "2", "--swag-start", "0.5",
                "--output", "cmp",
            ])
            #expect(compared.exitCode == 0, "\(compared.errors)")
            let titles = [
                "base model", "AdamW (MAP)", "temperature scaling", "SWAG", "IVON",
                "IVON, tuned variance",
            ]
            for title in titles {
                #expect(compared.output.contains("\n\(title) "))
                for name in ["cmp/table.txt", "cmp/table.md", "cmp/table.tex"] {
                    #expect(try text(name).contains(title))
                }
            }
            #expect(try text("cmp/table.csv").contains("task,ivon-tuned,2,nll,"))
            #expect(try text("cmp/summary.json").contains("\"method\" : \"ivon-tuned\""))
            let reported = try tool.run(["report", "cmp", "--figures", "drawn"])
            #expect(reported.exitCode == 0, "\(reported.errors)")
            let names = ["variance-scale", "time", "calibration", "selective", "draws"]
            let files = ["cmp/report.html"] + names.map { "drawn/\($0).svg" }
            #expect(reported.output.split(separator: "\n").map(String.init) == files)
        }
    }

    @Test("A run's answers are inspected and reported one by one")
    func classes() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            let inspected = try tool.run(["inspect", "run"]).output
            #expect(inspected.contains("test, answer by answer\nanswer"))
            #expect(inspected.contains("\neven "))
            let reported = try tool.run(["report", "run"])
            #expect(reported.exitCode == 0 && !reported.output.contains("csv"))
            let file = tool.folder.appendingPathComponent("run/report.html")
            let page = try String(contentsOf: file, encoding: .utf8)
            #expect(page.contains("The most uncertain rows"))
        }
    }
}
