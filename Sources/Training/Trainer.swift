import Evaluation
import Foundation
import LanguageModels
import Metrics
import Optimizers
import Posteriors
import Randomness
import TextTasks
import Torch

/// Trains the adapter of one run and writes its folder.
public final class Trainer {
    private let recipe: Recipe
    private let run: RunFolder
    private let data: TrainingData
    /// The model that is trained.
    public let adapted: AdaptedModel
    private let optimizer: any Optimizer
    private let order: BatchOrder
    private let parallel: DataParallel
    private let lock: RunLock?
    private let cost: StepCost
    /// What the steps taken by this trainer have cost so far.
    public private(set) var profile = TrainingProfile()

    /// Prepares a run: new, with `force` in place of the run that the folder holds, or with
    /// `resume` to go on with it.
    ///
    /// `model` is the one that the recipe names, and so is `data`, which is loaded by default. The
    /// folder is changed last, so that a run that cannot start replaces nothing.
    ///
    /// As one of the ranks of `group` it takes its share of each batch; rank 0 alone uses the
    /// folder. `launcher` is who may start the run anew after a failure.
    ///
    /// - Throws: an error when the data cannot be used, the adapter's settings do not fit the
    ///   model, the folder holds something else, another process has the run, or ranks disagree.
    public init(
        _ recipe: Recipe,
        model: LoadedModel,
        data: TrainingData? = nil,
        run: RunFolder,
        resume: Bool = false,
        force: Bool = false,
        group: ProcessGroup? = nil,
        launcher: String? = nil
    ) throws {
        let recipe = recipe.resolved()
        let parallel = DataParallel(group)
        if parallel.isFirst { try run.check(recipe, resume: resume, force: force) }
        try recipe.check(model)
        let data = try data ?? TrainingData(recipe, tokenizer: model.tokenizer)
        for part in [data.train, data.validation, data.test] {
            try part?.check(fits: model.configuration)
        }
        self.recipe = recipe
        self.run = run
        self.data = data
        self.parallel = parallel
        (adapted, optimizer) = try withTorchErrors {
            let adapted = try AdaptedModel(model, lora: recipe.lora)
            return (adapted, Self.optimizer(recipe, adapted.parameters, parallel))
        }
        order = BatchOrder(
            exampleCount: data.train.examples.count,
            seed: UInt64(recipe.seed)
        )
        cost = StepCost(model.configuration, adapters: adapted.adapters.layout.modules)
        try parallel.checkAgreement(recipe, model: model.fingerprint, data)
        guard parallel.isFirst else {
            lock = nil
            return
        }
        try run.prepare(for: recipe, resume: resume, force: force, launcher: launcher)
        lock = try RunLock(run)
        run.removeLeftovers()
    }

    static func optimizer(
        _ recipe: Recipe,
        _ parameters: FlatParameters,
        _ parallel: DataParallel
    ) -> any Optimizer {
        let reduce = parallel.reduction
        switch recipe.method {
        case .adamw:
            return AdamW(parameters, learningRate: 0, settings: recipe.adamW, reduce: reduce)
        case .ivon:
            let (seed, rank) = (UInt64(recipe.seed), parallel.rank)
            let device = parameters.values.device
            return IVON(parameters, learningRate: 0, settings: recipe.ivon, reduce: reduce) {
                let stream = RandomStream.posterior.seed(from: seed, $0, $1, rank: rank)
                return Generator(seed: stream, device: device).normal([parameters.count])
            }
        }
    }

