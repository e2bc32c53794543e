import LanguageModels
import LoRA
import Optimizers
import Torch

/// Every setting of a run: the same spelling here (in camel case), in recipe files and in flags.
///
/// The defaults are those of the paper's code (arXiv 2411.04421) where it has a value.
public struct Recipe: Equatable, Sendable {
    /// A folder, a GGUF file, or `org/name` in the local Hugging Face cache.
    public var model = ""
    /// A named data set, or a folder or file of JSON Lines.
    public var task = ""
    /// The folder of the named data set.
    public var data: String?
    /// The precision of the base model's linear layers.
    public var basePrecision = BasePrecision.float32
    /// How the adapter is trained.
    public var method = TrainingMethod.ivon

    /// Optimizer steps.
    public var steps = 1000
    /// Examples a step.
    public var batchSize = 4
    /// Examples a backward pass; by default the whole batch.
    public var microBatchSize: Int?
    /// Whether the backward pass computes each block again: less memory for a third more time.
    public var gradientCheckpointing = false
    /// Tokens of the longest prompt; longer ones are truncated.
    public var maxLength = 320
    /// Peak step size (α); by default 0.03 for IVON and 5e-5 for AdamW.
    public var learningRate: Double?
    /// Decay of the learning rate after the warm-up.
    public var schedule = LearningRateSchedule.Shape.linear
    /// Steps in which the learning rate rises from 0.
    public var warmupSteps = 0
    /// Weight decay (δ).
    public var weightDecay = 0.0
    /// Decay of the gradient's mean (β₁).
    public var beta1 = 0.9
    /// Decay of the second moment (β₂); by default 0.99999 for IVON and 0.999 for AdamW.
    public var beta2: Double?

    /// IVON's effective sample size (λ).
    public var ess = 1e6
    /// IVON's first Hessian (h₀).
    public var hessInit = 1e-3
    /// IVON's bound of each element of the preconditioned step.
    public var clipRadius = 1e-3
    /// IVON's draws a training step.
    public var trainDraws = 1
    /// Whether IVON's momentum is debiased.
    public var debias = true
    /// Whether IVON's learning rate is multiplied by h₀ + δ.
    public var rescaleLr = false

    /// Rank of the adapters (r).
    public var rank = 8
    /// Numerator of the adapters' scale (α).
    public var alpha = 16.0
    /// Dropout on the adapters' inputs.
    public var dropout = 0.1
    /// Last parts of the names of the layers to adapt, or `all-linear`.
    public var targetModules = ["q_proj", "v_proj"]
    /// Whether the adapters' scale is α / sqrt(r).
    public var rslora = false

    /// Draws that predictions are averaged over.
    public var draws = 10
    /// Factor of the posterior's variance in those draws (τ); 0 is the mean.
    public var varianceScale = 1.0

    /// The seed of order, split, adapters, dropout and draws.
    public var seed = 21
    /// The seed of the split where it is another one: runs that differ in all else but the data.
    public var splitSeed: Int?
    /// Steps between evaluations on the validation part; 0 evaluates at the end only.
    public var evalEvery = 0
    /// Steps between checkpoints; 0 saves at the end only.
    public var saveEvery = 100
    /// A step whose checkpoint is kept after the end, too: another run can go on from there.
    public var keepStep: Int?
    /// Steps between lines of the history.
    public var logEvery = 10
    /// Tokens of an evaluation batch; larger ones were slower where measured, in fresh memory.
    public var evalTokens = 1024
    /// Training examples used, the first ones; by default all.
    public var limitTrain: Int?
    /// Validation examples used, the first ones; by default all.
    public var limitValidation: Int?
    /// Test examples used, the first ones; by default all.
    public var limitTest: Int?
    /// `cpu`, `cuda`, `cuda:N` or `mps`.
    public var device = "cpu"
    /// Threads of an operation on the CPU; by default one a core.
    public var threads: Int?

    /// The defaults, without model and task.
    public init() {}

    /// The defaults for a model, a task and a method.
    public init(model: String, task: String, method: TrainingMethod = .ivon) {
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
        recipe.microBatchSize = min(microBatchSize ?? batchSize, batchSize)
        recipe.threads = threads ?? Engine.threads
        return recipe
    }

    /// Checks that a model is in the precision that the recipe names.
    func check(_ model: LoadedModel) throws {
        guard model.precision == basePrecision else {
            throw TrainingError.mismatch(
                file: self.model,
                key: "base-precision",
                expected: basePrecision.rawValue,
                found: model.precision.rawValue
            )
        }
    }

    /// The learning rate over the run.
    var learningRateSchedule: LearningRateSchedule {
        LearningRateSchedule(
            shape: schedule,
            peak: learningRate ?? method.learningRate,
            warmupSteps: warmupSteps,
            steps: steps
        )
    }
}
