import Foundation
import JSON
import Testing

private let compare = [
    "compare", "--model", "model", "--task", "task", "--threads", "1", "--steps", "8",
    "--draws", "3", "--seeds", "3", "--swag-start", "0.5", "--ensemble-members", "2",
    "--adamw", "learning-rate=0.01", "--ivon", "learning-rate=10",
]

extension BadInput {
    fileprivate static let comparisons = [
        BadInput(
            "no model",
            ["compare", "--task", "task", "--output", "new"],
            says: ["model", "expected one for task", "found none"]
        ),
        BadInput(
            "no task",
            ["compare", "--model", "model", "--output", "new"],
            says: ["tasks", "expected at least one", "found none"]
        ),
        BadInput(
            "an unknown method",
            compare + ["--output", "new", "--methods", "map,svag"],
            exitCode: 64,
            says: ["--methods: expected some of base, map", "found svag"]
        ),
        BadInput(
            "seeds that are none",
            compare + ["--output", "new", "--seeds", "x"],
            exitCode: 64,
            says: ["--seeds: expected numbers from 0", "found \"x\""]
        ),
        BadInput(
            "a seed twice",
            compare + ["--output", "new", "--seeds", "3,4,3"],
            says: ["seeds", "each once", "found 3"]
        ),
        BadInput(
            "one method of two",
            compare + ["--output", "new", "--method", "ivon"],
            exitCode: 64,
            says: ["--method", "both", "--ivon"]
        ),
        BadInput(
            "an unknown key for one",
            compare + ["--output", "new", "--ivon", "lr=1"],
            exitCode: 64,
            says: ["--ivon: lr: expected one of the keys"]
        ),
        BadInput(
            "another model for one",
            compare + ["--output", "new", "--adamw", "model=x"],
            exitCode: 64,
            says: ["--adamw: model: expected a key", "found one of both"]
        ),
        BadInput(
            "an unknown key in a file",
            ["compare", "--recipe", "c.yaml", "--output", "new"],
            says: ["c.yaml: swag-stat: expected one of the keys"],
            spoil: { try Data("swag-stat: 0.5\n".utf8).write(to: $0.appending(path: "c.yaml")) }
        ),
        BadInput(
            "a missing task to test on",
            compare + ["--output", "new", "--ood", "other"],
            says: ["\"other\" is neither a file or folder", "arc-easy"]
        ),
        BadInput(
            "tasks of one name",
            compare + ["--output", "new", "--task", "task,model/../task"],
            says: ["tasks: expected different names", "found task"]
        ),
        BadInput(
            "no dropout",
            compare + ["--output", "new", "--dropout", "0"],
            says: ["task: dropout: expected more than 0 for mc-dropout"]
        ),
        BadInput(
            "too few snapshots",
            compare + ["--output", "new", "--swag-rank", "5"],
            says: ["swag: expected at least 5 snapshots", "found 4"]
        ),
        BadInput(
            "no job",
            compare + ["--output", "new", "--jobs", "0"],
            exitCode: 64,
            says: ["--jobs: expected 1 or more, found 0"]
        ),
        BadInput(
            "an output that is a file",
            compare + ["--output", "model/config.json"],
            says: ["model/config.json", "cannot be made: File exists"]
        ),
    ]
}

@Suite("The compare command", .serialized)
struct CompareTests {
    @Test("One sentence, the right exit code, no output", arguments: BadInput.comparisons)
    func badInput(_ input: BadInput) throws { try input.check() }

