import Evaluation
import Files
import Foundation
import JSON
import LanguageModels
import Metrics
import TextTasks
import Torch
import Training

/// What happens in a comparison, for those who watch it.
public enum ComparisonEvent {
    /// A method's run begins; `number` counts from 1.
    case started(task: String, seed: Int, method: String, number: Int, of: Int)
    /// Something is unusual about model or data; each sentence comes once.
    case warned(String)
    /// Something happens in it.
    case progress(TrainingEvent)
}

/// Runs every method of a plan that has not run yet, and gathers the results.
///
/// Each method's run is a folder of its own, `TASK/seed-SEED/METHOD`. What is finished is kept, so
/// that a comparison that was stopped goes on where it was, with the same numbers.
public struct Comparison {
    private let plan: ComparisonPlan
    private let folder: URL

    /// The comparison of a plan in a folder.
    public init(_ plan: ComparisonPlan, in folder: URL) {
        self.plan = plan
        self.folder = folder
    }

    /// Whether the folder holds results or runs of a comparison.
    ///
    /// - Throws: `FileError` when that cannot be told.
    public static func exists(in folder: URL) throws -> Bool {
        try FileSystem.exists(folder.appendingPathComponent(planFile))
    }

    /// Removes the comparison of the plan's tasks with its folder, in which `others` stand, too.
    ///
    /// - Throws: ``ComparisonError`` when another process runs it, or the folder holds something
    ///   else, which is then left as it was; `FileError` when a part cannot be removed.
    public func remove(with others: [String]) throws {
        let own = plan.tasks.map(\.name) + [Self.planFile, ComparisonRow.file] + others
        try withExtendedLifetime(Self.lock(folder)) {
            // A hidden file is the lock, or what a process that was killed had half written.
            let names = try FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }
            if let stranger = names.sorted().first(where: { !own.contains($0) }) {
                throw ComparisonError(
                    "\(folder.path): expected a comparison and nothing else, found \(stranger)"
                )
            }
            try FileSystem.remove(folder)
        }
    }

    private static func lock(_ folder: URL) throws -> FolderLock {
        guard let lock = try FolderLock(folder) else {
            throw ComparisonError("\(folder.path): another process is running this comparison")
        }
        return lock
    }

    private static let planFile = "comparison.yaml"

    /// Runs what is missing and writes `results.json`.
    ///
    /// `shouldStop` is asked between steps and methods.
    ///
    /// - Returns: the results; nil when it was stopped.
    /// - Throws: an error when data, model or a file cannot be used, a run in the folder has
    ///   another recipe, or another process runs the comparison.
    public func run(
        observer: @escaping (ComparisonEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> [ComparisonRow]? {
        try run { cells in
            var material: Material?
            var warned: Set<String> = []
            for cell in cells {
                let current = try Material(plan, cell, reusing: material)
                material = current
                for warning in current.warnings where warned.insert(warning).inserted {
                    observer(.warned(warning))
                }
                guard try run(cell, with: current, observer, shouldStop) else { return false }
            }
            return true
        }
    }

    /// Has `runCells` run all cells, in whatever order and processes, and writes `results.json`.
    ///
    /// It returns false when it was stopped.
    ///
    /// - Returns: the results; nil when it was stopped.
    /// - Throws: as ``run(observer:shouldStop:)``, and what `runCells` throws.
    public func run(
        by runCells: ([ComparisonPlan.Cell]) throws -> Bool
    ) throws -> [ComparisonRow]? {
        let lock = try Self.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        try check()
        guard try runCells(plan.cells) else { return nil }
        let results = try ComparisonRow.gather(plan, in: folder)
        try JSONFile.write(results, to: folder.appendingPathComponent(ComparisonRow.file))
        return results
    }

    /// Runs what is missing of one cell, while another process gathers the results.
    ///
    /// - Returns: whether it came to its end, and was not stopped.
    /// - Throws: as ``run(observer:shouldStop:)``, or when another process runs the cell.
    public func run(
        _ cell: ComparisonPlan.Cell,
        observer: @escaping (ComparisonEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> Bool {
        let lock = try Self.lock(folder.appendingPathComponent(cell.folder))
        defer { withExtendedLifetime(lock) {} }
        let material = try Material(plan, cell, reusing: nil)
        for warning in material.warnings { observer(.warned(warning)) }
        return try run(cell, with: material, observer, shouldStop)
    }

    private func run(
        _ cell: ComparisonPlan.Cell,
        with material: Material,
        _ observer: @escaping (ComparisonEvent) -> Void,
        _ shouldStop: @escaping () -> Bool
    ) throws -> Bool {
        // Written once something can be computed, so that a mistake leaves no comparison.
        try writePlan()
        for (index, method) in plan.runs(of: cell.task).enumerated() {
            observer(
                .started(
                    task: cell.task.name,
                    seed: cell.seed,
                    method: method.name,
                    number: cell.firstRun + index,
                    of: plan.runCount
                )
            )
            if shouldStop() { return false }
            let fitting = material.fitting(method)
            let study = Study(
                method: method,
                recipes: fitting.recipes,
                settings: plan.settings,
                model: material.model,
                data: fitting.data,
                folder: folder.appendingPathComponent(cell.folder),
                meter: CostMeter(),
                shouldStop: shouldStop,
                observer: { observer(.progress($0)) }
            )
            do {
                try study.complete(material.shifts)
            } catch is Stopped {
                return false
            }
        }
        return true
    }

    /// Finds what would make a run fail or its row mean something else, before any is started.
    private func check() throws {
        let file = folder.appendingPathComponent(Self.planFile)
        if try Self.exists(in: folder) {
            try plan.check(isOf: file)
        }
        try plan.checkMethods()
        try plan.checkData()
    }

    private func writePlan() throws {
        try AtomicFile.write(Data(plan.yaml.utf8), to: folder.appendingPathComponent(Self.planFile))
    }
}

/// What all methods of a task and seed share.
private struct Material {
    /// What a method's trainings are of.
    struct Fitting {
        let recipes: Trajectories
        let data: TrainingData

        /// Loads the data of recipes for a model.
        init(_ recipes: Trajectories, _ model: LoadedModel) throws {
            self.recipes = recipes
            data = try TrainingData(recipes.adamw, tokenizer: model.tokenizer)
            try AnswerObjective(recipes.adamw, data: data).check(fits: model)
        }
    }

    let model: LoadedModel
    let shifts: [Shift]
    /// With all labels that there are.
    let whole: Fitting
    /// With a share of them held out; nil where no method does so.
    let heldOut: Fitting?

    /// What is unusual about the model and the data.
    var warnings: [String] { model.warnings + whole.data.warnings }

    /// What a method has to do with.
    func fitting(_ method: Method) -> Fitting {
        guard method.holdsOut else { return whole }
        guard let heldOut else { preconditionFailure("no method of the plan holds labels out") }
        return heldOut
    }

    /// Loads model and data; a model that is loaded already is taken from `other`.
    init(
        _ plan: ComparisonPlan,
        _ cell: ComparisonPlan.Cell,
        reusing other: Material?
    ) throws {
        let (task, seed) = (cell.task, cell.seed)
        let recipe = plan.recipes(task, seed: seed).adamw
        Engine.threads = recipe.threads ?? Engine.threads
        func base(_ recipe: Recipe?) -> [AnyHashable?] {
            [recipe?.model, recipe?.device, recipe?.precision]
        }
        let isLoaded = base(other?.whole.recipes.adamw) == base(recipe)
        let model =
            try (isLoaded ? other?.model : nil)
            ?? LoadedModel(
                try ModelLocation(recipe.model),
                device: Device(recipe.device),
                precision: recipe.precision
            )
        self.model = model
        whole = try Fitting(plan.recipes(task, seed: seed), model)
        heldOut =
            try plan.methods(on: task).contains(where: \.holdsOut)
            ? Fitting(plan.recipes(task, seed: seed, holdingOut: true), model) : nil
        shifts = try plan.shifts.map {
            try Shift($0, limit: plan.settings.shiftLimit, recipe: recipe, model: model)
        }
    }
}

extension Study {
    /// Makes the method's run unless it is there, then what is missing of its shifted answers.
    fileprivate func complete(_ shifts: [Shift]) throws {
        try checkRecipe()
        if try run.readMetrics() == nil {
            try method.make(self)
            try meter.cost.write(to: run)
        }
        removeLeftovers()
        for shift in shifts {
            let file = run.predictions(shift.name)
            if try FileSystem.exists(file) {
                try shift.check(isAnsweredBy: file)
                continue
            }
            let trained = try TrainedRun(run, model: model)
            let sharesAnswers = shift.sharesAnswers(with: data.test ?? data.validation)
            try trained.predictive().predictions(
                shift.part.examples,
                maximumTokens: trained.recipe.evalTokens
            ) {
                observer(.evaluating(done: $0, of: $1))
            }
            .map {
                var prediction = $0.prediction
                // A label among other answers would be a number without a meaning.
                if !sharesAnswers { prediction.label = nil }
                return prediction
            }
            .write(to: file)
        }
    }

    /// Removes what is there besides a run with results: its branch, and what a process that was
    /// killed behind the results had half written.
    private func removeLeftovers() {
        do {
            let lock = try run.lock()
            defer { withExtendedLifetime(lock) {} }
            try run.removeLeftovers()
            try FileSystem.remove(branch.url)
        } catch {
            observer(.warned("\(error)"))
        }
    }

    /// A run that is there must be of this comparison's recipe, model and data, whatever lies at
    /// their places now.
    private func checkRecipe() throws {
        guard try run.holdsRun else { return }
        try run.check(recipes.recipe(behind: method), resume: true, force: false)
        guard let metrics = try run.readMetrics() else { return }
        guard metrics.fingerprint == model.fingerprint else {
            throw TrainingError.mismatch(
                file: run.metrics.path,
                key: "base model",
                expected: metrics.fingerprint,
                found: model.fingerprint
            )
        }
        try run.check(isTrainedOn: data.train)
        let parts = [(data.validation, Split.validation)] + (data.test.map { [($0, .test)] } ?? [])
        for (part, split) in parts {
            try part.check(isAnsweredBy: run.predictions(split.rawValue))
        }
    }
}
