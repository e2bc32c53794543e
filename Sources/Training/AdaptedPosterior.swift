import Evaluation
import Foundation
import Laplace
import LoRA
import Posteriors
import Torch

/// An adapted model whose parameters hold a mean, with what is known about their distribution.
public struct AdaptedPosterior {
    /// The model, with the mean in its parameters.
    public let adapted: AdaptedModel
    /// How draws deviate from the mean; nil for a point estimate.
    public var kind: (any PosteriorKind)?
    /// Factor of the variance of the draws (τ) unless another is asked for.
    public var varianceScale: Double
    /// What logits are divided by before the softmax.
    public var temperature: Double

    /// Whether a Laplace approximation answers through the linearised model rather than by draws.
    public var isLinearised: Bool

    /// A posterior around the present values of the model's parameters.
    public init(
        adapted: AdaptedModel,
        kind: (any PosteriorKind)? = nil,
        varianceScale: Double = 1,
        temperature: Double = 1,
        isLinearised: Bool = false
    ) {
        self.adapted = adapted
        self.kind = kind
        self.varianceScale = varianceScale
        self.temperature = temperature
        self.isLinearised = isLinearised
    }

    /// How to answer: averaged over draws, or at the mean for a point estimate.
    ///
    /// `varianceScale` is by default the posterior's own. The ranks of `group` share the work of
    /// draws; what a linearised model answers, each of them computes.
    public func predictive(
        draws: Int,
        varianceScale: Double? = nil,
        seed: Int,
        group: ProcessGroup? = nil
    ) -> any Predictive {
        let varianceScale = varianceScale ?? self.varianceScale
        if isLinearised, let kind = kind as? any LaplaceKind {
            return LaplacePredictive(
                kind,
                adapted.scorer,
                adapters: adapted.adapters,
                varianceScale: varianceScale
            )
        }
        return SampledPredictive(
            adapted.scorer,
            posterior: kind.flatMap { kind in
                kind.isPoint
                    ? nil
                    : ParameterPosterior(
                        kind,
                        around: adapted.parameters,
                        varianceScale: varianceScale,
                        drawCount: draws,
                        seed: UInt64(seed)
                    )
            },
            temperature: temperature,
            group: group
        )
    }

    /// Writes adapter and posterior; a point estimate has no posterior file.
    ///
    /// - Throws: `TensorFileError` when a file cannot be written.
    package func write(to run: RunFolder, baseModel: String) throws {
        try PEFTFolder.write(
            adapted.adapters.layout,
            values: adapted.values,
            baseModel: baseModel,
            to: run.url
        )
        guard let kind else { return }
        let file = PosteriorFile(
            kind,
            varianceScale: varianceScale,
            temperature: temperature,
            isLinearised: isLinearised,
            model: adapted.base.fingerprint,
            mean: PosteriorFile.hash(of: adapted.parameters.values)
        )
        try file.write(for: adapted.parameters, to: run.posterior)
    }

    /// Reads the adapter of a run into a model, and its posterior where there is one.
    ///
    /// - Throws: an error when a file is broken or belongs to another model or adapter.
    init(_ run: RunFolder, metrics: RunMetrics, into adapted: AdaptedModel) throws {
        adapted.load(try PEFTFolder.values(of: adapted.adapters.layout, in: run.url))
        guard let expectedKind = metrics.posteriorKind else {
            self.init(adapted: adapted)
            return
        }
        let file = try PosteriorFile(contentsOf: run.posterior, for: adapted.parameters)
        let mean = PosteriorFile.hash(of: adapted.parameters.values)
        for (key, expected, found) in [
            ("method", expectedKind, type(of: file.kind).name),
            ("base model", file.model, adapted.base.fingerprint), ("adapter", file.mean, mean),
        ] where expected != found {
            throw TrainingError.mismatch(
                file: run.posterior.path,
                key: key,
                expected: expected,
                found: found
            )
        }
        self.init(
            adapted: adapted,
            kind: file.kind,
            varianceScale: file.varianceScale,
            temperature: file.temperature,
            isLinearised: file.isLinearised
        )
    }
}
