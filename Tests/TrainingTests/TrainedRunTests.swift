import Evaluation
import Foundation
import LoRA
import Metrics
import Posteriors
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("A finished run loads and predicts")
struct TrainedRunTests {
    private func predictions(
        _ tiny: TinyRun,
        _ name: String,
        varianceScale: Double? = nil
    ) throws -> [Prediction] {
        let run = try TrainedRun(tiny.run(name), model: try tiny.model())
        let data = try TrainingData(run.recipe, tokenizer: run.adapted.base.tokenizer)
        let evaluation = try PartEvaluation(
            try #require(data.test),
            run.predictive(varianceScale: varianceScale),
            recipe: run.recipe
        )
        return evaluation.predictions.map(\.prediction)
    }

    @Test("The same predictions, bit for bit", arguments: TrainingMethod.allCases)
    func samePredictions(_ method: TrainingMethod) throws {
        try withTinyRun(method) { tiny in
            try tiny.train("run")
            let written = try [Prediction](contentsOf: tiny.run("run").predictions("test"))
            #expect(try predictions(tiny, "run") == written)
            #expect((written[0].meanProbabilities != nil) == method.hasPosterior)
        }
    }

    @Test("Examples are answered as in the file", arguments: TrainingMethod.allCases)
    func answers(_ method: TrainingMethod) throws {
        try withTinyRun(method) { tiny in
            try tiny.train("run")
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let test = try run.recipe.textTask().load(.test, seed: 0)
            let answers = try run.predict(test.examples).map(\.prediction)
            let written = try [Prediction](contentsOf: tiny.run("run").predictions("test"))
            #expect(answers == written)
        }
    }

    @Test("At variance scale 0 every draw is the mean")
    func varianceScaleZero() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            for prediction in try predictions(tiny, "run", varianceScale: 0) {
                let mean = try #require(prediction.meanProbabilities)
                for (a, b) in zip(prediction.probabilities, mean) { #expect(abs(a - b) < 1e-15) }
            }
            for prediction in try predictions(tiny, "run", varianceScale: 100) {
                #expect(prediction.probabilities != prediction.meanProbabilities)
            }
        }
    }

    @Test("Draws and scales that a run cannot answer with are refused by key")
    func noEffect() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            var run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            func message(_ draws: Int?, _ varianceScale: Double? = nil) -> String {
                sentence { _ = try run.predictive(draws: draws, varianceScale: varianceScale) }
            }
            let expected = "expected none, as the run answers by"
            #expect(message(3) == "draws: \(expected) a point estimate, found 3")
            #expect(message(nil, 2) == "variance-scale: \(expected) a point estimate, found 2.0")
            #expect(message(nil) == "" && message(nil, 0) == "")
            func refusal(_ predictive: LaplacePredictive) -> String {
                sentence { _ = try run.answering(by: predictive) }
            }
            for way in LaplacePredictive.allCases {
                let found = "a point estimate, found \(way)"
                #expect(refusal(way) == "predictive: \(expected) \(found)")
            }
            let values = run.adapted.parameters.values
            run.posterior = EnsemblePosterior([values, values])
            let noLaplace = "draws of a posterior that is no Laplace approximation"
            #expect(
                refusal(.linearised) == "predictive: \(expected) \(noLaplace), found linearised"
            )
            #expect(refusal(.draws) == "")
            #expect(message(3).hasPrefix("draws: \(expected) its own 2 models"))
            #expect(message(2) == "" && message(nil, 0.5) == "")
            run.posterior = LaplaceDiagonalPosterior(
                fisher: .zeros(like: values),
                priorPrecision: 1,
                of: run.adapted.parameters.entries
            )
            #expect(message(3) == "")
            run = try run.answering(by: .linearised)
            #expect(message(3) == "draws: \(expected) a linearised model, found 3")
            run = try run.answering(by: .draws)
            #expect(message(3) == "")
        }
    }

    @Test("No tensor is left")
    func noTensorsLeft() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let before = Tensor.liveCount
            _ = try predictions(tiny, "run")
            #expect(Tensor.liveCount == before)
        }
    }

    @Test("Files of another run, of another model, or of none are refused")
    func refused() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let run = tiny.run("run")
            var other = tiny
            other.recipe.seed = 4
            try other.train("other")
            func message() -> String { sentence { _ = try predictions(tiny, "run") } }
            func replace(_ file: String, from name: String) throws {
                let target = run.url.appendingPathComponent(file)
                try? FileManager.default.removeItem(at: target)
                let source = tiny.run(name).url.appendingPathComponent(file)
                try FileManager.default.copyItem(at: source, to: target)
            }
            try FileManager.default.copyItem(at: run.url, to: tiny.run("copy").url)
            try replace("posterior.safetensors", from: "other")
            #expect(message().contains("posterior.safetensors: adapter: expected"))
            try replace("posterior.safetensors", from: "copy")
            try replace("adapter_model.safetensors", from: "other")
            #expect(message().contains("posterior.safetensors: adapter: expected"))
            try replace("adapter_model.safetensors", from: "copy")
            #expect(message() == "")

            let base = try TinyTask(in: tiny.folder, seed: 2)
            var elsewhere = tiny
            elsewhere.recipe.model = base.model.path
            let text = sentence { _ = try predictions(elsewhere, "run") }
            #expect(text.contains("metrics.json: base model: expected"), "\(text)")

            for file in ["adapter_model.safetensors", "posterior.safetensors"] {
                let path = run.url.appendingPathComponent(file)
                let whole = try Data(contentsOf: path)
                try whole.prefix(20).write(to: path)
                #expect(message().contains(path.path), "\(message())")
                try FileManager.default.removeItem(at: path)
                #expect(message().contains(file), "\(message())")
                try whole.write(to: path)
            }
            #expect(message() == "")
        }
    }

    @Test("An adapter that is not finite gives no results")
    func notFinite() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            run.adapted.parameters.values.narrowed(0, start: 0, length: 1)
                .copyInPlace(Tensor.full([1], .nan))
            try run.write(to: tiny.run("run"))
            let text = sentence { _ = try predictions(tiny, "run") }
            #expect(text.contains("nan") && !text.contains("\n"), "\(text)")
        }
    }

    @Test("An unfinished run is refused")
    func unfinished() throws {
        try withTinyRun { tiny in
            try tiny.train("run", shouldStop: { true })
            let text = sentence { _ = try predictions(tiny, "run") }
            #expect(text.contains("run: the run is not finished"), "\(text)")
            #expect(try tiny.run("run").readMetrics() == nil)
            let none = sentence { _ = try predictions(tiny, "nothing") }
            #expect(none.contains("found no recipe.yaml"))
        }
    }
}
