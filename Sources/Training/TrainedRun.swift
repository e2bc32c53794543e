import Evaluation
import Foundation
import LanguageModels
import LoRA
import Posteriors
import TextTasks
import Torch

/// A finished run, loaded to predict with.
public struct TrainedRun {
    /// The recipe it was trained by.
    public let recipe: Recipe
    /// The base model with the trained adapter.
    public let adapted: AdaptedModel
    private let posteriorFile: PosteriorFile?
    private let hessian: Tensor?

    /// Loads a run; `model` is the base that its recipe names.
    ///
    /// - Throws: an error when the run is unfinished or broken, or a file belongs to another model
    ///   or adapter.
    public init(_ run: RunFolder, model: LoadedModel) throws {
        recipe = try run.readRecipe()
        guard let metrics = try run.readMetrics(), PEFTFolder.isAdapter(run.url) else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        guard metrics.fingerprint == model.fingerprint else {
            throw TrainingError.mismatch(
                file: run.metrics.path,
                key: "base model",
                expected: metrics.fingerprint,
                found: model.fingerprint
            )
        }
        let settings = try PEFTFolder.settings(in: run.url)
        adapted = try withTorchErrors { try AdaptedModel(model, lora: settings) }
        adapted.load(try PEFTFolder.values(of: adapted.adapters.layout, in: run.url))
        guard recipe.method == .ivon else {
            (posteriorFile, hessian) = (nil, nil)
            return
        }
        let (file, hessian) = try PosteriorFile.read(run.posterior, for: adapted.parameters)
        let mean = PosteriorFile.hash(of: adapted.parameters.values)
        for (key, expected, found) in [
            ("base model", file.model, model.fingerprint), ("adapter", file.mean, mean),
        ] where expected != found {
            throw TrainingError.mismatch(
                file: run.posterior.path,
                key: key,
                expected: expected,
                found: found
            )
        }
        (posteriorFile, self.hessian) = (file, hessian)
    }

    /// The posterior to draw from; nil for a method that trains a point estimate.
    ///
    /// `draws` and `varianceScale` are by default those of the recipe.
    public func posterior(draws: Int?, varianceScale: Double?) -> DiagonalGaussian? {
        guard let posteriorFile, let hessian else { return nil }
        return DiagonalGaussian(
            around: adapted.parameters,
            standardDeviation: posteriorFile.standardDeviation(hessian: hessian),
            varianceScale: varianceScale ?? posteriorFile.varianceScale,
            drawCount: draws ?? recipe.draws,
            seed: UInt64(recipe.seed)
        )
    }
    /// Answers examples with probabilities averaged over draws, beside those at the mean.
    ///
    /// `draws` and `varianceScale` are by default those of the recipe.
    ///
    /// - Throws: an error when an example cannot be encoded or is too long, or the engine fails.
    public func predict(
        _ examples: [Example],
        draws: Int? = nil,
        varianceScale: Double? = nil
    ) throws -> [AveragedPrediction] {
        let encoder = try ExampleEncoder(adapted.base.tokenizer, maximumLength: recipe.maxLength)
        let (encoded, report) = try encoder.encode(examples)
        let part = TrainingData.Part(examples: encoded, report: report, leftOut: 0)
        try part.check(fits: adapted.base.configuration)
        let predictor = Predictor(
            adapted.scorer,
            examples: encoded,
            maximumTokens: recipe.evalTokens
        )
        return try withTorchErrors {
            posterior(draws: draws, varianceScale: varianceScale).map {
                predictor.predictions($0, mean: predictor.logProbabilities())
            } ?? predictor.predictions(PointEstimate())
        }
    }
}
