import Foundation
import LanguageModels
import RunFiles
import TestSupport
import Testing
import TextTasks
import Torch
import Training

@testable import Metrics
@testable import Serving

@Suite("Runs on texts with labels, served")
struct LabelledRunTests {
    private let labels = ["dark blue", "dark red", "green"]

    /// A run on a table of texts whose policy answers what is at least as certain as `threshold`.
    private func withRun(
        _ body: (_ run: RunFolder, _ recipe: Recipe) async throws -> Void
    ) async throws {
        Engine.threads = 1
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("varlora-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let task = try TinyTask(in: folder, vocabulary: TinyTask.wholeVocabulary)
        let table = folder.appendingPathComponent("texts")
        try FileManager.default.createDirectory(at: table, withIntermediateDirectories: true)
        for (part, count) in [("train", 12), ("validation", 6), ("test", 6)] {
            let rows = (0..<count).map { "\(part) text \($0),\(labels[$0 % 3])" }
            try Data((["text,category"] + rows + [""]).joined(separator: "\n").utf8)
                .write(to: table.appendingPathComponent("\(part).csv"))
        }
        var recipe = Recipe(model: task.model.path, task: table.path, method: .ivon)
        (recipe.steps, recipe.rank, recipe.draws, recipe.threads) = (4, 2, 2, 1)
        (recipe.learningRate, recipe.ess, recipe.hessInit) = (10, 50, 1e-2)
        let run = RunFolder(folder.appendingPathComponent("run"))
        let model = try LoadedModel(try ModelLocation(recipe.model))
        _ = try Trainer(recipe.resolved(), model: model, run: run).run()
        try await body(run, recipe)
    }

    @Test("They are asked as in training, and abstain by their policy")
    func answers() async throws {
        try await withRun { run, recipe in
            let predictions = try [Prediction](contentsOf: run.predictions("test"))
            let confidences = predictions.map { $0.probabilities.max() ?? 0 }.sorted()
            // Costs between the second and the third most certain row.
            let promise = DecisionPromise.payoff(.init(right: 1, wrong: -1, abstain: 0))
            var policy = try DecisionPolicy(promise, validation: predictions)
            policy.rule = DecisionRule(.confidence, from: confidences[4])
            try run.write(policy)
            let options = labels.map { #""\#($0)": null"# }.joined(separator: ", ")
            let question =
                #"{"x": {"type": "choice", "instructions": "Which label fits the text?", "#
                + #""criteria": {\#(options)}}}"#
            // Whoever reads the run to answer lists no options, as the training did not.
            #expect(try run.readRecipe().listOptions == nil)
            #expect(try run.readAnsweringRecipe().listOptions == false)
            #expect(
                try TrainedRun(run, model: LoadedModel(ModelLocation(recipe.model))).recipe
                    .listOptions == false
            )
            let subjects = try ServedSubjects(runs: [run.url.path], base: nil)
            try await withEngine(subjects) { engine in
                for (index, prediction) in predictions.enumerated() {
                    let stated = try asked(question, state: "test text \(index)")
                    let answer = try await engine.decide(stated, by: 0).answers[0].answer
                    #expect(
                        largestDifference(answer.probabilities, prediction.probabilities) < 1e-6
                    )
                    let isCertain = (prediction.probabilities.max() ?? 0) >= confidences[4] - 1e-6
                    #expect(answer.abstains == !isCertain)
                }
            }
        }
    }
}
