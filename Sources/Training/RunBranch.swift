import Foundation

extension RunFolder {
    /// Makes another folder a run of `recipe` that goes on from the checkpoint of a step of this
    /// one; what the folder held before is removed.
    ///
    /// To take it up, train with `resume`. The recipe may differ from this run's in all that does
    /// not change the parameters, the optimizer or the data.
    ///
    /// - Throws: `TrainingError` when there is no such checkpoint or a file cannot be written.
    public func branch(at step: Int, to other: RunFolder, recipe: Recipe) throws {
        let checkpoint = Checkpoint.folder(of: step, in: self)
        guard FileManager.default.fileExists(atPath: checkpoint.path) else {
            throw TrainingError.mismatch(
                file: url.path,
                key: "checkpoint",
                expected: "one of step \(step), as keep-step makes it",
                found: "none"
            )
        }
        let recipe = recipe.resolved()
        try other.prepare(for: recipe, resume: false, force: true)
        do {
            let target = Checkpoint.folder(of: step, in: other)
            try FileManager.default.copyItem(at: checkpoint, to: target)
            // The lines up to the checkpoint belong to the branch as well.
            if FileManager.default.fileExists(atPath: other.history.path) {
                try FileManager.default.removeItem(at: other.history)
            }
            try FileManager.default.copyItem(at: history, to: other.history)
        } catch {
            throw TrainingError.fileSystem(
                path: other.url.path,
                reason: "the branch cannot be made: \(error.localizedDescription)"
            )
        }
    }
}
