import Files
import Foundation
import LanguageModels
import LoRA
import Optimizers
import Randomness
import TextTasks
import Torch

/// Trains the adapter of one run and writes its folder.
public final class Trainer {
    private let recipe: Recipe
    private let run: RunFolder
    private let objective: any Objective
    /// The model that is trained.
    public let adapted: AdaptedModel
    var learner: TrainingMethod.Learner
    private let order: BatchOrder
    private let parallel: DataParallel
    private let lock: FolderLock?
    private let cost: StepCost
    /// What the steps taken by this trainer have cost so far.
    public private(set) var profile = TrainingProfile()

    /// Prepares a run: new, with `force` in place of the run that the folder holds, or with
    /// `resume` to go on with it.
    ///
    /// `model` is the one that the recipe names; `objective` is by default to answer the recipe's
    /// task, whose data are then loaded. The folder is changed last, so that a run that cannot
    /// start replaces nothing.
    ///
    /// As one of the ranks of `group` it takes its share of each batch; rank 0 alone uses the
    /// folder. `launcher` is who may start the run anew after a failure.
    ///
    /// - Throws: an error when the data cannot be used, the adapter's settings do not fit the
    ///   model, the folder holds something else, another process has the run, or ranks disagree.
    public init(
        _ recipe: Recipe,
        model: LoadedModel,
        objective: (any Objective)? = nil,
        run: RunFolder,
        resume: Bool = false,
        force: Bool = false,
        group: ProcessGroup? = nil,
        launcher: String? = nil
    ) throws {
        try recipe.validate()
        let recipe = recipe.resolved()
        let parallel = DataParallel(group)
        if parallel.isFirst {
            // A first look, that of a folder's other owners; what is done is decided in `prepare`.
            try run.check(recipe, resume: resume, force: force)
            lock = try run.lock()
        } else {
            lock = nil
        }
        try recipe.check(model)
        let objective = try objective ?? AnswerObjective(recipe, tokenizer: model.tokenizer)
        try objective.check(fits: model)
        self.recipe = recipe
        self.run = run
        self.objective = objective
        self.parallel = parallel
        var fingerprints = objective.fingerprints
        fingerprints["base model"] = model.fingerprint
        try parallel.checkAgreement(recipe, fingerprints: fingerprints)
        (adapted, learner) = try withTorchErrors {
            let adapted = try AdaptedModel(model, lora: recipe.lora)
            adapted.initialize(seed: UInt64(recipe.seed))
            let start = TrainingMethod.Start(
                recipe: recipe,
                parameters: adapted.parameters,
                parallel: parallel
            ) { try AnswerProbe(objective, adapted, parallel) }
            return (adapted, try recipe.method.start(start))
        }
        order = BatchOrder(exampleCount: objective.exampleCount, seed: UInt64(recipe.seed))
        cost = StepCost(model.model, adapters: adapted.adapters.layout.modules)
        guard parallel.isFirst else { return }
        try run.prepare(for: recipe, resume: resume, force: force, launcher: launcher)
        try run.removeLeftovers()
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
        let results = try writeResults(observer)
        try checkPlace()
        return .finished(results)
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
        let (isFirst, optimizer) = (parallel.isFirst, learner.optimizer)
        let history = isFirst ? try History(run.history, keeping: progress.historyLength) : nil
        let timings =
            isFirst ? try History(run.timings, keeping: try lengthOfWholeLines(run.timings)) : nil
        let schedule = recipe.learningRateSchedule
        let clock = ContinuousClock()
        let search = progress.step < recipe.steps ? learner.searchSeconds : nil
        let start = clock.now - .seconds(search ?? 0)
        var times = StepTimes()  // since the last line of the timings
        func add(_ more: StepTimes) {
            times += more
            profile.times += more
        }
        add(StepTimes(search: search))
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
            try checkPlace(history)
            progress.step += 1
            progress.interval.add(loss, optimizer.measures)
            observer(.trained(step: step + 1, loss: loss))
            if (step + 1).isMultiple(of: recipe.logEvery) {
                let record = HistoryRecord(
                    step: step + 1,
                    loss: progress.interval.loss / Double(progress.interval.steps),
                    learningRate: optimizer.learningRate,
                    posterior: learner.health(progress.interval.meanMeasures)
                )
                try history?.append(record)
                let seconds = (clock.now - start).inSeconds
                try timings?.append(Timing(step: step + 1, seconds: seconds, times: times))
                times = StepTimes()
                progress.interval = IntervalSums()
                observer(.logged(record))
            }
            if recipe.evalEvery > 0, (step + 1).isMultiple(of: recipe.evalEvery) {
                let (record, evaluationTimes) = try StepTimes.measureEvaluation {
                    try objective.evaluated(adapted, after: step + 1, group: parallel.group) {
                        observer(.evaluating(done: $0, of: $1))
                    }
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
                    try progress.write(adapted.parameters, optimizer, to: run)
                    try drop(butLast: 2, observer)
                }
                observer(.saved(step: step + 1))
            }
            profile.seconds = (clock.now - start).inSeconds
            if stops, step + 1 < recipe.steps { return step + 1 }
        }
        // The one before may be of a step where the run was stopped: equal runs would differ.
        if isFirst { try drop(butLast: 1, observer) }
        return nil
    }

    /// Removes old checkpoints; one that cannot be removed is no reason to stop.
    private func drop(butLast count: Int, _ observer: (TrainingEvent) -> Void) throws {
        for fault in try Checkpoint.drop(butLast: count, keeping: recipe.keepStep, in: run) {
            observer(.warned("\(fault)"))
        }
    }

    /// Ends a run whose folder or files were taken away under it, before it writes there again.
    private func checkPlace(_ history: History? = nil) throws {
        guard let lock else { return }
        if !lock.isInPlace { throw TrainingError.takenAway(path: run.url.path) }
        if try !run.holdsRun { throw TrainingError.takenAway(path: run.recipe.path) }
        if history?.isInPlace == false { throw TrainingError.takenAway(path: run.history.path) }
    }

    /// Bytes up to the end of the last line that is whole.
    private func lengthOfWholeLines(_ url: URL) throws -> Int {
        try RegularFile.readIfPresent(url)?.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    /// The last checkpoint with its values in place, or the start of the run.
    private func resumedOrFresh() throws -> Checkpoint {
        let own = try ownCheckpoint()
        return try parallel.share(own, adapted.parameters, learner.optimizer)
    }

    private func ownCheckpoint() throws -> Checkpoint {
        let model = adapted.base.fingerprint
        let examples = objective.fingerprints[AnswerObjective.trainingData] ?? ""
        guard parallel.isFirst, let folder = try Checkpoint.last(in: run) else {
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
            learner.optimizer
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
        let terms = batch.reduce(0) { $0 + objective.termCount(of: $1) }
        let share = parallel.share(of: batch, tokens: objective.tokenCount)
        let size = recipe.microBatchSize ?? batch.count
        var losses: [(loss: Tensor, examples: [Int])] = []
        for (index, start) in stride(from: 0, to: share.count, by: size).enumerated() {
            let examples = Array(share[start..<min(start + size, share.count)])
            let seed = RandomStream.dropout.seed(
                from: UInt64(recipe.seed),
                step,
                draw,
                index,
                rank: parallel.rank
            )
            adapted.adapters.withDropout(seed: seed) {
                let result = objective.loss(of: examples, adapted)
                profile.count(result, cost)
                let loss = result.sum * (1 / Double(terms))
                loss.backward()
                losses.append((loss.detached(), examples))
            }
        }
        // A card has all passes to do before it is waited for.
        return try losses.reduce(0) { total, part in
            let value = part.loss.item
            guard value.isFinite else {
                throw TrainingError.lossNotFinite(
                    loss: value,
                    step: step + 1,
                    ids: part.examples.map(objective.name),
                    checkpoint: try Checkpoint.last(in: run)?.path
                )
            }
            return total + value
        }
    }

    /// Keeps parameters that a step with a finite loss has broken out of the checkpoints.
    private func checkFinite(_ step: Int) throws {
        if adapted.parameters.values.isFinite { return }
        let batch = order.batch(at: step, batchSize: recipe.batchSize)
        throw TrainingError.parametersNotFinite(
            step: step + 1,
            ids: batch.map(objective.name),
            checkpoint: try Checkpoint.last(in: run)?.path
        )
    }

    /// The model as it is trained, with what is known of its parameters.
    ///
    /// - Returns: the run, and what its results say of its posterior.
    /// - Throws: `TorchError` when the posterior cannot be made.
    func trained() throws -> (run: TrainedRun, health: PosteriorHealth?) {
        try withTorchErrors {
            let posterior = learner.posterior()
            let run = TrainedRun(
                recipe,
                adapted,
                posterior: posterior,
                varianceScale: recipe.varianceScale
            )
            return (run, learner.finalHealth())
        }
    }

    private func writeResults(_ observer: (TrainingEvent) -> Void) throws -> RunMetrics {
        let trained = try trained()
        let results = try objective.writeResults(
            of: trained.run,
            health: trained.health,
            to: run,
            group: parallel.group
        ) {
            observer(.evaluating(done: $0, of: $1))
        }
        for warning in results.warnings ?? [] { observer(.warned(warning)) }
        return results
    }
}
