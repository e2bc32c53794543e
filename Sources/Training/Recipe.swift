import LanguageModels
import LoRA
import Optimizers
import TextTasks
import Torch

/// Every setting of a run: the same spelling here (in camel case), in recipe files and in flags.
///
/// What each may be is in ``fields``, and ``SettingsTable/validate(place:)`` checks it.
///
/// The defaults are those of the paper's code (arXiv 2411.04421) where it has a value.
public struct Recipe: Equatable, Sendable {
    /// A folder, a GGUF file, or org/name[@revision] in the local Hugging Face cache.
    public var model = ""
    /// arc-easy, arc-challenge, openbookqa, winogrande-s, winogrande-m, boolq, or a folder or
    /// file of your own.
    public var task = ""
    /// The folder of the named data set; by default below `$VARLORA_DATA`.
    public var data: String?
    /// What the model says to choose an option of your own data: auto, text, letters.
    public var answers = PromptStyle.Answers.automatic
    /// Whether prompts of your own data list the options; by default what suits the layout.
    public var listOptions: Bool?
    /// The rendering of your own data, as docs/data.md has it.
    public var promptVersion = PromptStyle.Version.first
    /// Whether prompts are asked in the model's chat template, each as the user's message.
    public var chat = false
    /// Precision of the linear layers: float32, bfloat16, int8, int8-dynamic, int8-wide.
    public var basePrecision = WeightFormat.float32
    /// Precision of products and activations: float32, bfloat16; by default that of the device.
    public var compute: ComputeType?
    /// How the adapter is trained.
    public var method = TrainingMethod.automaticIVON

    /// Optimizer steps.
    public var steps = 1000
    /// Examples a step.
    public var batchSize = 4
    /// Examples a backward pass; by default the whole batch.
    public var microBatchSize: Int?
    /// Whether blocks are computed again backward: less memory, more time (about a third).
    public var gradientCheckpointing = false
    /// Tokens of the longest prompt; longer ones are truncated.
    public var maxLength = 320
    /// Peak learning rate (α); by default that of the method.
    public var learningRate: Double?
    /// Decay of the learning rate after the warm-up.
    public var schedule = LearningRateSchedule.Shape.linear
    /// Steps in which the learning rate rises from 0; by default the method's share of the steps.
    public var warmupSteps: Int?
    /// Weight decay (δ).
    public var weightDecay = 0.0
    /// Decay of the gradient's mean (β₁).
    public var beta1 = 0.9
    /// Decay of the second moment (β₂); by default that of the method.
    public var beta2: Double?

    /// IVON's effective sample size (λ).
    public var ess = 1e6
    /// IVON's first Hessian (h₀).
    public var hessInit = 1e-3
    /// IVON's bound of each element of a step, after preconditioning.
    public var clipRadius = 1e-3
    /// IVON's draws a training step.
    public var trainDraws = 1
    /// Whether IVON's momentum is debiased.
    public var debias = true
    /// Whether IVON's learning rate is multiplied by the first Hessian (h₀), plus δ.
    public var rescaleLr = false

    /// Nats by which draws of ivon-auto's prior of B change the answers; by default
    /// four times the square of the untouched model's loss.
    public var priorKl: Double?
    /// Nats by which the noise of ivon-auto's steps changes the untouched model's answers; by
    /// default 0.05 times log2 of the number of options with up to 64 training examples, and
    /// falling with the root of their number.
    public var noiseKl: Double?

    /// Rank of the adapters (r).
    public var rank = 8
    /// Numerator of the adapters' scale (α).
    public var alpha = 16.0
    /// Dropout on the adapters' inputs.
    public var dropout = 0.1
    /// Layers to adapt, with commas between, or all-linear: last parts of their names.
    public var targetModules = ["q_proj", "v_proj"]
    /// Whether the adapters' scale is alpha / sqrt(rank).
    public var rslora = false

    /// Draws that predictions are averaged over.
    public var draws = 10
    /// Orders of listed options that predictions are averaged over, at most as many as options.
    public var orders = 1
    /// Whether training puts the options in each of these orders, too, and not in one.
    public var trainOrders = false
    /// Factor of the posterior's variance in those draws (τ); 0 is the mean.
    public var varianceScale = 1.0

    /// Seed of order, split, adapters, dropout and draws.
    public var seed = 21
    /// Seed of the split of the data; by default the seed: for runs that differ in all else.
    public var splitSeed: Int?
    /// Training rows to draw by the split's seed, evenly over answers; by default all.
    public var labels: Int?
    /// Share of the training rows that is held out as validation part.
    public var heldOut = 0.0
    /// Steps between evaluations on the validation part; 0: at the end only.
    public var evalEvery = 0
    /// Steps between checkpoints; 0: at the end only.
    public var saveEvery = 100
    /// A step whose checkpoint is kept after the end, too: another run can go on from there.
    public var keepStep: Int?
    /// Steps between lines of the history.
    public var logEvery = 10
    /// Tokens of an evaluation batch; larger ones were slower where measured, in fresh memory.
    public var evalTokens = 1024
    /// Use the first N training examples; by default all.
    public var limitTrain: Int?
    /// Use the first N validation examples; by default all.
    public var limitValidation: Int?
    /// Use the first N test examples; by default all.
    public var limitTest: Int?
    /// cpu, cuda, cuda:N or mps.
    public var device = "cpu"
    /// Threads of an operation on the CPU; by default one a core.
    public var threads: Int?

    /// The defaults, without model and task.
    public init() {}

    /// The defaults for a model, a task and a method.
    public init(model: String, task: String, method: TrainingMethod = .automaticIVON) {
        self.model = model
        self.task = task
        self.method = method
    }
}

extension Recipe {
    /// The adapters' shape and scale.
    public var lora: LoRASettings {
        var settings = LoRASettings()
        settings.rank = rank
        settings.alpha = alpha
        settings.dropout = dropout
        settings.targetModules = targetModules
        settings.usesRankStabilizedScale = rslora
        return settings
    }

    /// The recipe with every default that depends on method or machine written out.
    public func resolved() -> Recipe {
        var recipe = self
        recipe.learningRate = learningRate ?? method.learningRate
        recipe.beta2 = beta2 ?? method.beta2
        recipe.warmupSteps = warmupSteps ?? Int(method.warmUp * Double(steps))
        recipe.microBatchSize = min(microBatchSize ?? batchSize, batchSize)
        recipe.threads = threads ?? Engine.threads
        recipe.compute = precision.compute
        return recipe
    }

    /// How the model keeps its weights and computes.
    public var precision: Precision {
        Precision(basePrecision, compute: compute ?? Self.usualCompute(on: device))
    }

    /// That of a device which is not here is the CPU's: there nothing is computed.
    private static func usualCompute(on device: String) -> ComputeType {
        (try? Device(device)).map(ComputeType.usual(on:)) ?? .float32
    }

    /// Checks that a model is in the precision that the recipe names.
    func check(_ model: LoadedModel) throws {
        let (own, found) = (precision, model.precision)
        for (key, expected, found) in [
            ("compute", own.compute.rawValue, found.compute.rawValue),
            ("base-precision", own.weights.rawValue, found.weights.rawValue),
        ] where expected != found {
            throw TrainingError.mismatch(
                file: self.model,
                key: key,
                expected: expected,
                found: found
            )
        }
    }

    /// The learning rate over the run.
    var learningRateSchedule: LearningRateSchedule {
        LearningRateSchedule(
            shape: schedule,
            peak: learningRate ?? method.learningRate,
            warmupSteps: warmupSteps ?? Int(method.warmUp * Double(steps)),
            steps: steps
        )
    }
}
