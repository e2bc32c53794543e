import Foundation
import LanguageModels
import TextTasks
import Training

/// The test part of a task that was not trained on.
struct Shift {
    /// The task's name in files and tables.
    let name: String
    /// Its encoded examples.
    let part: EncodedPart

    /// Loads the first rows of another task than that of a recipe, with its other settings.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    init(_ task: String, limit: Int?, recipe: Recipe, model: LoadedModel) throws {
        name = ComparisonPlan.name(of: task)
        part = try EncodedPart(
            try recipe.rows(ofOther: task, limit: limit),
            recipe: recipe.shifted(to: task),
            tokenizer: model.tokenizer
        )
        try part.check(fits: model)
    }

    /// Checks that answers are to these examples.
    ///
    /// - Throws: as `EncodedPart.check(isAnsweredBy:)`.
    func check(isAnsweredBy file: URL) throws { try part.check(isAnsweredBy: file, labels: false) }

    /// Whether every example, here and in `part`, has the same answers in the same order.
    func sharesAnswers(with other: EncodedPart) -> Bool {
        Set((part.examples + other.examples).map(\.answers)).count == 1
    }
}

extension Recipe {
    /// The first rows of another task, labelled or not: all of a file, or else the test part.
    ///
    /// Texts without labels choose between those of the recipe's task.
    func rows(ofOther task: String, limit: Int?) throws -> LoadedExamples {
        let labels = try textTask().labels()
        let other = try shifted(to: task).textTask()
        return try other.loadForOthers(labels: labels, seed: seedOfSplit, limit: limit)
    }

    /// The recipe with another task.
    fileprivate func shifted(to task: String) -> Recipe {
        var recipe = self
        (recipe.task, recipe.data) = (task, nil)
        return recipe
    }
}
