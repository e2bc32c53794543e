import Evaluation
import Foundation
import Metrics
import Posteriors
import Training

extension Study {
    /// Writes a posterior as the method's run, in place of what is there, as ``write`` does.
    func finish(
        _ trained: TrainedRun,
        curve: [CurvePoint]? = nil,
        deriving derive: ((Prediction) -> Prediction)? = nil
    ) throws {
        meter.posteriorIsThere()
        let lock = try run.lock()
        defer { withExtendedLifetime(lock) {} }
        try run.prepare(for: trained.recipe, resume: false, force: true)
        try write(trained, curve: curve, deriving: derive)
    }

    /// Writes a posterior into the method's run, with its answers to the validation and test parts.
    ///
    /// `derive` gives an answer from the source's, where no pass of the model is needed. `curve` is
    /// what a variance scale was chosen by.
    func write(
        _ trained: TrainedRun,
        curve: [CurvePoint]? = nil,
        deriving derive: ((Prediction) -> Prediction)? = nil
    ) throws {
        try trained.write(to: run)
        try data.write(to: run)
        let predictive = try trained.predictive()
        func results(_ part: EncodedPart, _ name: String) throws -> RunMetrics.Part {
            let evaluation = try evaluate(part, name, predictive, trained.recipe, derive)
            try part.write(evaluation.predictions.map(\.prediction), as: name, to: run)
            return evaluation.results
        }
        var metrics = RunMetrics(
            trained,
            method: method.name,
            predictive,
            train: data.train,
            validation: try results(data.validation, "validation"),
            test: try data.test.map { try results($0, "test") }
        )
        metrics.varianceScaleCurve = curve
        try metrics.write(to: run.metrics)
    }

    /// The answers to a part: derived from the source's, or the model's.
    func evaluate(
        _ part: EncodedPart,
        _ name: String,
        _ predictive: any Predictive,
        _ recipe: Recipe,
        _ derive: ((Prediction) -> Prediction)?
    ) throws -> PartEvaluation {
        guard let derive else {
            return try PartEvaluation(part, predictive, recipe: recipe) {
                observer(.evaluating(done: $0, of: $1))
            }
        }
        let answers = try [Prediction](contentsOf: sourceRun.predictions(name))
        return try PartEvaluation(
            part,
            answers: answers.map { AveragedPrediction(derive($0)) },
            varianceScale: predictive.varianceScale,
            recipe: recipe
        )
    }
}
