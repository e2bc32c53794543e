import Evaluation
import Files
import Foundation
import JSON
import LanguageModels
import Metrics
import TextTasks
import Torch

/// A finished run that becomes one whose answers are tempered: by the temperature under which those
/// to labelled rows have the lowest NLL.
///
/// The rows are those of the validation part or, with folds, the run's own training rows, answered
/// by models that were trained without them (``init(_:to:folds:force:)``). Logits are divided by
/// the temperature before the softmax, under each draw. Guo et al. 2017, arXiv 1706.04599, with
/// targets that keep few rows from making it sharp without end (`Temperature.smoothed`).
public struct RunCalibration {
    /// What happens while the temperature is sought.
    public enum Event {
        /// The training without a fold begins; it is counted from 1.
        case fold(Int, of: Int)
        /// Something in a training, or an evaluation goes on.
        case training(TrainingEvent)
    }

    /// The settings of the run; where its model lies now may differ.
    public var recipe: Recipe
    private let run: RunFolder
    private let metrics: RunMetrics
    private let folds: Int?
    private let output: DerivedRun

    /// Looks whether a run can be calibrated into a folder, and changes nothing yet.
    ///
    /// With `folds` its training rows are divided into so many; a training like the run's is made
    /// without each, and answers it. What such a training differs in from the run is that it had
    /// fewer rows.
    ///
    /// - Throws: ``TrainingError`` when the run is unfinished, its answers are averages over orders
    ///   of options, a training by its recipe would not answer as it does, or the folder cannot
    ///   take a run; an error when a file is broken.
    public init(
        _ run: RunFolder,
        to output: RunFolder,
        folds: Int? = nil,
        force: Bool = false
    ) throws {
        recipe = try run.readRecipe()
        guard let metrics = try run.readMetrics() else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        func refuse(_ expected: String, _ found: String) -> TrainingError {
            .noTemperature(folder: run.url.path, expected: expected, found: found)
        }
        if recipe.orders > 1 {
            throw refuse("answers in one order of the options", "orders \(recipe.orders)")
        }
        if folds != nil, metrics.method != recipe.method.rawValue {
            throw refuse("for folds a run as train leaves it", metrics.method)
        }
        self.output = try DerivedRun(
            output,
            recipe,
            of: [run],
            found: "the run to calibrate",
            force: force
        )
        (self.run, self.metrics, self.folds) = (run, metrics, folds)
    }

    /// The run on the model that its recipe names, with the temperature, and how that was found;
    /// nil where `shouldStop`, which is asked after each step of a training, has said so.
    ///
    /// What was trained until then is kept in the output folder, and the next calibration like this
    /// one goes on from there.
    ///
    /// - Throws: ``TrainingError`` when a file belongs to another model or adapter, or the run
    ///   answers through a linearised model; an error when the data cannot be used or a training
    ///   fails.
    public func calibrated(
        _ model: LoadedModel,
        observer: (Event) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> (run: TrainedRun, record: CalibrationRecord)? {
        let task = try recipe.textTask()
        let part = folds == nil ? Split.validation : .train
        // With folds the trained rows are answered themselves.
        try run.check(isUnseen: recipe.part(part, of: task), recipe, model.tokenizer)
        let answers =
            if let folds {
                try CrossValidation(recipe, folds: folds, tokenizer: model.tokenizer)
                    .answers(of: model, in: trainings, observer: observer, shouldStop: shouldStop)
            } else {
                try validationAnswers(model, observer)
            }
        guard let answers else { return nil }
        let temperature = try Temperature(
            fittedToDraws: answers.map(\.draws),
            targets: Self.targets(answers.map(\.prediction))
        )
        var trained = try TrainedRun(run, recipe: recipe, model: model)
        trained.temperature = temperature.value
        let record = CalibrationRecord(
            run: run.url.relativePath,
            temperature: temperature.value,
            isAtBound: temperature.isAtBound,
            examples: answers.count,
            folds: folds
        )
        return (trained, record)
    }

    /// What is fitted to: soft labels as they are, and smoothed ones of rows with one right answer.
    private static func targets(_ predictions: [Prediction]) -> [[Double]] {
        zip(predictions, Temperature.smoothed(predictions.map(\.distribution)))
            .map { $0.targets ?? $1 }
    }

    /// Where the trainings without a fold are kept until the run is written.
    private var trainings: URL { output.workplace("folds") }

    /// The run's answers to its validation part, without a temperature.
    private func validationAnswers(
        _ model: LoadedModel,
        _ observer: (Event) -> Void
    ) throws -> [AveragedPrediction] {
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
        return try trained.predictive().predictions(
            data.validation.examples,
            maximumTokens: recipe.evalTokens
        ) {
            observer(.training(.evaluating(done: $0, of: $1)))
        }
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
        let results = try output.write(
            calibrated.run,
            health: metrics.posterior,
            progress: progress
        ) {
            $0.method = metrics.method
            try JSONFile.write(calibrated.record, to: $1.calibration)
        }
        try FileSystem.remove(trainings)
        return results
    }
}
