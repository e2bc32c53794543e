import Files
import Foundation
import JSON
import LoRA
import RunFiles
import Torch

extension RunFolder {
    /// The recipe of the run.
    ///
    /// - Throws: `TrainingError.noRun` or `.adapterAlone`, or `RecipeError` when it is broken.
    public func readRecipe() throws -> Recipe {
        guard try holdsRun else {
            throw PEFTFolder.isAdapter(url)
                ? TrainingError.adapterAlone(folder: url.path)
                : TrainingError.noRun(folder: url.path)
        }
        return try Recipe(contentsOf: recipe)
    }

    /// The recipe of the run as it holds for questions of any form: what was trained on texts with
    /// labels was not shown the labels, and lists no options unless its recipe says so.
    ///
    /// - Throws: as ``readRecipe()`` and ``readLabels()``.
    public func readAnsweringRecipe() throws -> Recipe {
        var recipe = try readRecipe()
        if try readLabels() != nil { recipe.listOptions = recipe.listOptions ?? false }
        return recipe
    }

    /// The results of a run; nil when it is not finished.
    ///
    /// - Throws: `JSONError` when the file is broken, `FileError` when it cannot be read.
    public func readMetrics() throws -> RunMetrics? {
        try RegularFile.readIfPresent(metrics).map {
            try JSONFile.read(RunMetrics.self, from: $0, file: metrics.path)
        }
    }

    /// The labels that texts choose from, in the order of the answers; nil where the run's data are
    /// no texts with labels.
    ///
    /// - Throws: `JSONError` when the file is broken, `FileError` when it cannot be read.
    public func readLabels() throws -> [String]? {
        try RegularFile.readIfPresent(labels).map {
            try JSONFile.read([String].self, from: $0, file: labels.path)
        }
    }

    /// Checks that a run of `recipe` may be written here, without changing anything.
    ///
    /// - Throws: `TrainingError` when the folder holds something else, a run that may not be
    ///   replaced, or, to be resumed, one of another recipe.
    public func check(_ recipe: Recipe, resume: Bool, force: Bool) throws {
        if (try? recipe.textTask())?.hasPart(at: url) == true {
            throw TrainingError.notARun(
                folder: url.path,
                found: "the place of a part of \(recipe.task)"
            )
        }
        var isFolder: ObjCBool = true
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
            !isFolder.boolValue
        {
            throw TrainingError.notARun(folder: url.path, found: "a file")
        }
        if try holdsRun {
            if resume { return try checkSame(recipe) }
            if !force { throw TrainingError.runExists(folder: url.path) }
        } else {
            let content = try FileSystem.names(in: url).sorted()
            guard let first = try content.first(where: { try !isLeftover($0) }) else { return }
            guard try areRemains(content) else {
                throw TrainingError.notARun(folder: url.path, found: first)
            }
            if !force { throw TrainingError.recipeGone(folder: url.path, found: first) }
        }
    }

    /// Takes the run for this process alone; a folder that is not there is made.
    ///
    /// - Throws: `TrainingError.busy` when another process has it, `FileError` when the folder
    ///   cannot be locked.
    package func lock() throws -> FolderLock {
        guard let lock = try FolderLock(url) else { throw TrainingError.busy(folder: url.path) }
        return lock
    }

    /// Prepares the folder for a run: new, replaced with `force`, or as it is with `resume`.
    ///
    /// Only whoever has the lock of the run may do so. `launcher` is noted, so that a later attempt
    /// of the same launcher goes on with the run.
    ///
    /// - Throws: as ``check(_:resume:force:)``, and `FileError` when a file cannot be changed.
    package func prepare(
        for recipe: Recipe,
        resume: Bool,
        force: Bool,
        launcher: String? = nil
    ) throws {
        try check(recipe, resume: resume, force: force)
        if try holdsRun && resume { return }
        for file in ownFiles { try FileSystem.remove(file) }
        for folder in [url, checkpoints, predictions] { try FileSystem.makeFolder(folder) }
        if let launcher { try AtomicFile.write(Data(launcher.utf8), to: self.launcher) }
        // Written last: with it, the folder is a run.
        try AtomicFile.write(Data(recipe.yaml.utf8), to: self.recipe)
    }

    /// Whether an earlier attempt of this launch began the run that the folder holds.
    ///
    /// - Throws: `FileError` when its note cannot be read.
    public func isRun(of launch: Launch) throws -> Bool {
        guard try holdsRun, let noted = try RegularFile.readIfPresent(launcher) else {
            return false
        }
        return noted == launch.launcher.map { Data($0.utf8) }
    }

    /// What a run that was killed before its recipe was written leaves behind.
    private func isLeftover(_ name: String) throws -> Bool {
        if name.hasPrefix(".") { return true }
        let folder = [checkpoints, predictions].first { $0.lastPathComponent == name }
        return try folder.map { try FileSystem.names(in: $0).isEmpty } ?? false
    }

    /// Whether a folder without a recipe holds nothing but the other files of a run.
    private func areRemains(_ content: [String]) throws -> Bool {
        let own = Set(ownFiles.map(\.lastPathComponent))
        guard content.allSatisfy({ own.contains($0) || $0.hasPrefix(".") }) else { return false }
        // Files of these names may be a user's; a run's have numbered checkpoints beside them.
        return try content.contains(checkpoints.lastPathComponent)
            && FileSystem.names(in: checkpoints).allSatisfy { $0.hasPrefix(".") || Int($0) != nil }
    }

    /// Removes files and checkpoints that a killed process left half written.
    ///
    /// Only whoever has the lock of the run may do so.
    package func removeLeftovers() throws {
        for folder in [url, checkpoints, predictions] {
            for name in try FileSystem.names(in: folder) where name.hasPrefix(".") {
                // A user may keep hidden files in the run's folder, but not in the ones below it.
                guard folder != url || name.hasSuffix(".partial") else { continue }
                try FileSystem.remove(folder.appendingPathComponent(name))
            }
        }
    }

    /// Everything that runs leave in their folder.
    private var ownFiles: [URL] {
        [metrics, cost, merge, calibration, checkpoints, history, timings, posterior, labels]
            + PEFTFolder.files(in: url)
            + [predictions, curves, policy, report, classes, launcher]
            // Last, so that a removal that is cut short leaves a run, which can be replaced again.
            // Were it first, the next run could take the old checkpoints for its own.
            + [recipe]
    }

    private func checkSame(_ asked: Recipe) throws {
        let saved = try readRecipe()
        guard let difference = saved.firstDifference(to: asked) else { return }
        throw TrainingError.otherRecipe(
            file: recipe.path,
            key: difference.key,
            saved: difference.mine,
            asked: difference.theirs
        )
    }
}