    @Test("Runs of every kind answer as in their files, without the training data")
    func answers() throws {
        try withTool { tool in
            let methods = [
                "base", "map", "mc-dropout", "laplace-diagonal", "laplace-kfac", "swa", "swag",
                "ensemble", "temperature", "tfb", "ivon", "laplace-kfac-tuned", "ivon-tuned",
            ]
            let outcome = try tool.run(
                compare + ["--output", "all", "--methods", methods.joined(separator: ",")]
            )
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            for name in ["table.txt", "table.md", "table.tex", "table.csv", "summary.json"] {
                #expect(files(in: tool, "all").contains(name))
            }
            try FileManager.default.removeItem(
                at: tool.folder.appendingPathComponent("task/train.jsonl")
            )
            for method in methods {
                let run = "all/task/seed-3/\(method)"
                let expected = try probabilities(tool, "\(run)/predictions/test.jsonl")
                #expect(expected.count == 6)
                for arguments in [
                    ["evaluate", run, "--predictions", "answers.jsonl"],
                    ["predict", run, "--input", "task/test.jsonl", "--output", "answers.jsonl"],
                ] {
                    let answered = try tool.run(arguments + ["--threads", "1"])
                    #expect(answered.exitCode == 0, "\(method): \(answered.errors)")
                    let found = try probabilities(tool, "answers.jsonl")
                    #expect(found.count == expected.count)
                    let differences = zip(found.joined(), expected.joined()).map { abs($0 - $1) }
                    // A temperature is applied in float32 here and in float64 there.
                    let tolerance = method == "temperature" ? 1e-6 : 1e-14
                    #expect((differences.max() ?? 1) <= tolerance, "\(method)")
                    try FileManager.default.removeItem(
                        at: tool.folder.appendingPathComponent("answers.jsonl")
                    )
                }
            }
        }
    }

    @Test("A folder that holds a comparison is left alone without --resume")
    func existing() throws {
        try withTool { tool in
            let two = compare + ["--output", "two", "--methods", "map,ivon-mean"]
            let dry = try tool.run(two + ["--dry-run"]).output
            let row = #/task/seed-3 +ivon +[0-9]+ +[0-9.]+ +[0-9]\.[0-9]{2} /#
            #expect(dry.contains(row) && !dry.contains("ivon-auto"), "\(dry)")
            #expect(files(in: tool, "two").isEmpty)
            let first = try tool.run(two + ["--json"])
            #expect(first.exitCode == 0, "\(first.errors)")
            let file = tool.folder.appendingPathComponent("rows.json")
            try Data(first.output.utf8).write(to: file)
            #expect(try JSONNode(contentsOf: file).elements().count == 2)
            let again = try tool.run(two)
            #expect(again.exitCode == 1 && again.errorLines.count == 1)
            #expect(again.errors.contains("two: holds a comparison; --resume goes on with it"))
            #expect(try tool.run(two + ["--resume", "--json"]).output == first.output)
            // What it wrote asks for the same.
            let saved = ["compare", "--recipe", "two/comparison.yaml", "--output", "two"]
            #expect(try tool.run(saved + ["--resume", "--json"]).output == first.output)
            let other = try tool.run(two + ["--resume", "--swag-rate", "0.5"])
            #expect(other.exitCode == 1 && other.errorLines.count == 1)
            #expect(other.errors.contains("started with swag-rate 0.2, but 0.5 was asked for"))
            #expect(try tool.run(two + ["--resume", "--json"]).output == first.output)
        }
    }

