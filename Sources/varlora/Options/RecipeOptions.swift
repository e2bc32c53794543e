import ArgumentParser
import Foundation
import Training

/// The keys of a recipe as flags, in the same spelling.
///
/// Values are texts here: the recipe's own table reads and checks them, in one place.
struct RecipeOptions: ParsableArguments {
    @Option(help: "A recipe: a shipped one's name (see recipes list) or a YAML file.")
    var recipe: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set any key of the recipe; may be repeated.", valueName: "key=value")
    )
    var settings: [String] = []

    @Option(help: .of("model")) var model: String?
    @Option(help: .of("task")) var task: String?
    @Option(help: .of("data")) var data: String?
    @Option(help: .of("base-precision")) var basePrecision: String?
    @Option(help: .of("method")) var method: String?

    @Option(help: .of("steps")) var steps: String?
    @Option(help: .of("batch-size")) var batchSize: String?
    @Option(help: .of("micro-batch-size")) var microBatchSize: String?
    @Option(help: .of("gradient-checkpointing")) var gradientCheckpointing: String?
    @Option(help: .of("max-length")) var maxLength: String?
    @Option(help: .of("learning-rate")) var learningRate: String?
    @Option(help: .of("schedule")) var schedule: String?
    @Option(help: .of("warmup-steps")) var warmupSteps: String?
    @Option(help: .of("weight-decay")) var weightDecay: String?
    @Option(help: .of("beta1")) var beta1: String?
    @Option(help: .of("beta2")) var beta2: String?

    @Option(help: .of("ess")) var ess: String?
    @Option(help: .of("hess-init")) var hessInit: String?
    @Option(help: .of("clip-radius")) var clipRadius: String?
    @Option(help: .of("train-draws")) var trainDraws: String?
    @Option(help: .of("debias")) var debias: String?
    @Option(help: .of("rescale-lr")) var rescaleLr: String?

    @Option(help: .of("rank")) var rank: String?
    @Option(help: .of("alpha")) var alpha: String?
    @Option(help: .of("dropout")) var dropout: String?
    @Option(help: .of("target-modules")) var targetModules: String?
    @Option(help: .of("rslora")) var rslora: String?

    @Option(help: .of("draws")) var draws: String?
    @Option(help: .of("variance-scale")) var varianceScale: String?

    @Option(help: .of("seed")) var seed: String?
    @Option(help: .of("split-seed")) var splitSeed: String?
    @Option(help: .of("eval-every")) var evalEvery: String?
    @Option(help: .of("save-every")) var saveEvery: String?
    @Option(help: .of("keep-step")) var keepStep: String?
    @Option(help: .of("log-every")) var logEvery: String?
    @Option(help: .of("eval-tokens")) var evalTokens: String?
    @Option(help: .of("limit-train")) var limitTrain: String?
    @Option(help: .of("limit-validation")) var limitValidation: String?
    @Option(help: .of("limit-test")) var limitTest: String?
    @Option(help: .of("device")) var device: String?
    @Option(help: .of("threads")) var threads: String?

    /// The flags that were given, as keys and values of a recipe.
    var flags: [(key: String, value: String)] { givenTexts.filter { $0.key != "recipe" } }

    /// Whether `--set` names the key.
    func sets(_ key: String) -> Bool { settings.contains { $0.keyAndValue?.key == key } }

    /// Checks flags and settings without reading any file, so that mistakes are wrong usage.
    func validate() throws {
        var recipe = Recipe()
        do {
            try apply(to: &recipe)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The recipe: a file or a shipped one or `base`, then flags, then `--set`.
    func load(over base: Recipe = Recipe()) throws -> Recipe {
        var recipe = try self.recipe.map { try ShippedRecipes.load($0) } ?? base
        try apply(to: &recipe)
        return recipe
    }

    private func apply(to recipe: inout Recipe) throws {
        for (key, value) in flags { try recipe.set(key, to: value, place: "--\(key)") }
        for (key, value) in try parsedSettings { try recipe.set(key, to: value, place: "--set") }
    }

    /// Flags, then `--set`, as keys and values.
    var overrides: [(key: String, value: String)] { get throws { flags + (try parsedSettings) } }

    private var parsedSettings: [(key: String, value: String)] {
        get throws {
            try settings.map { setting in
                guard let pair = setting.keyAndValue else {
                    throw ValidationError("--set: expected key=value, found \"\(setting)\"")
                }
                return pair
            }
        }
    }
}
