import LoRA

/// What runs must have in common to be merged.
struct MergeStart {
    let run: RunFolder
    let recipe: Recipe
    private let facts: [Fact]

    private struct Fact {
        let key: String
        let value: String
        let reason: String
    }

    private static let sameStart =
        "adapters add up only where they started at the same numbers: train the runs to be merged "
        + "with one seed, one layout and one base model"
    private static let samePrompts =
        "a merged run asks in one way: train the runs to be merged with the same prompts"

    /// Reads what a run started from.
    ///
    /// Throws ``TrainingError`` when it is unfinished, an error when a file is broken.
    init(_ run: RunFolder) throws {
        let recipe = try run.readRecipe()
        guard let metrics = try run.readMetrics(), PEFTFolder.isAdapter(run.url) else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        let lora = try PEFTFolder.settings(in: run.url)
        func pattern(_ values: [String: some Any]) -> String {
            values.isEmpty
                ? "none" : values.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
        }
        let start = [
            ("seed", "\(recipe.seed)"), ("base model", metrics.fingerprint),
            ("rank", "\(lora.rank)"), ("alpha", "\(lora.alpha)"),
            ("target-modules", lora.targetModules.joined(separator: ",")),
            ("rslora", "\(lora.usesRankStabilizedScale)"),
            ("rank_pattern", pattern(lora.rankPattern)),
            ("alpha_pattern", pattern(lora.alphaPattern)),
        ]
        let values = recipe.values
        let prompts = ["answers", "list-options", "prompt-version", "chat"]
            .map { ($0, values[$0] ?? "the default") }
        (self.run, self.recipe) = (run, recipe)
        facts =
            start.map { Fact(key: $0, value: $1, reason: Self.sameStart) }
            + prompts.map { Fact(key: $0, value: $1, reason: Self.samePrompts) }
    }

    /// Throws ``TrainingError`` when this run cannot be merged with another.
    func check(against other: MergeStart) throws {
        for (own, expected) in zip(facts, other.facts) where own.value != expected.value {
            throw TrainingError.notAlike(
                folder: run.url.path,
                key: own.key,
                expected: expected.value,
                other: other.run.url.path,
                found: own.value,
                reason: own.reason
            )
        }
    }
}