    @Test("Interrupted or killed it goes on to the same files")
    func interrupted() throws {
        try withTool { tool in
            let arguments =
                compare + ["--methods", "swag,laplace-diagonal,ensemble,ivon", "--steps", "40"]
            #expect(try tool.run(arguments + ["--output", "whole"]).exitCode == 0)
            let moments = [
                (SIGINT, "task/seed-3/map/checkpoints"), (SIGKILL, "task/seed-3/swag-trajectory"),
                (SIGTERM, "task/seed-3/ensemble-member-2/history.jsonl"),
                (SIGKILL, "task/seed-3/ivon/recipe.yaml"),
            ]
            var stops = 0
            for (signal, name) in moments {
                let process = try tool.start(arguments + ["--resume", "--output", "stopped"])
                let path = tool.folder.appendingPathComponent("stopped/\(name)").path
                process.wait { FileManager.default.fileExists(atPath: path) }
                process.send(signal)
                let outcome = try process.wait()
                if outcome.exitCode != 0 { stops += 1 }
                if signal == SIGKILL || outcome.exitCode == 0 { continue }
                #expect(outcome.exitCode == (outcome.isKilled ? signal : 128 + signal))
                #expect(outcome.errors.contains("the same command with --resume goes on"))
            }
            #expect(stops >= 2, "the comparison ended too soon to be stopped")
            let outcome = try tool.run(arguments + ["--resume", "--output", "stopped"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            expectSame(tool, "stopped", "whole")
        }
    }

    @Test("Jobs make the same files as one process, stopped in between or not")
    func jobs() throws {
        try withTool { tool in
            let arguments =
                compare + ["--methods", "map,swag,ivon", "--seeds", "3,4,5", "--output"]
            #expect(try tool.run(arguments + ["whole"]).exitCode == 0)
            let outcome = try tool.run(arguments + ["both", "--jobs", "2"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            for line in ["[4/9] task, seed 4: map", "task/seed-4: training"] {
                #expect(outcome.errors.contains(line), "\(outcome.errors)")
            }
            expectSame(tool, "both", "whole")

            let process = try tool.start(arguments + ["stopped", "--jobs", "2"])
            let path = tool.folder.appendingPathComponent("stopped/task/seed-4/map").path
            process.wait { FileManager.default.fileExists(atPath: path) }
            process.send(SIGTERM)
            let stop = try process.wait()
            #expect(stop.exitCode == 128 + SIGTERM && !stop.isKilled)
            #expect(stop.errors.hasSuffix("the same command with --resume goes on\n"))
            #expect(!files(in: tool, "stopped").contains("results.json"))
            let rest = try tool.run(arguments + ["stopped", "--jobs", "3", "--resume"])
            #expect(rest.exitCode == 0, "\(rest.errors)")
            expectSame(tool, "stopped", "whole")
        }
    }

    @Test("What one job fails by is said once, and the others keep what they have")
    func failingJob() throws {
        try withTool { tool in
            let arguments = compare + ["--methods", "map", "--output", "both"]
            #expect(try tool.run(arguments + ["--seeds", "4"]).exitCode == 0)
            let other = ["--resume", "--jobs", "2", "--seeds", "3,4", "--steps", "9"]
            let outcome = try tool.run(arguments + other)
            #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1)
            let sentence = "the run was started with steps 8, but 9 was asked for"
            let line = try #require(outcome.errorLines.first)
            #expect(line.hasPrefix("Error: task/seed-4: ") && line.contains(sentence))
            #expect(try tool.run(arguments + ["--seeds", "4", "--resume"]).exitCode == 0)
        }
    }

    @Test("Several ranks are refused: they would write the same files")
    func ranks() throws {
        try withTool { tool in
            let outcome = try tool.start(
                compare + ["--output", "new"],
                environment: [
                    "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": "29999",
                ]
            )
            .wait()
            #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1)
            #expect(outcome.errors.contains("expected one process, found a launch of 2 ranks"))
            #expect(files(in: tool, "new").isEmpty)
        }
    }

    /// Two comparisons have the same files, but for what was measured of time and memory.
    private func expectSame(_ tool: Tool, _ mine: String, _ other: String) {
        let timed = ["cost.json", "timings.jsonl", "results.json", "summary.json"]
        let names = files(in: tool, other)
        #expect(files(in: tool, mine) == names)
        for name in names {
            let file = URL(fileURLWithPath: name).lastPathComponent
            if timed.contains(file) || file.hasPrefix("table.") { continue }
            let (one, two) = (contents(tool, "\(mine)/\(name)"), contents(tool, "\(other)/\(name)"))
            #expect(one == two, "\(name)")
        }
    }

    /// The files below a folder, by path.
    private func files(in tool: Tool, _ name: String) -> [String] {
        let folder = tool.folder.appendingPathComponent(name).path
        return (FileManager.default.subpaths(atPath: folder) ?? []).filter { path in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: "\(folder)/\(path)",
                isDirectory: &isFolder
            )
            return !isFolder.boolValue
        }
        .sorted()
    }

    private func contents(_ tool: Tool, _ name: String) -> Data? {
        try? Data(contentsOf: tool.folder.appendingPathComponent(name))
    }

    /// The probabilities of each line of a file of answers.
    private func probabilities(_ tool: Tool, _ name: String) throws -> [[Double]] {
        struct Line: Decodable {
            let probabilities: [Double]
        }
        let data = try Data(contentsOf: tool.folder.appendingPathComponent(name))
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Line.self, from: $0).probabilities
        }
    }
}
