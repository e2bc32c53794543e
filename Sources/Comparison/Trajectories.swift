import Training

/// The recipes of the trajectories of a task and seed.
public struct Trajectories: Equatable, Sendable {
    /// Trained by AdamW: what most methods start from.
    public var adamw: Recipe
    /// Trained by IVON.
    public var ivon: Recipe
    /// Trained by IVON with settings that it finds itself.
    public var automatic: Recipe

    /// All of them.
    public var all: [Recipe] { [adamw, ivon, automatic] }

    /// The trajectories with `change` made to each recipe.
    func map(_ change: (Recipe) -> Recipe) -> Trajectories {
        Trajectories(adamw: change(adamw), ivon: change(ivon), automatic: change(automatic))
    }

    /// The recipe of the training that a method's run starts from, or of its own.
    func recipe(behind method: Method) -> Recipe {
        let first = Method.withSources([method]).first
        var recipe = all.first { $0.method == first?.trains } ?? adamw
        if first?.looksAhead == true, recipe.evalEvery == 0 {
            recipe.evalEvery = max(1, recipe.steps / 10)
        }
        return recipe
    }
}
