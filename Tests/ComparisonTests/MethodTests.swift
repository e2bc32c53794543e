import Evaluation
import Foundation
import Metrics
import Posteriors
import TestSupport
import Testing
import Torch
import Training

@testable import Comparison

@Suite("Rows are what their method says")
struct MethodTests {
    private static let parts = ["validation", "test", "shifted", "other"]

    @Test("base is the model without adapters, bit for bit")
    func base() throws {
        let tiny = try WholeComparison.get().tiny
        let model = try tiny.loadedModel()
        let recipe = try tiny.run("base").readRecipe()
        let data = try TrainingData(recipe, tokenizer: model.tokenizer)
        let answers = try DrawnAnswers(AnswerScorer(model.model, adapters: nil, device: .cpu))
            .predictions(try #require(data.test).examples, maximumTokens: recipe.evalTokens)
            .map(\.prediction)
        for seed in [3, 5] {
            #expect(try tiny.predictions("base", seed: seed) == answers)
        }
        #expect(try tiny.predictions("map") != answers)
    }

    @Test("ivon-mean and swa are the means of ivon and swag", arguments: parts)
    func means(_ part: String) throws {
        let tiny = try WholeComparison.get().tiny
        for (mean, drawn) in [("ivon-mean", "ivon"), ("swa", "swag")] {
            for seed in [3, 5] {
                let answers = try tiny.predictions(mean, seed: seed, part)
                let sources = try tiny.predictions(drawn, seed: seed, part)
                #expect(answers.map(\.probabilities) == sources.map { $0.meanProbabilities })
                #expect(answers.map(\.probabilities) != sources.map(\.probabilities))
                #expect(answers.allSatisfy { $0.mutualInformation == nil })
            }
        }
    }

    @Test("The temperature is the one of the lowest NLL on the validation part")
    func temperature() throws {
        let tiny = try WholeComparison.get().tiny
        for seed in [3, 5] {
            let validation = try tiny.predictions("map", seed: seed, "validation")
            func scaled(_ probabilities: [Double], _ temperature: Double) -> [Double] {
                let powers = probabilities.map { pow($0, 1 / temperature) }
                return powers.map { $0 / powers.reduce(0, +) }
            }
            func loss(_ temperature: Double) throws -> Double {
                try validation.reduce(0) { sum, row in
                    let label = try #require(row.label)
                    return sum - log(scaled(row.probabilities, temperature)[label])
                }
            }
            let run = try TrainedRun(
                tiny.run("temperature", seed: seed),
                model: try tiny.loadedModel()
            )
            let found = run.temperature
            let best = try loss(found)
            // The NLL is convex in 1 / T, so that it is enough to look to both sides.
            for factor in [0.5, 0.9, 0.99, 1.01, 1.1, 2] {
                let other = found * factor
                if !Temperature.bounds.contains(other) { continue }
                #expect(try loss(other) >= best, "\(found) times \(factor)")
            }
            for part in ["validation", "test"] {
                let expected = try tiny.predictions("map", seed: seed, part).map {
                    scaled($0.probabilities, found)
                }
                let answers = try tiny.predictions("temperature", seed: seed, part)
                #expect(largestDifference(answers.map(\.probabilities), expected) < 1e-12)
            }
        }
    }

    @Test(
        "A tuned row has the scale of the lowest validation NLL",
        arguments: Method.all.map(\.name).filter { $0.hasSuffix("-tuned") }
    )
    func tuned(_ method: String) throws {
        let whole = try WholeComparison.get()
        let source = String(method.dropLast("-tuned".count))
        for seed in [3, 5] {
            let result = try #require(whole.result(method, seed: seed))
            let curve = try #require(result.varianceScaleCurve)
            #expect(curve.map(\.varianceScale) == [0, 0.25, 1, 4])
            let best = try #require(curve.map(\.nll).min())
            let chosen = try #require(
                curve.first { $0.varianceScale == result.varianceScale }
            )
            #expect(chosen.nll == best)
            // The curve is of the source: at 0 its mean, at 1 itself.
            let validation = try whole.tiny.predictions(source, seed: seed, "validation")
            let mean = try MetricValues(validation.map { $0.atMean ?? $0 }).nll
            #expect(abs(curve[0].nll - mean) < 1e-12)
            #expect(abs(curve[2].nll - (try MetricValues(validation).nll)) < 1e-12)
            #expect(curve[1].nll != curve[3].nll)
            let own = try whole.tiny.predictions(method, seed: seed, "validation")
            #expect(abs(chosen.nll - (try MetricValues(own).nll)) < 1e-12)
        }
    }

