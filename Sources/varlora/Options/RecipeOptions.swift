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

    @Option(help: "A folder, a GGUF file, or org/name in the local Hugging Face cache.")
    var model: String?
    @Option(
        help: ArgumentHelp(
            "arc-easy, arc-challenge, openbookqa, winogrande-s, winogrande-m, boolq,"
                + " or a folder or file of JSON Lines."
        )
    )
    var task: String?
    @Option(help: "The folder of the named data set (default: below $VARLORA_DATA).")
    var data: String?
    @Option(
        help: ArgumentHelp(
            "Precision of the linear layers: float32, int8, int8-dynamic (default: float32)."
        )
    )
    var basePrecision: String?
    @Option(help: "ivon or adamw (default: ivon).")
    var method: String?

    @Option(help: "Optimizer steps (default: 1000).")
    var steps: String?
    @Option(help: "Examples a step (default: 4).")
    var batchSize: String?
    @Option(help: "Examples a backward pass (default: the whole batch).")
    var microBatchSize: String?
    @Option(
        help: ArgumentHelp(
            "Whether blocks are computed again backward: less memory, more time (default: false)."
        )
    )
    var gradientCheckpointing: String?
    @Option(help: "Tokens of the longest prompt (default: 320).")
    var maxLength: String?
    @Option(help: "Peak learning rate (default: 0.03 for ivon, 5e-5 for adamw).")
    var learningRate: String?
    @Option(help: "linear, cosine or constant (default: linear).")
    var schedule: String?
    @Option(help: "Steps in which the learning rate rises from 0 (default: 0).")
    var warmupSteps: String?
    @Option(help: "Weight decay (default: 0).")
    var weightDecay: String?
    @Option(help: "Decay of the gradient's mean (default: 0.9).")
    var beta1: String?
    @Option(help: "Decay of the second moment (default: 0.99999 for ivon, 0.999 for adamw).")
    var beta2: String?

    @Option(help: "IVON's effective sample size (default: 1e6).")
    var ess: String?
    @Option(help: "IVON's first Hessian (default: 1e-3).")
    var hessInit: String?
    @Option(help: "IVON's bound of each element of a step (default: 1e-3).")
    var clipRadius: String?
    @Option(help: "IVON's draws a training step (default: 1).")
    var trainDraws: String?
    @Option(help: "Whether IVON's momentum is debiased (default: true).")
    var debias: String?
    @Option(
        help: "Whether IVON's learning rate is multiplied by the first Hessian (default: false)."
    )
    var rescaleLr: String?

    @Option(help: "Rank of the adapters (default: 8).")
    var rank: String?
    @Option(help: "Numerator of the adapters' scale (default: 16).")
    var alpha: String?
    @Option(help: "Dropout on the adapters' inputs (default: 0.1).")
    var dropout: String?
    @Option(help: "Layers to adapt, with commas between, or all-linear (default: q_proj,v_proj).")
    var targetModules: String?
    @Option(help: "Whether the adapters' scale is alpha / sqrt(rank) (default: false).")
    var rslora: String?

    @Option(help: "Draws that predictions are averaged over (default: 10).")
    var draws: String?
    @Option(help: "Factor of the posterior's variance in those draws (default: 1).")
    var varianceScale: String?

    @Option(help: "Seed of order, split, adapters, dropout and draws (default: 21).")
    var seed: String?
    @Option(help: "Seed of the split of the data (default: the seed).")
    var splitSeed: String?
    @Option(
        help: "Steps between evaluations on the validation part; 0: at the end only (default: 0)."
    )
    var evalEvery: String?
    @Option(help: "Steps between checkpoints; 0: at the end only (default: 100).")
    var saveEvery: String?
    @Option(help: "A step whose checkpoint is kept after the end, too.")
    var keepStep: String?
    @Option(help: "Steps between lines of the history (default: 10).")
    var logEvery: String?
    @Option(help: "Tokens of an evaluation batch (default: 1024).")
    var evalTokens: String?
    @Option(help: "Use the first N training examples.")
    var limitTrain: String?
    @Option(help: "Use the first N validation examples.")
    var limitValidation: String?
    @Option(help: "Use the first N test examples.")
    var limitTest: String?
    @Option(help: "cpu, cuda, cuda:N or mps (default: cpu).")
    var device: String?
    @Option(help: "Threads of an operation on the CPU (default: one a core).")
    var threads: String?

    /// The flags that were given, as keys and values of a recipe.
    var flags: [(key: String, value: String)] {
        let all: [(String, String?)] = [
            ("model", model), ("task", task), ("data", data),
            ("base-precision", basePrecision), ("method", method),
            ("steps", steps), ("batch-size", batchSize), ("micro-batch-size", microBatchSize),
            ("gradient-checkpointing", gradientCheckpointing), ("max-length", maxLength),
            ("learning-rate", learningRate), ("schedule", schedule),
            ("warmup-steps", warmupSteps), ("weight-decay", weightDecay), ("beta1", beta1),
            ("beta2", beta2), ("ess", ess), ("hess-init", hessInit), ("clip-radius", clipRadius),
            ("train-draws", trainDraws), ("debias", debias), ("rescale-lr", rescaleLr),
            ("rank", rank), ("alpha", alpha), ("dropout", dropout),
            ("target-modules", targetModules), ("rslora", rslora), ("draws", draws),
            ("variance-scale", varianceScale), ("seed", seed), ("split-seed", splitSeed),
            ("eval-every", evalEvery), ("save-every", saveEvery), ("keep-step", keepStep),
            ("log-every", logEvery), ("eval-tokens", evalTokens),
            ("limit-train", limitTrain), ("limit-validation", limitValidation),
            ("limit-test", limitTest), ("device", device), ("threads", threads),
        ]
        return all.compactMap { key, value in value.map { (key, $0) } }
    }

    /// Whether `--set` names the key.
    func sets(_ key: String) -> Bool { settings.contains { $0.hasPrefix(key + "=") } }

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
                let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else {
                    throw ValidationError("--set: expected key=value, found \"\(setting)\"")
                }
                return (parts[0], parts[1])
            }
        }
    }
}
