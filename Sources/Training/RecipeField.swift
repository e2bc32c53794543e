extension Recipe: SettingsTable {
    /// Every key of a recipe, in the order recipes are written.
    public static let fields: [SettingField<Recipe>] = [
        .init("model", \.model, .text)
            .means("A folder, a GGUF file, or org/name[@revision] in the local Hugging Face cache"),
        .init("task", \.task, .text)
            .means(
                "arc-easy, arc-challenge, openbookqa, winogrande-s, winogrande-m, boolq,"
                    + " or a folder or file of your own"
            ),
        .init("data", \.data, .text)
            .means("The folder of the named data set (default: below $VARLORA_DATA)"),
        .init("answers", \.answers, .choice())
            .means("What the model says to choose an option of your own data: auto, text, letters"),
        .init("list-options", \.listOptions, .boolean)
            .means("Whether prompts of your own data list the options (default: by layout)"),
        .init("prompt-version", \.promptVersion, .choice())
            .means("The rendering of your own data, as docs/data.md has it"),
        .init("chat", \.chat, .boolean)
            .means("Whether prompts are asked in the model's chat template"),
        .init("base-precision", \.basePrecision, .choice())
            .means(
                "Precision of the linear layers: float32, bfloat16, int8, int8-dynamic, int8-wide"
            ),
        .init("compute", \.compute, .choice())
            .means(
                "Precision of products and activations: float32, bfloat16 (default: bfloat16 on"
                    + " CUDA cards that multiply it, else float32)"
            ),
        .init("method", \.method, .choice()),
        .init("steps", \.steps, .count).means("Optimizer steps"),
        .init("batch-size", \.batchSize, .integer(1...65_536)).means("Examples a step"),
        .init("micro-batch-size", \.microBatchSize, .count)
            .means("Examples a backward pass (default: the whole batch)"),
        .init("gradient-checkpointing", \.gradientCheckpointing, .boolean)
            .means("Whether blocks are computed again backward: less memory, more time"),
        .init("max-length", \.maxLength, .integer(2...ValueKind.most))
            .means("Tokens of the longest prompt"),
        .init("learning-rate", \.learningRate, .positive)
            .means("Peak learning rate (default: \(ofMethods(\.learningRate)))"),
        .init("schedule", \.schedule, .choice()),
        .init("warmup-steps", \.warmupSteps, .countOrZero)
            .means(
                "Steps in which the learning rate rises from 0 (default: a tenth of the steps for"
                    + " ivon-auto, none for the others)"
            ),
        .init("weight-decay", \.weightDecay, .notNegative).means("Weight decay"),
        .init("beta1", \.beta1, .share).means("Decay of the gradient's mean"),
        .init("beta2", \.beta2, .share)
            .means("Decay of the second moment (default: \(ofMethods(\.beta2)))"),
        .init("ess", \.ess, .positive).means("IVON's effective sample size"),
        .init("hess-init", \.hessInit, .positive).means("IVON's first Hessian"),
        .init("clip-radius", \.clipRadius, .positiveOrInfinite)
            .means("IVON's bound of each element of a step"),
        .init("train-draws", \.trainDraws, .count).means("IVON's draws a training step"),
        .init("debias", \.debias, .boolean).means("Whether IVON's momentum is debiased"),
        .init("rescale-lr", \.rescaleLr, .boolean)
            .means("Whether IVON's learning rate is multiplied by the first Hessian"),
        .init("prior-kl", \.priorKl, .positive)
            .means(
                "Nats by which draws of ivon-auto's prior of B change the answers"
                    + " (default: four times the square of the untouched model's loss)"
            ),
        .init("noise-kl", \.noiseKl, .positive)
            .means(
                "Nats by which the noise of ivon-auto's steps changes the untouched model's"
                    + " answers (default: 0.05 times log2 of the number of options with up to 64"
                    + " training examples, and falling with the root of their number)"
            ),
        .init("rank", \.rank, .integer(1...65_536)).means("Rank of the adapters"),
        .init("alpha", \.alpha, .positive).means("Numerator of the adapters' scale"),
        .init("dropout", \.dropout, .share).means("Dropout on the adapters' inputs"),
        .init("target-modules", \.targetModules, .names)
            .means("Layers to adapt, with commas between, or all-linear"),
        .init("rslora", \.rslora, .boolean)
            .means("Whether the adapters' scale is alpha / sqrt(rank)"),
        .init("draws", \.draws, .count).means("Draws that predictions are averaged over"),
        .init("orders", \.orders, .integer(1...255))
            .means("Orders of listed options that predictions are averaged over"),
        .init("train-orders", \.trainOrders, .boolean)
            .means("Whether training puts the options in each of these orders, too"),
        .init("variance-scale", \.varianceScale, .notNegative)
            .means("Factor of the posterior's variance in those draws"),
        .init("seed", \.seed, .countOrZero)
            .means("Seed of order, split, adapters, dropout and draws"),
        .init("split-seed", \.splitSeed, .countOrZero)
            .means("Seed of the split of the data (default: the seed)"),
        .init("labels", \.labels, .count)
            .means("Training rows to draw by the split's seed, evenly over answers (default: all)"),
        .init("held-out", \.heldOut, .share)
            .means("Share of the training rows that is held out as validation part"),
        .init("eval-every", \.evalEvery, .countOrZero)
            .means("Steps between evaluations on the validation part; 0: at the end only"),
        .init("save-every", \.saveEvery, .countOrZero)
            .means("Steps between checkpoints; 0: at the end only"),
        .init("keep-step", \.keepStep, .count)
            .means("A step whose checkpoint is kept after the end, too"),
        .init("log-every", \.logEvery, .count).means("Steps between lines of the history"),
        .init("eval-tokens", \.evalTokens, .count).means("Tokens of an evaluation batch"),
        .init("limit-train", \.limitTrain, .count).means("Use the first N training examples"),
        .init("limit-validation", \.limitValidation, .count)
            .means("Use the first N validation examples"),
        .init("limit-test", \.limitTest, .count).means("Use the first N test examples"),
        .init("device", \.device, .text).means("cpu, cuda, cuda:N or mps"),
        .init("threads", \.threads, .integer(1...1024))
            .means("Threads of an operation on the CPU (default: one a core)"),
    ]

    /// A default that depends on the method, for those that have it.
    private static func ofMethods(_ value: (TrainingMethod) -> Double?) -> String {
        TrainingMethod.allCases.compactMap { method in
            value(method).map { "\($0.words) for \(method.rawValue)" }
        }
        .joined(separator: ", ")
    }
}
