import Files
import Foundation

extension RunFolder {
    /// Makes another folder a run of `recipe` that goes on from the checkpoint of a step of this
    /// one; what the folder held before is removed.
    ///
    /// To take it up, train with `resume`. The recipe may differ from this run's in all that does
    /// not change the parameters, the optimizer or the data.
    ///
    /// - Throws: `TrainingError` when there is no such checkpoint or another process has the other
    ///   folder, `FileError` when a file cannot be read or written.
    public func branch(at step: Int, to other: RunFolder, recipe: Recipe) throws {
        let checkpoint = Checkpoint.file(in: Checkpoint.folder(of: step, in: self))
        guard let state = try RegularFile.readIfPresent(checkpoint) else {
            throw TrainingError.mismatch(
                file: url.path,
                key: "checkpoint",
                expected: "one of step \(step), as keep-step makes it",
                found: "none"
            )
        }
        let lock = try other.lock()
        defer { withExtendedLifetime(lock) {} }
        try other.prepare(for: recipe.resolved(), resume: false, force: true)
        // The lines up to the checkpoint belong to the branch as well.
        try AtomicFile.write(try RegularFile.readIfPresent(history) ?? Data(), to: other.history)
        let target = Checkpoint.folder(of: step, in: other)
        try FileSystem.makeFolder(target)
        try AtomicFile.write(state, to: Checkpoint.file(in: target))
    }
}
