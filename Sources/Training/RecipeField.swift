extension Recipe: SettingsTable {
    /// Every key of a recipe, in the order recipes are written.
    public static let fields: [SettingField<Recipe>] = [
        .init(
            "model",
            \.model,
            .text,
            "A folder, a GGUF file, or org/name in the local Hugging Face cache"
        ),
        .init(
            "task",
            \.task,
            .text,
            "arc-easy, arc-challenge, openbookqa, winogrande-s, winogrande-m, boolq,"
                + " or a folder or file of JSON Lines"
        ),
        .init(
            "data",
            \.data,
            .text,
            "The folder of the named data set",
            default: "below $VARLORA_DATA"
        ),
        .init(
            "base-precision",
            \.basePrecision,
            .choice(),
            "Precision of the linear layers: float32, int8, int8-dynamic"
        ),
        .init("method", \.method, .choice()),
        .init("steps", \.steps, .integer(1...most), "Optimizer steps"),
        .init("batch-size", \.batchSize, .integer(1...65_536), "Examples a step"),
        .init(
            "micro-batch-size",
            \.microBatchSize,
            .integer(1...most),
            "Examples a backward pass",
            default: "the whole batch"
        ),
        .init(
            "gradient-checkpointing",
            \.gradientCheckpointing,
            .boolean,
            "Whether blocks are computed again backward: less memory, more time"
        ),
        .init("max-length", \.maxLength, .integer(2...most), "Tokens of the longest prompt"),
        .init(
            "learning-rate",
            \.learningRate,
            .positive,
            "Peak learning rate",
            default: ofMethods { $0.learningRate }
        ),
        .init("schedule", \.schedule, .choice()),
        .init(
            "warmup-steps",
            \.warmupSteps,
            .integer(0...most),
            "Steps in which the learning rate rises from 0"
        ),
        .init("weight-decay", \.weightDecay, .notNegative, "Weight decay"),
        .init("beta1", \.beta1, .share, "Decay of the gradient's mean"),
        .init(
            "beta2",
            \.beta2,
            .share,
            "Decay of the second moment",
            default: ofMethods { $0.beta2 }
        ),
        .init("ess", \.ess, .positive, "IVON's effective sample size"),
        .init("hess-init", \.hessInit, .positive, "IVON's first Hessian"),
        .init(
            "clip-radius",
            \.clipRadius,
            .positiveOrInfinite,
            "IVON's bound of each element of a step"
        ),
        .init("train-draws", \.trainDraws, .integer(1...most), "IVON's draws a training step"),
        .init("debias", \.debias, .boolean, "Whether IVON's momentum is debiased"),
        .init(
            "rescale-lr",
            \.rescaleLr,
            .boolean,
            "Whether IVON's learning rate is multiplied by the first Hessian"
        ),
        .init("rank", \.rank, .integer(1...65_536), "Rank of the adapters"),
        .init("alpha", \.alpha, .positive, "Numerator of the adapters' scale"),
        .init("dropout", \.dropout, .share, "Dropout on the adapters' inputs"),
        .init(
            "target-modules",
            \.targetModules,
            .names,
            "Layers to adapt, with commas between, or all-linear"
        ),
        .init(
            "rslora",
            \.rslora,
            .boolean,
            "Whether the adapters' scale is alpha / sqrt(rank)"
        ),
        .init("draws", \.draws, .integer(1...most), "Draws that predictions are averaged over"),
        .init(
            "variance-scale",
            \.varianceScale,
            .notNegative,
            "Factor of the posterior's variance in those draws"
        ),
        .init(
            "seed",
            \.seed,
            .integer(0...most),
            "Seed of order, split, adapters, dropout and draws"
        ),
        .init(
            "split-seed",
            \.splitSeed,
            .integer(0...most),
            "Seed of the split of the data",
            default: "the seed"
        ),
        .init(
            "eval-every",
            \.evalEvery,
            .integer(0...most),
            "Steps between evaluations on the validation part; 0: at the end only"
        ),
        .init(
            "save-every",
            \.saveEvery,
            .integer(0...most),
            "Steps between checkpoints; 0: at the end only"
        ),
        .init(
            "keep-step",
            \.keepStep,
            .integer(1...most),
            "A step whose checkpoint is kept after the end, too"
        ),
        .init(
            "log-every",
            \.logEvery,
            .integer(1...most),
            "Steps between lines of the history"
        ),
        .init("eval-tokens", \.evalTokens, .integer(1...most), "Tokens of an evaluation batch"),
        .init(
            "limit-train",
            \.limitTrain,
            .integer(1...most),
            "Use the first N training examples"
        ),
        .init(
            "limit-validation",
            \.limitValidation,
            .integer(1...most),
            "Use the first N validation examples"
        ),
        .init("limit-test", \.limitTest, .integer(1...most), "Use the first N test examples"),
        .init("device", \.device, .text, "cpu, cuda, cuda:N or mps"),
        .init(
            "threads",
            \.threads,
            .integer(1...1024),
            "Threads of an operation on the CPU",
            default: "one a core"
        ),
    ]

    private static let most = ValueKind<Int>.most

    /// A default that depends on the method, for those that have it.
    private static func ofMethods(_ value: (TrainingMethod) -> Double?) -> String {
        TrainingMethod.allCases.compactMap { method in
            value(method).map { "\($0.words) for \(method.rawValue)" }
        }
        .joined(separator: ", ")
    }
}
