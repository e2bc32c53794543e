import Foundation
import RunFiles
import TensorFiles
import TextTasks
import Tokenization

extension RunFolder {
    /// Checks that examples are those that the run was trained on: by their fingerprint in its
    /// results or its last checkpoint or, in runs that have neither, by their number.
    ///
    /// - Throws: ``TrainingError/mismatch(file:key:expected:found:)`` where they are others, and an
    ///   error when a file cannot be read.
    package func check(isTrainedOn part: EncodedPart) throws {
        func check(_ file: URL, _ expected: String, _ found: String, _ words: String) throws {
            guard expected != found else { return }
            throw TrainingError.mismatch(
                file: file.path,
                key: AnswerObjective.trainingData,
                expected: "the rows that the run was trained on",
                found: words
            )
        }
        let metrics = try readMetrics()
        let checkpoint = try Checkpoint.last(in: self)
        if let expected = metrics?.trainingData {
            try check(self.metrics, expected, part.fingerprint, "others")
        } else if let checkpoint {
            let state = try Safetensors(contentsOf: Checkpoint.file(in: checkpoint))
            guard let expected = state.metadata["data"] else { return }
            try check(checkpoint, expected, part.fingerprint, "others")
        } else if let metrics {
            let (expected, found) = (metrics.train.examples, part.report.examples)
            try check(self.metrics, "\(expected)", "\(found)", "\(found) in place of \(expected)")
        }
    }

    /// Checks that a part of the run's task holds no row that the run was trained on, as one that
    /// is split off may where the data have changed since.
    ///
    /// `recipe` is the run's, wherever its data lie now.
    ///
    /// - Throws: as ``check(isTrainedOn:)``, and where the data cannot be used.
    package func check(
        isUnseen part: LoadedExamples,
        _ recipe: Recipe,
        _ tokenizer: Tokenizer
    ) throws {
        guard part.isShare else { return }
        let train = try recipe.fittingParts(of: recipe.textTask()).train
        try check(isTrainedOn: EncodedPart(train, recipe: recipe, tokenizer: tokenizer))
    }
}