    /// Trains from the last checkpoint, or from the start when there is none, and writes results.
    ///
    /// `shouldStop` is asked after each step; when it says so the step is saved and the run ends.
    ///
    /// - Throws: ``TrainingError`` when the loss is not finite, a file is broken or cannot be
    ///   written; the last checkpoint is then intact.
    public func run(
        observer: (TrainingEvent) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> TrainingOutcome {
        if let step = try train(observer: observer, shouldStop: shouldStop) {
            return .stopped(step: step)
        }
        return .finished(try writeResults(observer))
    }

    /// Takes the steps that are left, as ``run(observer:shouldStop:)`` does, without the results.
    ///
    /// - Returns: the step where it was stopped; nil when all steps are taken.
    public func train(
        observer: (TrainingEvent) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> Int? {
        try withTorchErrors { try takeSteps(observer, shouldStop) }
    }

    private func takeSteps(
        _ observer: (TrainingEvent) -> Void,
        _ shouldStop: () -> Bool
    ) throws -> Int? {
        adapted.base.model.recomputesBlocks = recipe.gradientCheckpointing
        defer { adapted.base.model.recomputesBlocks = false }
        var progress = try resumedOrFresh()
        let isFirst = parallel.isFirst
        let history = isFirst ? try History(run.history, keeping: progress.historyLength) : nil
        let timings =
            isFirst ? try History(run.timings, keeping: lengthOfWholeLines(run.timings)) : nil
        let schedule = recipe.learningRateSchedule
        let clock = ContinuousClock()
        let start = clock.now
        var times = StepTimes()  // since the last line of the timings
        func add(_ more: StepTimes) {
            times += more
            profile.times += more
        }
        observer(
            .started(
                step: progress.step,
                of: recipe.steps,
                parameterCount: adapted.parameters.count
            )
        )
        for step in progress.step..<recipe.steps {
            optimizer.learningRate = schedule(step)
            parallel.ask(shouldStop)
            // Per step: what the engine failed to compute must not reach a checkpoint.
            let (loss, stepTimes) = try withTorchErrors {
                try StepTimes.measure(optimizer, lossOfDraw(at: step))
            }
            add(stepTimes)
            progress.add(loss, clipped: (optimizer as? IVON)?.clippedShare ?? 0)
            observer(.trained(step: step + 1, loss: loss))
            if (step + 1).isMultiple(of: recipe.logEvery) {
                let record = progress.record(optimizer.learningRate, health(progress.interval))
                try history?.append(record)
                let seconds = (clock.now - start).inSeconds
                try timings?.append(Timing(step: step + 1, seconds: seconds, times: times))
                times = StepTimes()
                progress.interval = IntervalSums()
                observer(.logged(record))
            }
            if recipe.evalEvery > 0, (step + 1).isMultiple(of: recipe.evalEvery) {
                let (record, evaluationTimes) = try StepTimes.measureEvaluation {
                    try evaluatedRecord(step + 1, observer)
                }
                add(evaluationTimes)
                try history?.append(record)
                observer(.evaluated(record))
            }
            progress.historyLength = history?.length ?? 0
            let stops = parallel.stops(shouldStop)
            let isDue = recipe.saveEvery > 0 && (step + 1).isMultiple(of: recipe.saveEvery)
            if isDue || stops || [recipe.steps, recipe.keepStep].contains(step + 1) {
                try checkFinite(step)
                try parallel.checkSame(adapted.parameters, after: step + 1)
                if isFirst {
                    try progress.write(
                        adapted.parameters,
                        optimizer,
                        to: run,
                        keeping: recipe.keepStep
                    )
                }
                observer(.saved(step: step + 1))
            }
            profile.seconds = (clock.now - start).inSeconds
            if stops, step + 1 < recipe.steps { return step + 1 }
        }
        // The one before may be of a step where the run was stopped: equal runs would differ.
        if isFirst { Checkpoint.drop(butLast: 1, keeping: recipe.keepStep, in: run) }
        return nil
    }

    /// Bytes up to the end of the last line that is whole.
    private func lengthOfWholeLines(_ url: URL) -> Int {
        let data = (try? Data(contentsOf: url)) ?? Data()
        return data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    /// The last checkpoint with its values in place, or the start of the run.
    private func resumedOrFresh() throws -> Checkpoint {
        let own = try ownCheckpoint()
        return try parallel.share(own, adapted.parameters, optimizer)
    }

    private func ownCheckpoint() throws -> Checkpoint {
        let (model, examples) = (adapted.base.fingerprint, data.fingerprint)
        guard parallel.isFirst, let folder = Checkpoint.last(in: run) else {
            adapted.initialize(seed: recipe.seed)
            return Checkpoint(
                step: 0,
                historyLength: 0,
                interval: IntervalSums(),
                model: model,
                data: examples
            )
        }
        let checkpoint = try Checkpoint(
            folder,
            of: recipe.steps,
            into: adapted.parameters,
            optimizer
        )
        for (key, expected, found) in [
            ("base model", checkpoint.model, model), ("training data", checkpoint.data, examples),
        ] where expected != found {
            throw TrainingError.mismatch(
                file: folder.path,
                key: key,
                expected: expected,
                found: found
            )
        }
        return checkpoint
    }

    /// The loss of a step under the draw that is in the parameters; counts the draws of the step.
    private func lossOfDraw(at step: Int) -> () throws -> Double {
        var draw = 0
        return { [self] in
            defer { draw += 1 }
            // Inside the draw, so that the mean is put back and no update follows.
            return try withTorchErrors { try meanLoss(at: step, draw: draw) }
        }
    }

    /// Mean loss of a step's batch in nats, or this rank's share of it; its gradient is added up
    /// over micro-batches.
    private func meanLoss(at step: Int, draw: Int) throws -> Double {
        let batch = order.batch(at: step, batchSize: recipe.batchSize)
        let size = recipe.microBatchSize ?? batch.count
        let share = parallel.share(of: batch) { data.train.examples[$0].tokens.count }
        var total = 0.0
        for (index, start) in stride(from: 0, to: share.count, by: size).enumerated() {
            let examples = share[start..<min(start + size, share.count)].map {
                data.train.examples[$0]
            }
            let seed = RandomStream.dropout.seed(
                from: UInt64(recipe.seed),
                step,
                draw,
                index,
                rank: parallel.rank
            )
            let packed = PackedBatch(examples)
            profile.count(packed, cost)
            total += try adapted.adapters.withDropout(seed: seed) {
                let loss = adapted.scorer.loss(packed) * (1 / Double(batch.count))
                let value = loss.item
                guard value.isFinite else {
                    throw TrainingError.lossNotFinite(
                        loss: value,
                        step: step + 1,
                        ids: examples.map(\.id),
                        checkpoint: Checkpoint.last(in: run)?.path
                    )
                }
                loss.backward()
                return value
            }
        }
        return total
    }

    /// Keeps parameters that a step with a finite loss has broken out of the checkpoints.
    private func checkFinite(_ step: Int) throws {
        if adapted.parameters.values.isFinite { return }
        let batch = order.batch(at: step, batchSize: recipe.batchSize)
        throw TrainingError.parametersNotFinite(
            step: step + 1,
            ids: batch.map { data.train.examples[$0].id },
            checkpoint: Checkpoint.last(in: run)?.path
        )
    }

    private func health(_ interval: IntervalSums) -> PosteriorHealth? {
        guard let ivon = optimizer as? IVON else { return nil }
        let share = interval.clipped / Double(interval.steps)
        return PosteriorHealth(IVONPosterior(ivon), clippedShare: share)
    }

    private func evaluatedRecord(
        _ step: Int,
        _ observer: (TrainingEvent) -> Void
    ) throws -> HistoryRecord {
        let predictor = Predictor(
            adapted.scorer,
            examples: data.validation.examples,
            maximumTokens: recipe.evalTokens,
            group: parallel.group
        )
        var done = 0
        let predictions = predictor.predictions(PointEstimate()) {
            done += 1
            observer(.evaluating(done: done, of: predictor.batchCount))
        }
        .map(\.prediction)
        return HistoryRecord(
            step: step,
            split: .validation,
            metrics: try MetricSummary(predictions, seed: UInt64(recipe.seed))
        )
    }

    private func writeResults(_ observer: (TrainingEvent) -> Void) throws -> RunMetrics {
        let writer = RunResults(
            recipe: recipe,
            adapted: adapted,
            data: data,
            run: run,
            group: parallel.group
        )
        return try writer.write(optimizer as? IVON) { observer(.evaluating(done: $0, of: $1)) }
    }
}

extension Checkpoint {
    /// Counts one more step.
    fileprivate mutating func add(_ loss: Double, clipped: Double) {
        step += 1
        interval.steps += 1
        interval.loss += loss
        interval.clipped += clipped
    }

    /// The history's line of the interval that ends here.
    fileprivate func record(_ learningRate: Double, _ posterior: PosteriorHealth?) -> HistoryRecord
    {
        HistoryRecord(
            step: step,
            loss: interval.loss / Double(interval.steps),
            learningRate: learningRate,
            posterior: posterior
        )
    }
}