    @Test("At variance scale 0 every tuned row is the mean of its source")
    func tunedToMean() throws {
        try withTinyComparison { tiny in
            let results = try #require(
                try tiny.compare {
                    $0.methods = Method.all.map(\.name).filter { $0.hasSuffix("-tuned") }
                    $0.seeds = [3]
                    $0.settings.varianceScales = [0]
                }
            )
            #expect(results.map(\.varianceScale) == [0, 0, 0, 0, 0])
            for result in results {
                let source = String(result.method.dropLast("-tuned".count))
                for part in Self.parts {
                    let answers = try tiny.predictions(result.method, part)
                    let sources = try tiny.predictions(source, part)
                    let means = try sources.map { try #require($0.meanProbabilities) }
                    #expect(largestDifference(answers.map(\.probabilities), means) < 1e-12)
                    #expect(sources.map(\.probabilities) != means)
                    let information = try answers.map { try #require($0.mutualInformation) }
                    #expect(information.allSatisfy { $0 < 1e-12 })
                }
                #expect(result.cost.forwardPasses == 1 && result.cost.backwardPasses == 0)
            }
        }
    }

    @Test("Every method runs in bfloat16, and the base answers nearly as in float32")
    func bfloat16() throws {
        try withTinyComparison { tiny in
            let rows = try #require(
                try tiny.compare("short") {
                    $0.seeds = [3]
                    $0.shared.append(.init(key: "compute", value: "bfloat16"))
                }
            )
            #expect(Set(rows.map(\.method)) == Set(Method.all.map(\.name)))
            for row in rows {
                let answers = try tiny.predictions(row.method, in: "short")
                #expect(answers.allSatisfy { $0.probabilities.allSatisfy(\.isFinite) })
            }
            let exact = try WholeComparison.get().tiny.predictions("base")
            let base = try tiny.predictions("base", in: "short")
            let difference = largestDifference(
                base.map(\.probabilities),
                exact.map(\.probabilities)
            )
            // Half a unit in the last place of the logits' sizes, some times over; never nothing.
            #expect((1e-6..<0.05).contains(difference), "\(difference)")
        }
    }

    @Test("A Laplace run answers in the other way as a run that was fitted for it")
    func otherPredictive() throws {
        let methods = ["laplace-diagonal", "laplace-kfac"]
        try withTinyComparison { tiny in
            for way in LaplacePredictive.allCases {
                try tiny.compare("\(way)") {
                    ($0.methods, $0.seeds) = (methods, [3])
                    $0.settings.laplacePredictive = way
                }
            }
            let model = try tiny.loadedModel()
            func check(
                _ method: String,
                _ fitted: LaplacePredictive,
                _ asked: LaplacePredictive
            )
                throws
            {
                let run = try TrainedRun(tiny.run(method, in: "\(fitted)"), model: model)
                let data = try TrainingData(run.recipe, tokenizer: model.tokenizer)
                let answers = try run.answering(by: asked).predictive().predictions(
                    try #require(data.test).examples,
                    maximumTokens: run.recipe.evalTokens
                )
                let expected = try tiny.predictions(method, in: "\(asked)")
                #expect(answers.map(\.prediction) == expected)
                #expect(try tiny.predictions(method, in: "\(fitted)") != expected)
            }
            for method in methods {
                try check(method, .linearised, .draws)
                try check(method, .draws, .linearised)
            }
        }
    }

    @Test(
        "Draws differ from each other and from the mean",
        arguments: ["mc-dropout", "swag", "tfb"]
    )
    func drawsDiffer(_ method: String) throws {
        let tiny = try WholeComparison.get().tiny
        let model = try tiny.loadedModel()
        let run = try TrainedRun(tiny.run(method), model: model)
        let data = try TrainingData(run.recipe, tokenizer: model.tokenizer)
        let answers = try run.predictive(draws: 4).predictions(
            try #require(data.test).examples,
            maximumTokens: 1024
        )
        let mean = answers.map { $0.prediction.meanProbabilities ?? [] }
        let draws = (0..<4).map { draw in answers.map { $0.draws[draw] } } + [mean]
        #expect(Set(draws).count == 5)
    }

    @Test("TFB takes the largest noise of its search within the budget, or none")
    func noise() throws {
        let tiny = try WholeComparison.get().tiny
        let run = try TrainedRun(tiny.run("tfb"), model: try tiny.loadedModel())
        let kind = try #require(run.posterior as? TFBPosterior)
        // Five halvings of 0 ... 0.015.
        let units = kind.noise / (0.015 / 32)
        #expect(units == units.rounded() && (0...31).contains(units))
        let mean = try MetricValues(try tiny.predictions("map", "validation")).nll
        let own = try MetricValues(try tiny.predictions("tfb", "validation")).nll
        #expect(own <= mean * 1.003 + 1e-9)
    }
}
