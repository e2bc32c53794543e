import Files
import Foundation
import Laplace
import RunFiles
import TensorFiles
import TextTasks

extension TrainedRun {
    /// How much the run leans on each of its training examples, in their order.
    ///
    /// `progress` is told how many batches of how many are done.
    ///
    /// - Throws: ``TrainingError/noSensitivity(expected:found:)`` where the run has no posterior
    ///   that says how certain the parameters are, or was trained on its options in several orders;
    ///   `TorchError` when the engine fails.
    public func sensitivities(
        to part: EncodedPart,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> [Sensitivity] {
        let estimator = posterior.flatMap {
            SensitivityEstimator($0, adapted.scorer, parameters: adapted.parameters)
        }
        guard let estimator else {
            let kinds = SensitivityEstimator.kinds.joined(separator: ", ")
            throw TrainingError.noSensitivity(
                expected: "a run whose posterior has variances (\(kinds))",
                found: posterior.map { type(of: $0).name } ?? "a point estimate"
            )
        }
        if recipe.trainOrders && recipe.orders > 1 {
            throw TrainingError.noSensitivity(
                expected: "a run that trained on each row once",
                found: "train-orders with \(recipe.orders) orders of its options"
            )
        }
        return try estimator.sensitivities(
            to: part.examples,
            maximumTokens: recipe.evalTokens,
            progress: progress
        )
    }
}

extension RunFolder {
    /// Checks that examples are those that the run was trained on: by the fingerprint in its last
    /// checkpoint or, without one, by their number.
    ///
    /// - Throws: ``TrainingError/mismatch(file:key:expected:found:)`` where they are others, and an
    ///   error when a file cannot be read.
    package func check(isTrainedOn part: EncodedPart) throws {
        func check(_ file: URL, _ key: String, _ expected: String, _ found: String) throws {
            guard expected != found else { return }
            throw TrainingError.mismatch(
                file: file.path,
                key: key,
                expected: expected,
                found: found
            )
        }
        if let folder = try Checkpoint.last(in: self) {
            let state = try Safetensors(contentsOf: Checkpoint.file(in: folder))
            if let data = state.metadata["data"] {
                try check(folder, AnswerObjective.trainingData, data, part.fingerprint)
            }
        } else if let metrics = try readMetrics() {
            let (expected, found) = (metrics.train.examples, part.report.examples)
            try check(self.metrics, "training rows", "\(expected)", "\(found)")
        }
    }
}
