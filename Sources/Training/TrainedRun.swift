import Evaluation
import Foundation
import LanguageModels
import Laplace
import LoRA
import Posteriors
import TextTasks
import Torch

/// How a Laplace approximation answers.
public enum LaplacePredictive: String, CaseIterable, Sendable {
    /// Through the model linearised at the mean.
    case linearised
    /// Averaged over draws of the parameters.
    case draws
}

/// A trained model that answers: the mean in its parameters, what is known about their
/// distribution, and the settings of its run.
public struct TrainedRun {
    /// The settings that hold for its answers, by default those it was trained by.
    public var recipe: Recipe
    /// The base model with the trained adapter.
    public let adapted: AdaptedModel
    /// How draws deviate from the mean; nil for a point estimate.
    public var posterior: (any Posterior)?
    /// Factor of the variance of the draws (τ) unless another is asked for.
    public var varianceScale: Double
    /// What logits are divided by before the softmax.
    public var temperature = 1.0
    /// Whether a Laplace approximation answers through the linearised model rather than by draws.
    public var isLinearised = false

    /// A model with a posterior around the present values of its parameters.
    public init(
        _ recipe: Recipe,
        _ adapted: AdaptedModel,
        posterior: (any Posterior)? = nil,
        varianceScale: Double = 1
    ) {
        self.recipe = recipe
        self.adapted = adapted
        self.posterior = posterior
        self.varianceScale = varianceScale
    }

    /// How to answer: averaged over draws or linearised around the mean, or at the mean for a point
    /// estimate.
    ///
    /// `draws` and `varianceScale` are by default the run's own. The ranks of `group` share the
    /// work of draws; what a linearised model answers, each of them computes.
    ///
    /// - Throws: ``TrainingError/noDraws(key:reason:found:)`` where the run cannot do as it is
    ///   asked.
    public func predictive(
        draws: Int? = nil,
        varianceScale: Double? = nil,
        group: ProcessGroup? = nil
    ) throws -> any Predictive {
        try check(draws: draws, varianceScale: varianceScale)
        let scale = varianceScale ?? self.varianceScale
        if isLinearised, let laplace = posterior as? any LaplacePosterior {
            return LinearisedAnswers(
                laplace,
                adapted.scorer,
                varianceScale: scale,
                temperature: temperature
            )
        }
        return DrawnAnswers(
            adapted.scorer,
            draws: posterior.map {
                DrawnParameters(
                    $0,
                    around: adapted.parameters,
                    count: draws ?? recipe.draws,
                    seed: UInt64(recipe.seed)
                )
            },
            varianceScale: scale,
            temperature: temperature,
            group: group
        )
    }

    /// The run with another way to answer than its file says.
    ///
    /// - Throws: ``TrainingError/noDraws(key:reason:found:)`` where the run has no posterior, or it
    ///   is to be linearised and has no Laplace approximation.
    public func answering(by predictive: LaplacePredictive) throws -> TrainedRun {
        func refuse(_ reason: String) -> TrainingError {
            .noDraws(key: "predictive", reason: reason, found: predictive.rawValue)
        }
        guard let posterior else { throw refuse("a point estimate") }
        if predictive == .linearised, !(posterior is any LaplacePosterior) {
            throw refuse("draws of a posterior that is no Laplace approximation")
        }
        var run = self
        run.isLinearised = predictive == .linearised
        return run
    }

    /// Settings that would have no effect are refused.
    private func check(draws: Int?, varianceScale: Double?) throws {
        func refuse(_ key: String, _ reason: String, _ found: String) -> TrainingError {
            .noDraws(key: key, reason: reason, found: found)
        }
        guard let posterior else {
            if let draws { throw refuse("draws", "a point estimate", "\(draws)") }
            if let varianceScale, varianceScale != 0 {
                throw refuse("variance-scale", "a point estimate", "\(varianceScale)")
            }
            return
        }
        guard let draws else { return }
        if isLinearised { throw refuse("draws", "a linearised model", "\(draws)") }
        if let limit = posterior.drawLimit, limit != draws {
            throw refuse("draws", "its own \(limit) models, no more and no fewer", "\(draws)")
        }
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
        let tokenizer = adapted.base.tokenizer
        let encoder = try ExampleEncoder(tokenizer, maximumLength: recipe.maxLength)
        let (encoded, report) = try encoder.encode(recipe.asked(examples, tokenizer))
        let part = EncodedPart(examples: encoded, report: report, leftOut: 0)
        try part.check(fits: adapted.base)
        return try predictive(draws: draws, varianceScale: varianceScale)
            .predictions(encoded, maximumTokens: recipe.evalTokens)
    }
}

extension TrainedRun {
    /// Loads a finished run; `model` is the base that its recipe names.
    ///
    /// `recipe` holds for the answers in place of the run's own, for other draws or batches.
    ///
    /// - Throws: an error when the run is unfinished or broken, or a file belongs to another model
    ///   or adapter.
    public init(_ run: RunFolder, recipe: Recipe? = nil, model: LoadedModel) throws {
        let recipe = try recipe ?? run.readAnsweringRecipe()
        guard let metrics = try run.readMetrics(), PEFTFolder.isAdapter(run.url) else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        func check(_ file: URL, _ key: String, _ expected: String, _ found: String) throws {
            guard expected != found else { return }
            throw TrainingError.mismatch(
                file: file.path,
                key: key,
                expected: expected,
                found: found
            )
        }
        try check(run.metrics, "base model", metrics.fingerprint, model.fingerprint)
        let settings = try PEFTFolder.settings(in: run.url)
        self = try withTorchErrors {
            let adapted = try AdaptedModel(model, lora: settings)
            try PEFTFolder.read(run.url, into: adapted.parameters)
            var trained = TrainedRun(recipe, adapted)
            guard let method = metrics.posteriorKind else { return trained }
            let file = try PosteriorFile(contentsOf: run.posterior, for: adapted.parameters)
            let mean = PosteriorFile.hash(of: adapted.parameters.values)
            try check(run.posterior, "method", method, file.method)
            try check(run.posterior, "base model", file.model, model.fingerprint)
            try check(run.posterior, "adapter", file.mean, mean)
            (trained.posterior, trained.varianceScale) = (file.kind, file.varianceScale)
            (trained.temperature, trained.isLinearised) = (file.temperature, file.isLinearised)
            return trained
        }
    }

    /// The posterior as a file; nil for a point estimate, which the adapter says all about.
    var posteriorFile: PosteriorFile? {
        if posterior == nil && temperature == 1 { return nil }
        return PosteriorFile(
            posterior,
            varianceScale: varianceScale,
            temperature: temperature,
            isLinearised: isLinearised,
            model: adapted.base.fingerprint,
            mean: PosteriorFile.hash(of: adapted.parameters.values)
        )
    }

    /// Writes adapter and posterior.
    ///
    /// - Throws: `TensorFileError` when a file cannot be written, `TorchError` when the engine
    ///   cannot make what is to be in it.
    package func write(to run: RunFolder) throws {
        try withTorchErrors {
            try PEFTFolder.write(
                adapted.adapters.layout,
                adapted.parameters,
                baseModel: recipe.model,
                to: run.url
            )
            try posteriorFile?.write(for: adapted.parameters, to: run.posterior)
        }
    }
}
