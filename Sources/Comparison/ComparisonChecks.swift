import Foundation
import LanguageModels
import TextTasks
import Training

extension ComparisonPlan {
    /// Checks that the comparison of a folder was made with the same settings.
    ///
    /// Methods, seeds and tasks may be others: what is there of them is kept. The recipes are
    /// checked run by run.
    ///
    /// - Throws: `RecipeError` when `file` is broken, ``ComparisonError`` at a difference.
    func check(isOf file: URL) throws {
        let saved = try ComparisonRecipe(contentsOf: file)
        func fail(_ key: String, _ saved: String, _ asked: String) -> ComparisonError {
            ComparisonError(
                "\(file.path): the comparison was started with \(key) \(saved), "
                    + "but \(asked) was asked for; take another folder for it"
            )
        }
        var old = saved.settings
        if saved.shifts.isEmpty { old.shiftLimit = settings.shiftLimit }
        if let difference = old.firstDifference(to: settings) {
            throw fail(difference.key, difference.mine, difference.theirs)
        }
        // Predictions are kept by the name of their task.
        for new in shifts {
            guard let old = saved.shifts.first(where: { Self.name(of: $0) == Self.name(of: new) })
            else { continue }
            if old != new { throw fail("ood", old, new) }
        }
    }

    /// Checks that every method can be made of the trainings that are asked for.
    ///
    /// - Throws: ``ComparisonError``.
    func checkMethods() throws {
        for task in tasks {
            let names = runs(of: task).map(\.name)
            let recipe = task.recipes.adamw
            if names.contains(where: { $0.hasPrefix("mc-dropout") }), recipe.dropout == 0 {
                throw ComparisonError(
                    "\(task.name): dropout: expected more than 0 for mc-dropout, found 0"
                )
            }
            if names.contains(Method.temperature.name), recipe.orders > 1 {
                throw ComparisonError(
                    "\(task.name): orders: expected 1 for temperature, which is fitted to answers "
                        + "in one order of the options, found \(recipe.orders)"
                )
            }
            if names.contains(Method.earlyStopping.name), recipe.evalEvery > recipe.steps {
                throw ComparisonError(
                    "\(task.name): eval-every: expected at most the \(recipe.steps) steps for "
                        + "early-stopping, found \(recipe.evalEvery)"
                )
            }
            if names.contains(where: { $0.hasPrefix("swag") }) {
                let start = settings.swagFirstStep(of: recipe.steps)
                let snapshots = SnapshotSteps(after: start, until: recipe.steps).count
                _ = try settings.swagRank(snapshots: snapshots)
            }
        }
    }

    /// Checks that a task can be read, and that the examples that methods are compared on are the
    /// same with every seed.
    private func checkSplit(_ recipe: Recipe, named name: String) throws {
        let task = try recipe.textTask()
        let validation = try recipe.fittingParts(of: task).validation
        guard seeds.count > 1, recipe.splitSeed == nil else { return }
        var measured = validation
        do {
            measured = try task.load(.test, seed: recipe.seedOfSplit, limit: recipe.limitTest)
        } catch TextTaskError.noFile(part: .test, _, _, _) {
            // Without a test part methods are compared on validation.
        }
        guard measured.isShare else { return }
        throw ComparisonError(
            "\(name): with \(seeds.count) seeds methods are compared on the same examples, and "
                + "each seed would split others off \(measured.file): set split-seed, or give "
                + "the task a test part of its own"
        )
    }

    /// Checks that models and data can be found, and that the data can be read.
    ///
    /// - Throws: an error that names what is missing or wrong.
    func checkData() throws {
        for task in tasks {
            let recipe = recipes(task, seed: seeds[0]).adamw
            _ = try ModelLocation(recipe.model)
            try checkSplit(recipe, named: task.name)
            for shift in shifts {
                _ = try recipe.rows(ofOther: shift, limit: settings.shiftLimit)
            }
        }
    }
}
