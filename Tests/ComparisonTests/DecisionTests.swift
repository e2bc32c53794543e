import Foundation
import Metrics
import TestSupport
import Testing
import Torch
import Training

@testable import Comparison

@Suite("Comparisons on answers of several tokens")
struct DecisionTests {
    @Test("Every row answers questions about a state whose options begin alike")
    func rows() throws {
        try withTemporaryFolder { folder in
            var tiny = try TinyComparison(in: folder)
            let task = try TinyTask(
                in: folder.appendingPathComponent("decisions"),
                vocabulary: TinyTask.wholeVocabulary
            )
            for (part, count) in [("train", 8), ("validation", 4), ("test", 3)] {
                let rows = (0..<count).map { row in
                    #"{"state": "\#(part) \#(row)", "questions": {"#
                        + #""a": {"type": "choice", "criteria": {"dark red": null, "dark": null, "#
                        + #""dark blue": null}}, "#
                        + #""b": {"type": "score", "criteria": ["low", "so so", "so high"]}}, "#
                        + #""targets": {"a": "dark", "b": {"0": 0.5, "2": 0.5}}}"#
                }
                try Data((rows.joined(separator: "\n") + "\n").utf8)
                    .write(to: task.task.appendingPathComponent("\(part).jsonl"))
            }
            tiny.recipe = try ComparisonRecipe(
                yaml: """
                    model: \(task.model.path)
                    tasks: [\(task.task.path)]
                    seeds: [3]
                    ensemble-members: 2
                    swag-start: 0.5
                    steps: 4
                    draws: 2
                    rank: 2
                    threads: 1
                    ivon: {learning-rate: 1}
                    """,
                place: "decisions"
            )
            let rows = try #require(try tiny.compare("decisions"))
            #expect(Set(rows.map(\.method)) == Set(Method.all.map(\.name)))
            for row in rows {
                let predictions = try [Prediction](
                    contentsOf: tiny.run(row.method, in: "decisions").predictions("test")
                )
                let counts = predictions.map(\.probabilities.count)
                #expect(counts == [3, 3, 3, 3, 3, 3], "\(row.method)")
                #expect(predictions.map(\.ordered) == [nil, true, nil, true, nil, true])
                #expect(predictions[1].targets == [0.5, 0, 0.5])
            }
        }
    }
}
