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
        guard holdsRun else {
            throw PEFTFolder.isAdapter(url)
                ? TrainingError.adapterAlone(folder: url.path)
                : TrainingError.noRun(folder: url.path)
        }
        return try Recipe(contentsOf: recipe)
    }

    /// The results of a run; nil when it is not finished.
    ///
    /// - Throws: `JSONError` when the file is broken, `TrainingError` when it cannot be read.
    public func readMetrics() throws -> RunMetrics? {
        try bytes(of: metrics).map {
            try JSONFile.read(RunMetrics.self, from: $0, file: metrics.path)
        }
    }

    /// Checks that a run of `recipe` may be written here, without changing anything.
    ///
    /// - Throws: `TrainingError` when the folder holds something else, a run that may not be
    ///   replaced, or, to be resumed, one of another recipe.
    public func check(_ recipe: Recipe, resume: Bool, force: Bool) throws {
        var isFolder: ObjCBool = true
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
            !isFolder.boolValue
        {
            throw TrainingError.notARun(folder: url.path, found: "a file")
        }
        if holdsRun {
            if resume { return try checkSame(recipe) }
            if !force { throw TrainingError.runExists(folder: url.path) }
        } else {
            let content = try names(in: url).sorted()
            guard let first = try content.first(where: { try !isLeftover($0) }) else { return }
            throw TrainingError.notARun(folder: url.path, found: first)
        }
    }

    /// Prepares the folder for a run: new, replaced with `force`, or as it is with `resume`.
    ///
    /// `launcher` is noted, so that a later attempt of the same launcher goes on with the run.
    ///
    /// - Throws: as ``check(_:resume:force:)``, and when a file cannot be written.
    public func prepare(
        for recipe: Recipe,
        resume: Bool,
        force: Bool,
        launcher: String? = nil
    ) throws {
        try check(recipe, resume: resume, force: force)
        if holdsRun && resume { return }
        if holdsRun {
            let lock = try RunLock(self)
            defer { withExtendedLifetime(lock) {} }
            try remove(ownFiles)
        }
        do {
            for folder in [url, checkpoints, predictions] {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
            }
        } catch {
            throw TrainingError.fileSystem(
                path: url.path,
                reason: "the folder cannot be made: \(error.localizedDescription)"
            )
        }
        if let launcher { try AtomicFile.write(Data(launcher.utf8), to: self.launcher) }
        // Written last: with it, the folder is a run.
        try AtomicFile.write(Data(recipe.yaml.utf8), to: self.recipe)
    }

    /// Whether an earlier attempt of this launch began the run that the folder holds.
    ///
    /// - Throws: `TrainingError` when its note cannot be read.
    public func isRun(of launch: Launch) throws -> Bool {
        guard holdsRun, let noted = try bytes(of: launcher) else { return false }
        return noted == launch.launcher.map { Data($0.utf8) }
    }

    /// What a run that was killed before its recipe was written leaves behind.
    private func isLeftover(_ name: String) throws -> Bool {
        if name.hasPrefix(".") { return true }
        let folder = [checkpoints, predictions].first { $0.lastPathComponent == name }
        return try folder.map { try names(in: $0).isEmpty } ?? false
    }

    /// Removes files and checkpoints that a killed process left half written.
    ///
    /// Only whoever has the lock of the run may do so.
    func removeLeftovers() throws {
        for folder in [url, checkpoints, predictions] {
            for name in try names(in: folder) where name.hasPrefix(".") {
                // A user may keep hidden files in the run's folder, but not in the ones below it.
                guard folder != url || name.hasSuffix(".partial") else { continue }
                try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
            }
        }
    }

    /// The names of what a folder holds; none where there is no such folder.
    ///
    /// - Throws: `TrainingError` when it is there and cannot be listed.
    func names(in folder: URL) throws -> [String] {
        try present(folder, "cannot be listed") {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } ?? []
    }

    /// The bytes of a file; nil where there is no such file.
    ///
    /// - Throws: `TrainingError` when it is there and cannot be read.
    package func bytes(of file: URL) throws -> Data? {
        do {
            return try RegularFile.readIfPresent(file)
        } catch let error as FileError {
            let reason = "cannot be read: \(error.reason)"
            throw TrainingError.fileSystem(path: error.file, reason: reason)
        }
    }

    /// What `read` gives; nil where `place` is not there, which is another thing than not readable.
    private func present<Content>(
        _ place: URL,
        _ failure: String,
        _ read: () throws -> Content
    ) throws -> Content? {
        do {
            return try read()
        } catch let error as CocoaError
            where [.fileNoSuchFile, .fileReadNoSuchFile].contains(error.code)
        {
            return nil
        } catch {
            let reason = "\(failure): \(error.localizedDescription)"
            throw TrainingError.fileSystem(path: place.path, reason: reason)
        }
    }

    /// Everything that runs leave in their folder.
    private var ownFiles: [URL] {
        [metrics, cost, checkpoints, history, timings, posterior] + PEFTFolder.files(in: url)
            + [predictions, curves, report, launcher]
            // Last, so that a removal that is cut short leaves a run, which can be replaced again.
            // Were it first, the next run could take the old checkpoints for its own.
            + [recipe]
    }

    private func remove(_ files: [URL]) throws {
        for path in files.map(\.path) where FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw TrainingError.fileSystem(path: path, reason: "cannot be removed")
            }
        }
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

/// Keeps a run to one process, as long as it lives.
final class RunLock {
    private let descriptor: Int32

    /// Takes the lock of a run.
    ///
    /// - Throws: `TrainingError.busy` when another process has it.
    init(_ run: RunFolder) throws {
        descriptor = open(run.recipe.path, O_RDONLY)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw TrainingError.busy(folder: run.url.path)
        }
    }

    deinit { close(descriptor) }
}
