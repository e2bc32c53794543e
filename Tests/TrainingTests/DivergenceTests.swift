import Evaluation
import Foundation
import Metrics
import Testing
import TextTasks
import Torch

@testable import Training

@Suite("Trainings that go astray")
struct DivergenceTests {
    /// Examples of two answers with the same tokens in each.
    private static func examples(_ labels: [Int]) -> [EncodedExample] {
        labels.enumerated().map {
            EncodedExample(id: "\($0)", tokens: [1], answers: [[7], [8]], label: $1)
        }
    }

    @Test(
        "Answers that do not depend on the question are a sign, where others would be right",
        arguments: [
            ([Double](repeating: 0.5004, count: 12), [0, 1], "equally probable"),
            ([0.9, 0.6], [0, 1], "the same answer to every row"),
            ([0.9, 0.6], [0, 0], nil),  // The only right one.
            ([0.9, 0.4], [0, 1], nil),
            ([0.502, 0.502], [0, 1], "the same answer to every row"),
        ] as [([Double], [Int], String?)]
    )
    func sameAnswers(_ first: [Double], _ labels: [Int], _ says: String?) {
        for (count, says) in [(12, says), (9, nil)] {
            let answers = (0..<count).map { index in
                let probability = first[index % first.count]
                return Prediction(
                    id: "\(index)",
                    label: labels[index % 2],
                    probabilities: [probability, 1 - probability]
                )
            }
            let found = TrainedRun.signOfSameAnswers(
                Self.examples(answers.compactMap(\.label)),
                answers
            )
            #expect(found?.contains(says ?? "") ?? (says == nil), "\(found ?? "nothing")")
            #expect((found == nil) == (says == nil))
        }
    }

    @Test("A rate far too high is told at the end and in the results, a sound one is not")
    func rates() throws {
        for (rate, isSound) in [(0.01, true), (1e4, false)] {
            try withTinyRun(.adamw) {
                $0.learningRate = rate
            } _: { tiny in
                var told: [String] = []
                try tiny.train("run") { if case .warned(let text) = $0 { told.append(text) } }
                let metrics = try #require(try tiny.run("run").readMetrics())
                #expect(metrics.warnings ?? [] == told)
                #expect(told.contains { $0.contains("parameters have grown to") } != isSound)
                if isSound { #expect(metrics.warnings == nil) }
            }
        }
    }

    @Test("The untouched model is the base, and the trained one is back afterwards")
    func untouched() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let data = try TrainingData(run.recipe, tokenizer: run.adapted.base.tokenizer)
            let few = data.validation
            let part = EncodedPart(
                examples: Array(repeatElement(few.examples, count: 5).joined()),
                report: few.report,
                leftOut: 0
            )
            let trained = run.adapted.parameters.values.doubles
            let answers = try run.predictive()
                .predictions(part.examples, maximumTokens: run.recipe.evalTokens).map(\.prediction)
            let untouched = try run.untouchedAnswers(part.examples, group: nil)
            #expect(run.adapted.parameters.values.doubles == trained)
            let base = try tiny.model()
            let expected = try DrawnAnswers(
                AnswerScorer(base.model, adapters: nil, device: base.device)
            )
            .predictions(part.examples, maximumTokens: run.recipe.evalTokens).map(\.prediction)
            #expect(untouched == expected)
            let same = try run.signsOfDivergence(part, untouched, group: nil)
            #expect(!same.contains { $0.contains("above the untouched model's") })
            let wrong = answers.map {
                Prediction(
                    id: $0.id,
                    label: $0.label,
                    probabilities: [0.999, 0.001].awayFrom($0.label)
                )
            }
            let signs = try run.signsOfDivergence(part, wrong, group: nil)
            let before = try MetricSummary(expected.prefix(64).map { $0 }).nll.value
            #expect(
                signs.contains {
                    $0.contains("the loss is 6.91, above the untouched model's ")
                        && $0.contains(String(format: "%.3g", before))
                },
                "\(signs)"
            )
        }
    }
}

extension [Double] {
    /// Two numbers, the first of them at the place that is not the label.
    fileprivate func awayFrom(_ label: Int?) -> [Double] { label == 0 ? reversed() : self }
}
