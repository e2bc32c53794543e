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

    /// Loads the first examples of the test part of a task, with the other settings of a recipe.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    init(_ task: String, limit: Int?, recipe: Recipe, model: LoadedModel) throws {
        let recipe = recipe.shifted(to: task)
        name = ComparisonPlan.name(of: task)
        part = try EncodedPart(
            try recipe.textTask().load(.test, seed: recipe.seedOfSplit, limit: limit),
            recipe: recipe,
            tokenizer: model.tokenizer
        )
        try part.check(fits: model)
    }

    /// Whether every example, here and in `part`, has the same answers in the same order.
    func sharesAnswers(with other: EncodedPart) -> Bool {
        Set((part.examples + other.examples).map(\.answers)).count == 1
    }
}

extension Recipe {
    /// The recipe with another task.
    func shifted(to task: String) -> Recipe {
        var recipe = self
        (recipe.task, recipe.data) = (task, nil)
        return recipe
    }
}
