import Foundation
import JSON
import Metrics
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Training

@Suite("Runs on questions about a state")
struct DecisionRunTests {
    /// A run on eight states with three questions each: a yes or no with shares of votes, a choice
    /// of whole texts that begin alike, and levels of a scale.
    private func withDecisionRun(
        orders: Int,
        _ method: TrainingMethod = .ivon,
        _ body: (TinyRun) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let vocabulary = TinyTask.wholeVocabulary
            let tiny = try TinyRun(in: folder, method, vocabulary: vocabulary) {
                ($0.batchSize, $0.learningRate) = (3, 1)
                ($0.orders, $0.trainOrders) = (orders, true)
            }
            for (part, range) in [("train", 0..<8), ("validation", 8..<11), ("test", 11..<15)] {
                let rows = range.map { row in
                    #"{"id": "r\#(row)", "state": {"text": "The day is \#(row)"}, "questions": {"#
                        + #""late": {"type": "noul", "instructions": "Is it late?"}, "#
                        + #""colour": {"type": "choice", "criteria": {"dark red": "as wine", "#
                        + #""dark blue": null, "green": null}}, "#
                        + #""mood": {"type": "score", "criteria": ["low", "so so", "high"]}}, "#
                        + #""targets": {"late": {"true": 0.25, "false": 0.75}, "#
                        + #""colour": "\#(row % 2 == 0 ? "dark red" : "dark blue")", "#
                        + #""mood": \#(row % 3)}}"#
                }
                try Data((rows.joined(separator: "\n") + "\n").utf8)
                    .write(to: tiny.task.task.appendingPathComponent("\(part).jsonl"))
            }
            try body(tiny)
        }
    }

    @Test("A step's examples are states, and its loss has a term for each question")
    func units() throws {
        try withDecisionRun(orders: 3) { tiny in
            let model = try tiny.model()
            let objective = try AnswerObjective(tiny.recipe, tokenizer: model.tokenizer)
            // Eight states in three orders of the colours.
            #expect(objective.exampleCount == 24)
            #expect((0..<24).allSatisfy { objective.termCount(of: $0) == 3 })
            #expect(objective.name(of: 9) == "r1/late")
            let trainer = try Trainer(tiny.recipe, model: model, run: tiny.run("run"))
            func loss(_ examples: [Int]) -> Double {
                withoutGradients { objective.loss(of: examples, trainer.adapted).sum.item }
            }
            #expect(abs(loss([0, 9, 22]) - loss([0]) - loss([9]) - loss([22])) < 1e-4)
            #expect(Set([1, 9, 17].map { loss([$0]) }).count == 3)
            // The questions share the tokens of their state, once.
            let single = objective.loss(of: [0], trainer.adapted).batch.tokens.count
            let data = try TrainingData(tiny.recipe, tokenizer: model.tokenizer)
            #expect(single < data.train.examples.prefix(3).reduce(0) { $0 + $1.length })
        }
    }

    @Test("Every question is a row that the run leans on, unless it saw several orders of it")
    func sensitivities() throws {
        for orders in [1, 2] {
            try withDecisionRun(orders: orders) { tiny in
                try tiny.train("run")
                let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
                let tokenizer = run.adapted.base.tokenizer
                let rows = try TrainingData(run.recipe, tokenizer: tokenizer).train
                try tiny.run("run").check(isTrainedOn: rows)
                guard orders == 1 else {
                    #expect(
                        sentence { _ = try run.sensitivities(to: rows) }
                            == "sensitivity: expected a run that trained on each row once, found"
                            + " train-orders with 2 orders of its options"
                    )
                    return
                }
                let found = try run.sensitivities(to: rows)
                #expect(found.count == 24)
                #expect(found.allSatisfy { $0.lossChange > 0 && $0.lossChange.isFinite })
            }
        }
    }

    @Test(
        "A run that stops goes on to the same bytes, and tells what soft and ordered answers are",
        arguments: [TrainingMethod.ivon, .automaticIVON]
    )
    func run(_ method: TrainingMethod) throws {
        try withDecisionRun(orders: 2, method) { tiny in
            try tiny.train("whole")
            var taken = 0
            try tiny.train("stopped") {
                if case .trained(let step, _) = $0 { taken = step }
            } shouldStop: {
                taken == 4
            }
            try tiny.train("stopped", resume: true)
            #expect(try tiny.run("whole").differences(from: tiny.run("stopped")).isEmpty)

            let run = tiny.run("whole")
            let predictions = try [Prediction](contentsOf: run.predictions("test"))
            #expect(predictions.map(\.id).prefix(3) == ["r11/late", "r11/colour", "r11/mood"])
            #expect(predictions[0].targets == [0.75, 0.25] && predictions[0].label == 0)
            #expect(predictions.map(\.ordered).prefix(3) == [nil, nil, true])
            #expect(predictions.map(\.probabilities.count).prefix(3) == [2, 3, 3])
            let test = try #require(try run.readMetrics()?.test)
            #expect(test.orderFlips != nil)
            let values = try MetricSummary(predictions)
            #expect(test.draws?[.nll].value == values[.nll].value)

            // The same questions asked without a file get the same answers.
            let trained = try TrainedRun(run, model: tiny.model())
            let file = tiny.task.task.appendingPathComponent("test.jsonl")
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            let line = try #require(lines.first)
            let asked = try StatedQuestions(JSONNode(parsing: Array(line.utf8), file: "request"))
                .examples(id: "r11", style: trained.recipe.promptStyle)
            let answers = try trained.predict(asked).map(\.prediction)
            for (answer, prediction) in zip(answers, predictions) {
                #expect(answer.id == prediction.id)
                #expect(
                    largestDifference(answer.probabilities, prediction.probabilities) < 1e-6
                )
            }
        }
    }

    @Test(
        "A temperature is fitted to soft labels as they are, and to smoothed ones of single answers"
    )
    func temperature() throws {
        try withDecisionRun(orders: 1) { tiny in
            try tiny.train("run")
            let calibration = try RunCalibration(tiny.run("run"), to: tiny.run("calibrated"))
            let found = try #require(try calibration.calibrated(try tiny.model())).record
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let rows = try run.recipe.textTask().load(.validation, seed: run.recipe.seedOfSplit)
            let answers = try run.predict(rows.examples)
            let soft = answers.count { $0.prediction.targets != nil }
            #expect(soft > 0 && soft < answers.count)
            let right = Double(answers.count + 1) / Double(answers.count + 2)
            let temperature = try Temperature(
                fittedToDraws: answers.map(\.draws),
                targets: answers.map { answer in
                    let others = Double(answer.prediction.probabilities.count - 1)
                    return answer.prediction.targets
                        ?? answer.prediction.probabilities.indices.map {
                            $0 == answer.prediction.label ? right : (1 - right) / others
                        }
                }
            )
            #expect(abs(found.temperature / temperature.value - 1) < 1e-6)
        }
    }
}
