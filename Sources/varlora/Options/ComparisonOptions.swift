import ArgumentParser
import Comparison
import Foundation
import Training

/// What a comparison has beside the keys of a recipe.
struct ComparisonOptions: ParsableArguments {
    @Option(help: "Methods, with commas between (default: all).")
    var methods: String?
    @Option(help: "Seeds, with commas between (default: the recipe's).")
    var seeds: String?
    @Option(help: "Tasks to test on without training, with commas between.")
    var ood: String?
    @Option(help: "Use the first N examples of each of these.")
    var limitOod: Int?
    @Option(
        help: ArgumentHelp("Set a key for AdamW's runs; may be repeated.", valueName: "key=value")
    )
    var adamw: [String] = []
    @Option(
        help: ArgumentHelp("Set a key for IVON's runs; may be repeated.", valueName: "key=value")
    )
    var ivon: [String] = []
    @Option(help: "Members of the ensemble, the AdamW run among them (default: 5).")
    var ensembleMembers: Int?
    @Option(help: "Share of the training after which SWA and SWAG average (default: 0.8).")
    var swagStart: Double?
    @Option(help: "Their constant rate as a share of the peak (default: 0.2).")
    var swagRate: Double?
    @Option(help: "Columns of SWAG's low-rank part (default: 20, or the number of snapshots).")
    var swagRank: Int?
    @Option(help: "marginal-likelihood or validation (default: marginal-likelihood).")
    var laplacePrior: String?
    @Option(help: "linearised or draws (default: linearised).")
    var laplacePredictive: String?
    @Option(help: "Variance scales for tuned rows, with commas between; 0 among them.")
    var varianceScales: String?

    /// Checks the flags without reading any file, so that mistakes are wrong usage.
    func validate() throws {
        var recipe = ComparisonRecipe()
        do {
            try apply(to: &recipe)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The plan of a recipe with what the flags say over it.
    func plan(_ options: RecipeOptions) throws -> ComparisonPlan {
        var recipe =
            try options.recipe.map { try ComparisonRecipe(named: $0) } ?? ComparisonRecipe()
        try apply(to: &recipe)
        for (key, value) in try options.overrides where key != "task" {
            try recipe.set(key, to: value, place: "--\(key)")
        }
        if let tasks = try options.overrides.last(where: { $0.key == "task" })?.value {
            try recipe.set("tasks", to: tasks, place: "--task")
            recipe.recipes = []
        }
        return try recipe.plan(place: options.recipe ?? "compare")
    }

    private func apply(to recipe: inout ComparisonRecipe) throws {
        for (key, value) in flags { try recipe.set(key, to: value, place: "--\(key)") }
        for (trajectory, settings) in [("adamw", adamw), ("ivon", ivon)] {
            for setting in settings {
                try recipe.set(setting, of: trajectory, place: "--\(trajectory)")
            }
        }
    }

    private var flags: [(key: String, value: String)] {
        let all: [(String, String?)] = [
            ("methods", methods), ("seeds", seeds), ("ood", ood),
            ("limit-ood", limitOod.map { "\($0)" }),
            ("ensemble-members", ensembleMembers.map { "\($0)" }),
            ("swag-start", swagStart.map { "\($0)" }), ("swag-rate", swagRate.map { "\($0)" }),
            ("swag-rank", swagRank.map { "\($0)" }), ("laplace-prior", laplacePrior),
            ("laplace-predictive", laplacePredictive), ("variance-scales", varianceScales),
        ]
        return all.compactMap { key, value in value.map { (key, $0) } }
    }
}
