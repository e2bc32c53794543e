import Foundation
import JSON
import Testing

@Suite("Decisions")
struct DecisionTests {
    private static let training = [
        "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "4",
        "--draws", "2", "--output", "run",
    ]

    /// Rows of two answers that are as often right as they say: of ten of confidence c, 10 c.
    private static func rows(_ count: Int) -> String {
        (0..<count).map { index in
            let confidence = [0.6, 0.8, 1.0][index % 3]
            let label = Double(index / 3 % 10) < confidence * 10 ? 0 : 1
            return "{\"id\":\"\(index)\",\"label\":\(label),\"probabilities\":[\(confidence),"
                + "\(((1 - confidence) * 10).rounded() / 10)]}\n"
        }
        .joined()
    }

    private func write(_ tool: Tool, _ name: String, _ text: String) throws {
        let file = tool.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    private func withPredictions<Result>(_ body: (Tool) throws -> Result) throws -> Result {
        try withTool { tool in
            try write(tool, "made/recipe.yaml", "model: model\ntask: task\n")
            try write(tool, "made/predictions/validation.jsonl", Self.rows(600))
            try write(tool, "made/predictions/test.jsonl", Self.rows(300))
            return try body(tool)
        }
    }

    @Test("A promise is decided without a model, told in full, and replaced by the next")
    func decided() throws {
        try withPredictions { tool in
            let outcome = try tool.run(["decide-policy", "made", "--error", "0.15"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            // The certain third is right and nine of ten of the surest two thirds are.
            for text in [
                "At most 15% of the answers given are wrong, with 95% confidence.",
                "Answer where the confidence is at least 0.8.",
                "\ntest        200 of 300 rows answered, 66.7% [61.0, 72.0]; 20 wrong, 10.0% [",
                "Kept on the test part: 10.0% wrong.",
            ] { #expect(outcome.output.contains(text), "\(outcome.output)") }
            #expect(outcome.errors.contains("policy: made/policy.json"))
            let same = try tool.run(["decide-policy", "made", "--accuracy", "0.85", "--json"])
            let file = tool.folder.appendingPathComponent("made/policy.json")
            let rule = try JSONNode(contentsOf: file).required("rule")
            #expect(try rule.required("threshold").number() == 0.8)
            #expect(same.output == (try String(contentsOf: file, encoding: .utf8)))
            let costs = try tool.run([
                "decide-policy", "made", "--costs", "right=1,wrong=-9,abstain=0",
            ])
            #expect(costs.output.contains("Answer where the confidence is at least 1."))
            #expect(costs.output.contains("mean payoff 0.333, of a confidence from 0.900 on"))
            #expect(try JSONNode(contentsOf: file).required("promise").member("payoffs") != nil)
        }
    }

    @Test("A promise that cannot be certified means to abstain, and says what it would take")
    func abstaining() throws {
        try withPredictions { tool in
            try write(tool, "made/predictions/validation.jsonl", Self.rows(60))
            let outcome = try tool.run(["decide-policy", "made", "--error", "0.05"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("Abstain always: no threshold is certified"))
            #expect(outcome.output.contains("0 of 300 rows answered, 0.0%"))
            #expect(outcome.output.contains("No row of the test part is answered"))
            try FileManager.default.removeItem(
                at: tool.folder.appendingPathComponent("made/predictions/test.jsonl")
            )
            let alone = try tool.run(["decide-policy", "made", "--error", "0.05"])
            #expect(alone.exitCode == 0 && !alone.output.contains("test  "))
        }
    }

    @Test(
        "Flags that promise nothing, too much or nonsense are refused in a sentence",
        arguments: [
            ([], "--error, --accuracy or --costs is missing"),
            (["--error", "0.1", "--accuracy", "0.9"], "--error and --accuracy exclude each other"),
            (["--costs", "x", "--error", "0.1"], "--error and --costs exclude each other"),
            (["--error", "0"], "--error: expected a number between 0 and 1, found \"0\""),
            (["--error", "-1"], "--error: expected a number between 0 and 1, found \"-1\""),
            (["--accuracy", "1"], "--accuracy: expected a number between 0 and 1, found \"1\""),
            (["--error", "five"], "--error: expected a number between 0 and 1, found \"five\""),
            (
                ["--error", "0.1", "--confidence", "nan"],
                "--confidence: expected a number between 0 and 1, found \"nan\""
            ),
            (
                ["--costs", "right=1,wrong=0,abstain=0", "--confidence", "0.9"],
                "--costs and --confidence exclude each other"
            ),
            (
                ["--costs", "right=1,wrong=-5"],
                "--costs: expected all of right=R,wrong=W,abstain=A, found \"right=1,wrong=-5\""
            ),
            (
                ["--costs", "right=1,wrong=-5,abstain=0,wrong=1"],
                "--costs: expected right=R,wrong=W,abstain=A, found \"wrong=1\""
            ),
            (
                ["--costs", "right=1,wrong=inf,abstain=0"],
                "--costs: expected right=R,wrong=W,abstain=A, found \"wrong=inf\""
            ),
            (
                ["--costs", "right=1,wrong=1,abstain=0"],
                "--costs: right is 1.0 and should be more than wrong, 1.0"
            ),
        ] as [([String], String)]
    )
    func flags(_ arguments: [String], _ says: String) throws {
        try withTool { tool in
            let outcome = try tool.run(["decide-policy", "made"] + arguments)
            #expect(outcome.exitCode == 64)
            #expect(outcome.errorLines == ["Error: " + says])
        }
    }

    @Test("What is no run, not finished or broken is said in a sentence that names the file")
    func faults() throws {
        try withPredictions { tool in
            func fails(_ folder: String, _ texts: [String]) throws {
                let outcome = try tool.run(["decide-policy", folder, "--error", "0.1"])
                #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1)
                for text in texts { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
            }
            try fails("task", ["task"])
            try write(tool, "made/predictions/validation.jsonl", Self.rows(1))
            try fails("made", ["at least 2 predictions of validation and there are 1"])
            try write(tool, "made/predictions/validation.jsonl", "{\"id\":\"a\"}\n")
            try fails("made", ["validation.jsonl:1", "probabilities"])
            try FileManager.default.removeItem(
                at: tool.folder.appendingPathComponent("made/predictions")
            )
            try fails("made", ["validation.jsonl", "the run is not finished"])
        }
    }

    @Test("Predictions of a run with a policy say whether to abstain, and others do not")
    func predicted() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            func answers(_ more: [String] = []) throws -> (lines: [JSONNode], errors: String) {
                let outcome = try tool.run(
                    [
                        "predict", "run", "--threads", "1", "--input", "task/test.jsonl",
                        "--output", "answers.jsonl",
                    ] + more
                )
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                let file = tool.folder.appendingPathComponent("answers.jsonl")
                let text = try String(contentsOf: file, encoding: .utf8)
                let lines = try text.split(separator: "\n").map {
                    try JSONNode(parsing: Data($0.utf8), file: "answers.jsonl")
                }
                return (lines, outcome.errors)
            }
            #expect(try answers().lines.allSatisfy { try $0.member("abstain") == nil })
            for (costs, abstains) in [
                ("right=1,wrong=0,abstain=-1", false), ("right=1,wrong=0,abstain=2", true),
            ] {
                let decided = try tool.run(["decide-policy", "run", "--costs", costs])
                #expect(decided.exitCode == 0, "\(decided.errors)")
                let (lines, errors) = try answers()
                #expect(lines.count == 6 && !errors.contains("warning"))
                for line in lines {
                    #expect(try line.required("abstain").value == .boolean(abstains))
                }
            }
            let other = try answers(["--draws", "3"])
            #expect(other.errors.contains("the policy of the run was decided without --draws"))
            try write(tool, "run/policy.json", "{\"promise\":{\"error\":2,\"confidence\":0.9}}")
            let broken = try tool.run([
                "predict", "run", "--input", "task/test.jsonl", "--output", "answers.jsonl",
            ])
            #expect(broken.exitCode == 1 && broken.errorLines.count == 1)
            #expect(broken.errors.contains("policy.json"), "\(broken.errors)")
            #expect(try tool.run(Self.training + ["--force"]).exitCode == 0)
            let policy = tool.folder.appendingPathComponent("run/policy.json")
            #expect(!FileManager.default.fileExists(atPath: policy.path))
        }
    }
}
