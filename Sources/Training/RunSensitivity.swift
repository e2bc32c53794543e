import Laplace

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
