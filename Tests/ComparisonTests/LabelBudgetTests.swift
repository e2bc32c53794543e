import Foundation
import JSON
import Metrics
import TestSupport
import Testing
import Training

@testable import Comparison

@Suite("Comparisons of methods that have the same few labels")
struct LabelBudgetTests {
    @Test("Methods that use validation take it out of the labels, the others train on all")
    func arrangement() throws {
        try withTinyComparison { tiny in
            let asked = ["map", "early-stopping", "temperature", "ivon", "ivon-tuned"]
            let rows = try tiny.compare {
                $0.seeds = [3]
                $0.methods = asked
                $0.shifts = []
                try $0.set("labels", to: "8", place: "test")
                try $0.set("held-out", to: "0.25", place: "test")
            }
            #expect(rows?.map(\.method) == asked)
            let model = try tiny.loadedModel()
            func data(_ run: String) throws -> TrainingData {
                try TrainingData(tiny.run(run).readRecipe(), tokenizer: model.tokenizer)
            }
            func ids(_ part: EncodedPart) -> Set<String> { Set(part.examples.map(\.id)) }
            let whole = ids(try data("map").train)
            #expect(whole.count == 8)
            #expect(try ids(data("ivon").train) == whole)
            for run in ["map-held-out", "early-stopping", "temperature", "ivon-held-out"] {
                let parts = try data(run)
                #expect(ids(parts.train).count == 6 && ids(parts.validation).count == 2)
                #expect(ids(parts.train).union(ids(parts.validation)) == whole)
                let answers = try tiny.predictions(run, "validation")
                #expect(Set(answers.map(\.id)) == ids(parts.validation))
            }
            // What is tested on is the same.
            #expect(
                try tiny.predictions("temperature").map(\.id) == tiny.predictions("map").map(\.id)
            )
            #expect(try tiny.predictions("temperature") != tiny.predictions("map"))
        }
    }

    @Test("A temperature that few rows cannot fit is warned of")
    func unboundedTemperature() throws {
        try withTinyComparison { tiny in
            var found: Set<Bool> = []
            for steps in [1, 12] {
                var warnings: [String] = []
                let name = "steps-\(steps)"
                try tiny.compare(name) {
                    $0.seeds = [3]
                    $0.methods = ["temperature"]
                    $0.shifts = []
                    for (key, value) in [("labels", "8"), ("held-out", "0.25")] {
                        try $0.set(key, to: value, place: "test")
                    }
                    try $0.set("steps", to: "\(steps)", place: "test")
                } observer: { event in
                    if case .progress(.warned(let text)) = event { warnings.append(text) }
                }
                let run = tiny.run("map-held-out", in: name)
                let answers = try [Prediction](contentsOf: run.predictions("validation"))
                let isAtBound = try Temperature(
                    fittedTo: answers.map { $0.probabilities.map(log) },
                    labels: answers.map { try #require($0.label) }
                )
                .isAtBound
                found.insert(isAtBound)
                let text = "temperature: the NLL of 2 rows of validation still falls at "
                #expect(warnings.contains { $0.hasPrefix(text) } == isAtBound)
            }
            #expect(found.contains(true))
        }
    }

    @Test("Early stopping keeps the step of the lowest validation NLL")
    func earlyStopping() throws {
        let tiny = try WholeComparison.get().tiny
        for seed in [3, 5] {
            let run = tiny.run("early-stopping", seed: seed)
            let records = try JSONLines.read(HistoryRecord.self, from: run.history).map(\.row)
            let losses = records.compactMap { $0.metrics?.nll.value }
            #expect(losses.count == TinyComparison.steps)
            let found = try Metric.nll(tiny.predictions("early-stopping", seed: seed, "validation"))
            #expect(abs(found - (losses.min() ?? 0)) < 1e-12)
        }
    }
}
