import Files
import Foundation
import JSON
import LanguageModels
import LoRA
import Posteriors
import Torch

/// Several runs of one base model that become one run.
///
/// The matrices of a low-rank product B A have no coordinates in common but those of their start,
/// where A is drawn from the seed and B is zero. So the runs must have one seed, layout and base.
public struct RunMerge {
    /// The settings of the merged run, by default those of the first run.
    public var recipe: Recipe
    private let runs: [MergeStart]
    private let weights: [Double]
    private let rule: MergeRule
    private let output: DerivedRun

    /// Looks whether at least two runs can be merged into a folder, and changes nothing yet.
    ///
    /// The folder is new, or holds a run that may be replaced with `force`. `weights` has one of
    /// each run that the rule allows; by default all are 1.
    ///
    /// - Throws: ``TrainingError`` when a run is unfinished, they are not alike, the folder holds
    ///   something else or another process has it; an error when a file is broken.
    public init(
        _ runs: [RunFolder],
        by rule: MergeRule = .precision,
        weights: [Double]? = nil,
        to output: RunFolder,
        force: Bool = false
    ) throws {
        let weights = weights ?? runs.map { _ in 1 }
        precondition(
            runs.count > 1 && runs.count == weights.count && weights.allSatisfy(rule.allows),
            "\(runs.count) runs, weights \(weights)"
        )
        let starts = try runs.map(MergeStart.init)
        for other in starts.dropFirst() { try other.check(against: starts[0]) }
        recipe = starts[0].recipe
        self.output = try DerivedRun(
            output,
            recipe,
            of: runs,
            found: "one of the runs to merge",
            force: force
        )
        (self.runs, self.weights, self.rule) = (starts, weights, rule)
    }

    /// The merged run on the model that its recipe names.
    ///
    /// By precision it has the posterior of all the data; by another rule it is a point estimate.
    /// A temperature is left out, as it was fitted to one of the runs.
    ///
    /// - Throws: ``TrainingError`` when a file belongs to another model or adapter, or there are no
    ///   precisions to merge by; an error when a file is broken.
    public func merged(_ model: LoadedModel) throws -> TrainedRun {
        try withTorchErrors {
            func load(_ start: MergeStart) throws -> (trained: TrainedRun, part: Part) {
                let trained = try TrainedRun(start.run, recipe: recipe, model: model)
                let mean = trained.adapted.parameters.values.clone()
                return (trained, Part(run: start.run, mean: mean, posterior: trained.posterior))
            }
            // The first run is loaded last, so that its adapters stay in the model.
            let others = try runs.dropFirst().map { try load($0).part }
            var (trained, first) = try load(runs[0])
            let parts = [first] + others
            let mean: Tensor
            if rule == .precision {
                (mean, trained.posterior) = try product(of: parts)
            } else {
                trained.adapted.initialize(seed: UInt64(runs[0].recipe.seed))
                mean = rule.sum(
                    zip(parts, weights).map { ($0.mean, $1) },
                    from: trained.adapted.parameters.values
                )
                trained.posterior = nil
            }
            trained.adapted.parameters.values.copyInPlace(mean.to(.float32))
            trained.temperature = 1
            return trained
        }
    }

    private struct Part {
        let run: RunFolder
        let mean: Tensor  // [count]
        let posterior: (any Posterior)?

        func refusal(_ expected: String) -> TrainingError {
            let found = posterior.map { type(of: $0).name } ?? "a point estimate"
            return .noPrecisions(folder: run.url.path, expected: expected, found: found)
        }
    }

    /// The posterior of all the data, and its mean [count].
    private func product(of parts: [Part]) throws -> (mean: Tensor, posterior: any Posterior) {
        func product<Kind: DiagonalPosterior>(
            like first: Kind
        ) throws -> (mean: Tensor, posterior: any Posterior) {
            let (mean, posterior) = Kind.merged(
                try zip(parts, weights).map { part, weight in
                    guard let own = part.posterior as? Kind else {
                        throw part.refusal("\(Kind.name), as of \(parts[0].run.url.path)")
                    }
                    return (part.mean, own, weight)
                }
            )
            return (mean, posterior)
        }
        guard let first = parts[0].posterior as? any DiagonalPosterior else {
            let kinds = PosteriorFile.kinds.filter { $0 is any DiagonalPosterior.Type }
            throw parts[0].refusal(kinds.map { $0.name }.joined(separator: " or "))
        }
        return try product(like: first)
    }
}

extension RunMerge {
    /// Measures the merged run on the validation and test parts of its task, and writes its folder.
    ///
    /// `progress` is told how many batches of a part are done.
    ///
    /// - Returns: the results, as `metrics.json` has them.
    /// - Throws: an error when the data cannot be used or a file cannot be written.
    public func write(
        _ trained: TrainedRun,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> RunMetrics {
        try output.write(trained, health: nil, progress: progress) { results, folder in
            results.method = "merge-\(rule.rawValue)"
            try JSONFile.write(record, to: folder.merge)
        }
    }

    private var record: MergeRecord {
        MergeRecord(
            by: rule.rawValue,
            runs: zip(runs, weights).map {
                MergeRecord.Part(run: $0.run.url.relativePath, task: $0.recipe.task, weight: $1)
            }
        )
    }
}
