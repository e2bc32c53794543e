import Foundation
import JSON
import LanguageModels
import Metrics
import Torch

/// A finished run that becomes one whose answers are tempered: by the temperature under which those
/// to its validation part have the lowest NLL.
///
/// Logits are divided by it before the softmax, under each draw. Guo et al. 2017, arXiv 1706.04599.
public struct RunCalibration {
    /// The settings of the run; where its model lies now may differ.
    public var recipe: Recipe
    private let run: RunFolder
    private let metrics: RunMetrics
    private let output: DerivedRun

    /// Looks whether a run can be calibrated into a folder, and changes nothing yet.
    ///
    /// - Throws: ``TrainingError`` when the run is unfinished, its answers are averages over orders
    ///   of options, or the folder cannot take a run; an error when a file is broken.
    public init(_ run: RunFolder, to output: RunFolder, force: Bool = false) throws {
        recipe = try run.readRecipe()
        guard let metrics = try run.readMetrics() else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        if recipe.orders > 1 {
            throw TrainingError.noTemperature(
                folder: run.url.path,
                expected: "answers in one order of the options",
                found: "orders \(recipe.orders)"
            )
        }
        self.output = try DerivedRun(
            output,
            recipe,
            of: [run],
            found: "the run to calibrate",
            force: force
        )
        (self.run, self.metrics) = (run, metrics)
    }

    /// The run on the model that its recipe names, with the temperature, and how that was found.
    ///
    /// `progress` is told how many batches of the validation part are done.
    ///
    /// - Throws: ``TrainingError`` when a file belongs to another model or adapter, or the run
    ///   answers through a linearised model; an error when the data cannot be used.
    public func calibrated(
        _ model: LoadedModel,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> (run: TrainedRun, record: CalibrationRecord) {
        var trained = try TrainedRun(run, recipe: recipe, model: model)
        if trained.isLinearised {
            throw TrainingError.noTemperature(
                folder: run.url.path,
                expected: "answers of a point estimate or averaged over draws",
                found: "those of a linearised model"
            )
        }
        trained.temperature = 1
        let data = try TrainingData(recipe, tokenizer: model.tokenizer)
        try data.validation.check(fits: model)
        let answers = try trained.predictive().predictions(
            data.validation.examples,
            maximumTokens: recipe.evalTokens,
            progress: progress
        )
        let temperature = try Temperature(
            fittedToDraws: answers.map(\.draws),
            targets: answers.map(\.prediction.distribution)
        )
        trained.temperature = temperature.value
        let record = CalibrationRecord(
            run: run.url.relativePath,
            temperature: temperature.value,
            isAtBound: temperature.isAtBound,
            examples: answers.count
        )
        return (trained, record)
    }

    /// Measures the calibrated run on the validation and test parts, and writes its folder.
    ///
    /// `progress` is told how many batches of a part are done.
    ///
    /// - Returns: the results, as `metrics.json` has them.
    /// - Throws: an error when the data cannot be used or a file cannot be written.
    public func write(
        _ calibrated: (run: TrainedRun, record: CalibrationRecord),
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> RunMetrics {
        try output.write(calibrated.run, health: metrics.posterior, progress: progress) {
            $0.method = metrics.method
            try JSONFile.write(calibrated.record, to: $1.calibration)
        }
    }
}
