import ArgumentParser
import Foundation
import Training

/// The keys of a recipe as flags, in the same spelling.
///
/// Values are texts here: the recipe's own table reads and checks them, in one place.
struct RecipeOptions: ParsableArguments {
    @Option("A recipe: a shipped one's name (see recipes list) or a YAML file.")
    var recipe: String?
    @Option(
        name: .customLong("set"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set any key of the recipe; may be repeated.", valueName: "key=value")
    )
    var settings: [String] = []

    @Option(of: "model") var model: String?
    @Option(of: "task") var task: String?
    @Option(of: "data") var data: String?
    @Option(of: "answers") var answers: String?
    @Option(of: "list-options") var listOptions: String?
    @Option(of: "prompt-version") var promptVersion: String?
    @Option(of: "chat") var chat: String?
    @Option(of: "base-precision") var basePrecision: String?
    @Option(of: "compute") var compute: String?
    @Option(of: "method") var method: String?

    @Option(of: "steps") var steps: String?
    @Option(of: "batch-size") var batchSize: String?
    @Option(of: "micro-batch-size") var microBatchSize: String?
    @Option(of: "gradient-checkpointing") var gradientCheckpointing: String?
    @Option(of: "max-length") var maxLength: String?
    @Option(of: "learning-rate") var learningRate: String?
    @Option(of: "schedule") var schedule: String?
    @Option(of: "warmup-steps") var warmupSteps: String?
    @Option(of: "weight-decay") var weightDecay: String?
    @Option(of: "beta1") var beta1: String?
    @Option(of: "beta2") var beta2: String?

    @Option(of: "ess") var ess: String?
    @Option(of: "hess-init") var hessInit: String?
    @Option(of: "clip-radius") var clipRadius: String?
    @Option(of: "train-draws") var trainDraws: String?
    @Option(of: "debias") var debias: String?
    @Option(of: "rescale-lr") var rescaleLr: String?
    @Option(of: "prior-kl") var priorKl: String?
    @Option(of: "noise-kl") var noiseKl: String?

    @Option(of: "rank") var rank: String?
    @Option(of: "alpha") var alpha: String?
    @Option(of: "dropout") var dropout: String?
    @Option(of: "target-modules") var targetModules: String?
    @Option(of: "rslora") var rslora: String?

    @Option(of: "draws") var draws: String?
    @Option(of: "orders") var orders: String?
    @Option(of: "train-orders") var trainOrders: String?
    @Option(of: "variance-scale") var varianceScale: String?

    @Option(of: "seed") var seed: String?
    @Option(of: "split-seed") var splitSeed: String?
    @Option(of: "labels") var labels: String?
    @Option(of: "held-out") var heldOut: String?
    @Option(of: "eval-every") var evalEvery: String?
    @Option(of: "save-every") var saveEvery: String?
    @Option(of: "keep-step") var keepStep: String?
    @Option(of: "log-every") var logEvery: String?
    @Option(of: "eval-tokens") var evalTokens: String?
    @Option(of: "limit-train") var limitTrain: String?
    @Option(of: "limit-validation") var limitValidation: String?
    @Option(of: "limit-test") var limitTest: String?
    @Option(of: "device") var device: String?
    @Option(of: "threads") var threads: String?

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
