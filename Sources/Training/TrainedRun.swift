import Evaluation
import LanguageModels
import LoRA
import TextTasks
import Torch

/// A finished run, loaded to predict with.
public struct TrainedRun {
    /// The recipe it was trained by.
    public let recipe: Recipe
    /// The base model with the trained adapter and its posterior.
    public let posterior: AdaptedPosterior

    /// Loads a run; `model` is the base that its recipe names.
    ///
    /// - Throws: an error when the run is unfinished or broken, or a file belongs to another model
    ///   or adapter.
    public init(_ run: RunFolder, model: LoadedModel) throws {
        let recipe = try run.readRecipe()
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
        self.recipe = recipe
        posterior = try withTorchErrors {
            let adapted = try AdaptedModel(model, lora: settings)
            return try AdaptedPosterior(run, metrics: metrics, into: adapted)
        }
    }

    /// The base model with the trained adapter.
    public var adapted: AdaptedModel { posterior.adapted }

    /// How to answer; `draws`, `varianceScale` and `seed` are by default those of the run.
    ///
    /// The ranks of `group` share the work.
    public func predictive(
        draws: Int? = nil,
        varianceScale: Double? = nil,
        seed: Int? = nil,
        group: ProcessGroup? = nil
    ) -> any Predictive {
        posterior.predictive(
            draws: draws ?? recipe.draws,
            varianceScale: varianceScale,
            seed: seed ?? recipe.seed,
            group: group
        )
    }

    /// Answers examples with probabilities averaged over draws, beside those at the mean.
    ///
    /// `draws` and `varianceScale` are by default those of the run.
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
        return try predictive(draws: draws, varianceScale: varianceScale)
            .predictions(encoded, maximumTokens: recipe.evalTokens)
    }
}
