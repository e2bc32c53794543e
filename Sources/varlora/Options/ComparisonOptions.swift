import ArgumentParser
import Comparison
import Foundation
import Training

/// What a comparison has beside the keys of a recipe.
struct ComparisonOptions: ParsableArguments {
    @Option(of: "methods") var methods: String?
    @Option(of: "seeds") var seeds: String?
    @Option(of: "ood") var ood: String?
    @Option(of: "limit-ood") var limitOod: String?
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a key for AdamW's runs; may be repeated.", valueName: "key=value")
    )
    var adamw: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a key for IVON's runs; may be repeated.", valueName: "key=value")
    )
    var ivon: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Make a task of each of a key's values, such as labels=16,64; may be repeated.",
            valueName: "key=values"
        )
    )
    var sweep: [String] = []
    @Option(of: "ensemble-members") var ensembleMembers: String?
    @Option(of: "swag-start") var swagStart: String?
    @Option(of: "swag-rate") var swagRate: String?
    @Option(of: "swag-rank") var swagRank: String?
    @Option(of: "laplace-prior") var laplacePrior: String?
    @Option(of: "laplace-predictive") var laplacePredictive: String?
    @Option(of: "variance-scales") var varianceScales: String?

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
        for (key, value) in givenTexts { try recipe.set(key, to: value, place: "--\(key)") }
        for text in sweep { try recipe.setSweep(text, place: "--sweep") }
        for (trajectory, settings) in [("adamw", adamw), ("ivon", ivon)] {
            for setting in settings {
                try recipe.set(setting, of: trajectory, place: "--\(trajectory)")
            }
        }
    }
}
