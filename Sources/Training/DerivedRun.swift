import Files
import Foundation
import JSON

/// The folder of a run that is made of finished ones, without a training.
struct DerivedRun {
    private let output: RunFolder
    private let sources: [RunFolder]
    private let force: Bool
    private let lock: FolderLock

    /// Looks whether a folder may take a run of `recipe` that is made of `sources`, and changes
    /// nothing yet.
    ///
    /// The folder is new, or holds a run that may be replaced with `force`. `found` says what a
    /// source is, for one that is named as the output, too.
    ///
    /// - Throws: ``TrainingError`` when the folder holds something else or is one of the sources,
    ///   or another process has it.
    init(
        _ output: RunFolder,
        _ recipe: Recipe,
        of sources: [RunFolder],
        found: String,
        force: Bool
    ) throws {
        // By path: the URL of a link to a folder ends in a slash, or not.
        func place(_ run: RunFolder) -> String { run.url.resolvingSymlinksInPath().path }
        if sources.map(place).contains(place(output)) {
            throw TrainingError.notARun(folder: output.url.path, found: found)
        }
        do {
            try output.check(recipe, resume: false, force: force)
        } catch TrainingError.runExists {
            throw TrainingError.notARun(
                folder: output.url.path,
                found: "another run; --force replaces it"
            )
        }
        lock = try output.lock()
        (self.output, self.force, self.sources) = (output, force, sources)
    }

    /// A folder of this name for what is made on the way, hidden in the run's own, where the next
    /// run that is written here would remove it.
    func workplace(_ name: String) -> URL {
        output.url.appendingPathComponent(".\(name).partial")
    }

    /// Measures a run on the validation and test parts of its task, and writes its folder.
    ///
    /// The files are written beside the folder and then moved, so that a run that cannot be
    /// measured replaces nothing. `finish` may change the results and add files before.
    ///
    /// - Returns: the results, as `metrics.json` has them.
    /// - Throws: an error when the data cannot be used or a file cannot be written.
    func write(
        _ trained: TrainedRun,
        health: PosteriorHealth?,
        progress: (_ done: Int, _ of: Int) -> Void,
        finish: (inout RunMetrics, RunFolder) throws -> Void
    ) throws -> RunMetrics {
        let recipe = trained.recipe
        let tokenizer = trained.adapted.base.tokenizer
        // What one run was not trained on another may have been, by another division of its data.
        for source in try sources.filter({ try $0.readRecipe().task == recipe.task }) {
            let validation = try recipe.part(.validation, of: recipe.textTask())
            try source.check(isUnseen: validation, recipe, tokenizer)
        }
        let name = ".\(output.url.lastPathComponent).partial"
        let folder = output.url.deletingLastPathComponent().appendingPathComponent(name)
        let beside = RunFolder(folder)
        try FileSystem.remove(folder)
        defer { try? FileSystem.remove(folder) }
        try FileSystem.makeFolder(beside.predictions)
        let objective = try AnswerObjective(recipe, tokenizer: tokenizer)
        try objective.check(fits: trained.adapted.base)
        var results = try objective.writeResults(
            of: trained,
            health: health,
            to: beside,
            group: nil,
            progress: progress
        )
        try finish(&results, beside)
        try results.write(to: beside.metrics)
        try output.prepare(for: recipe, resume: false, force: force)
        // With its results a run is finished: they come last.
        let last = beside.metrics.lastPathComponent
        for name in try FileSystem.names(in: folder).filter({ $0 != last }) + [last] {
            try FileSystem.move(
                folder.appendingPathComponent(name),
                to: output.url.appendingPathComponent(name)
            )
        }
        return results
    }
}
