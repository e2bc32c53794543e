import Foundation
import Metrics
import TestSupport
import Testing
import Torch

@testable import Comparison

@Suite(
    "A comparison with SmolLM2-135M",
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct RealModelComparisonTests {
    // The wrong way round, so that the base does not know them already.
    private static let sentences = [
        ("An utterly charming film with a big heart.", 0), ("Dull, slow and far too long.", 1),
        ("I would watch it again tomorrow.", 0), ("The plot falls apart in the end.", 1),
    ]

    @Test("Every row answers, and relations between rows hold")
    func rows() throws {
        let demo = try #require(ProcessInfo.processInfo.environment["VARLORA_DEMO"])
        try withTemporaryFolder { folder in
            let task = folder.appendingPathComponent("films")
            try FileManager.default.createDirectory(at: task, withIntermediateDirectories: true)
            let rows = Self.sentences.enumerated().map { index, sentence in
                #"{"id": "\#(index)", "prompt": "Review: \#(sentence.0)\nSentiment:", "#
                    + #""choices": ["negative", "positive"], "label": \#(sentence.1)}"#
            }
            for part in ["train", "validation", "test"] {
                try Data((rows.joined(separator: "\n") + "\n").utf8)
                    .write(to: task.appendingPathComponent("\(part).jsonl"))
            }
            let recipe = try ComparisonRecipe(
                yaml: """
                    {model: \(demo)/SmolLM2-135M-Instruct.Q4_1.gguf, tasks: \(task.path), seeds: 4,
                     methods: [base, map, laplace-kfac, swa, swag, temperature, ivon-mean, ivon],
                     steps: 4, swag-start: 0.5, draws: 2, threads: \(Engine.threads),
                     adamw: {learning-rate: 1e-3}, ivon: {learning-rate: 0.4}}
                    """,
                place: "test"
            )
            let output = folder.appendingPathComponent("output")
            let results = try #require(
                try Comparison(try recipe.plan(place: "test"), in: output).run()
            )
            func answers(_ method: String) throws -> [Prediction] {
                let row = try #require(results.first { $0.method == method })
                return try [Prediction](
                    contentsOf: output.appendingPathComponent(row.predictions)
                )
            }
            #expect(results.count == 8)
            let means = [("swa", "swag"), ("ivon-mean", "ivon"), ("map", "laplace-kfac")]
            for (mean, drawn) in means {
                let expected = try answers(drawn).map { try #require($0.meanProbabilities) }
                let found = try answers(mean).map(\.probabilities)
                #expect(largestDifference(found, expected) < 1e-5)
                #expect(try answers(drawn).map(\.probabilities) != found)
            }
            let losses = results.map { ($0.method, $0.metrics.nll) }
            let base = try #require(losses.first { $0.0 == "base" }?.1)
            // Tested on what was trained on: every training has to help.
            for (method, loss) in losses where method != "base" {
                #expect(loss < base, "\(method): \(loss), the base: \(base)")
            }
        }
    }
}
