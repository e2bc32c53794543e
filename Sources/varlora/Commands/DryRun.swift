import Comparison
import Training

/// What a comparison would run.
struct DryRun {
    private let plan: ComparisonPlan

    init(_ plan: ComparisonPlan) {
        self.plan = plan
    }

    var text: String {
        var table = TextTable(["run", "method", "seed", "steps", "batch", "learning rate"])
        for task in plan.tasks {
            for seed in plan.seeds {
                let recipes = plan.recipes(task, seed: seed)
                for recipe in [recipes.adamw, recipes.ivon] {
                    table.add([
                        "\(plan.folder(task, seed: seed))", recipe.method.rawValue, "\(seed)",
                        "\(recipe.steps)", "\(recipe.batchSize)", "\(recipe.learningRate ?? 0)",
                    ])
                }
            }
        }
        return table.text
    }
}
