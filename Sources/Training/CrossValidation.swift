import Evaluation
import Files
import Foundation
import LanguageModels
import Randomness
import TextTasks
import Tokenization

/// Trainings like a run's, each without a fold of its training rows, which it then answers.
///
/// So all rows are answered by models that have not seen them, and none has to be held out of the
/// run itself.
struct CrossValidation {
    /// What happens in it.
    typealias Observer = (RunCalibration.Event) -> Void

    private let recipe: Recipe
    private let tokenizer: Tokenizer
    private let folds: Folds
    private let labels: [String]?
    /// The fingerprint of all rows.
    private let rows: String

    /// The folds of the data that a recipe names.
    ///
    /// - Throws: `TextTaskError` where there are fewer rows than folds, ``TrainingError`` where a
    ///   label has one row alone; an error when the data cannot be used.
    init(_ recipe: Recipe, folds count: Int, tokenizer: Tokenizer) throws {
        let task = try recipe.textTask()
        let loaded = try recipe.fittingParts(of: task).train
        let labels = try task.labels()
        for (number, label) in (labels ?? []).enumerated()
        where loaded.examples.count(where: { $0.label == number }) == 1 {
            throw TrainingError.loneLabel(file: loaded.file, label: label)
        }
        (self.recipe, self.tokenizer, self.labels) = (recipe, tokenizer, labels)
        folds = try loaded.folds(count, seed: recipe.seedOfSplit)
        // All at once, so that a row that cannot be used is found before any training.
        rows = try EncodedPart(loaded, recipe: recipe, tokenizer: tokenizer).fingerprint
    }

    /// The encoded rows of a fold, and those to train on without it.
    private func data(of fold: Int) throws -> TrainingData {
        func part(_ loaded: LoadedExamples) throws -> EncodedPart {
            try EncodedPart(loaded, recipe: recipe, tokenizer: tokenizer)
        }
        let (train, heldOut) = folds[fold]
        return TrainingData(
            train: try part(train),
            validation: try part(heldOut),
            test: nil,
            labels: labels,
            warnings: []
        )
    }

    /// The answers to all rows, those of a fold together; nil where `shouldStop` has said so.
    ///
    /// Each training has a folder in `folder`, from which it goes on when it was stopped before.
    ///
    /// - Throws: an error when a training fails or a file cannot be written.
    func answers(
        of model: LoadedModel,
        in folder: URL,
        observer: Observer,
        shouldStop: () -> Bool
    ) throws -> [AveragedPrediction]? {
        let place = folder.appendingPathComponent(name(for: model))
        var answers: [AveragedPrediction] = []
        for fold in folds.indices {
            observer(.fold(fold + 1, of: folds.count))
            let data = try data(of: fold)
            let run = RunFolder(place.appendingPathComponent("\(fold + 1)"))
            try FileSystem.makeFolder(run.url)
            let trainer = try Trainer(
                recipe,
                model: model,
                objective: AnswerObjective(recipe, data: data),
                run: run,
                resume: try run.holdsRun
            )
            let stopped = try trainer.train(
                observer: { observer(.training($0)) },
                shouldStop: shouldStop
            )
            if stopped != nil { return nil }
            answers += try trainer.trained().run.predictive().predictions(
                data.validation.examples,
                maximumTokens: recipe.evalTokens
            ) {
                observer(.training(.evaluating(done: $0, of: $1)))
            }
        }
        return answers
    }

    /// A name for these trainings that others do not have.
    private func name(for model: LoadedModel) -> String {
        var hash = StableHash()
        for part in [recipe.yaml, model.fingerprint, rows, "\(folds.count)"] {
            hash.add(part.utf8)
            hash.add([0])
        }
        return hash.text
    }
}
