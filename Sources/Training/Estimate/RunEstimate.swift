import Evaluation
import LanguageModels
import LoRA
import TextTasks
import Torch

/// What a run will take, before it starts: from the headers of the model's files, the data, and
/// passes of a few seconds over some blocks of the model's sizes.
public struct RunEstimate: Equatable, Sendable, Encodable {
    /// Bytes at the peak.
    public let memory: MemoryEstimate
    /// Numbers that are trained.
    public let parameters: Int
    /// Tokens of an average and of the largest training step.
    public let tokens: Tokens
    /// Seconds of an average training step.
    public let stepSeconds: Double
    /// Seconds in which the method finds its settings, before the first step.
    public let searchSeconds: Double
    /// Seconds of all training steps.
    public let trainingSeconds: Double
    /// Seconds of all answers: validation in between, and validation and test at the end at the
    /// mean and for each draw.
    public let answerSeconds: Double

    /// Tokens of the training steps.
    public struct Tokens: Equatable, Sendable, Encodable {
        /// Of an average step.
        public let average: Double
        /// Of the largest step.
        public let largest: Int
    }

    private enum CodingKeys: String, CodingKey {
        case memory, parameters, tokens
        case stepSeconds = "step_seconds"
        case searchSeconds = "search_seconds"
        case trainingSeconds = "training_seconds"
        case answerSeconds = "answer_seconds"
    }

    /// Estimates a run by `recipe`, without the loading of model and data.
    ///
    /// - Throws: an error when model or data cannot be used, or the engine fails.
    public init(_ recipe: Recipe) throws {
        try recipe.validate()
        let recipe = recipe.resolved()
        let files = try ModelFiles(ModelLocation(recipe.model))
        let model = try ModelSize(files, precision: recipe.precision)
        let data = try TrainingData(recipe, tokenizer: files.loadTokenizer())
        let steps = TrainingSteps(recipe, data)
        let modules = try LoRALayout(recipe.lora, for: model.sample).modules
        parameters = MemoryEstimate.parameters(modules, of: model)
        tokens = Tokens(average: steps.averageTokens, largest: steps.largest.packed.tokens.count)
        memory = MemoryEstimate(
            recipe,
            model: model,
            modulesOfSample: modules,
            batch: steps.largest.packed,
            logits: steps.largest.logitCount(vocabularySize: model.sizes.vocabularySize),
            answerTokens: min(recipe.evalTokens, data.largestPart)
        )
        let times = try BlockTimes(recipe, files, model, steps, data)
        stepSeconds = times.step
        searchSeconds = times.search
        trainingSeconds = times.step * Double(recipe.steps)
        answerSeconds = times.answers
    }
}

extension TrainingData {
    /// Tokens of the larger of the parts that are answered.
    fileprivate var largestPart: Int {
        [validation, test].compactMap { $0?.examples.reduce(0) { $0 + $1.length } }.max() ?? 0
    }
}

/// The first steps of a run, as a sample of all.
private struct TrainingSteps {
    let batches: [[EncodedExample]]
    let averageTokens: Double
    /// The backward pass with the most tokens.
    let largest: AnswerBatch
    /// The step whose number of tokens is in the middle, and that number.
    let typical: (batch: [EncodedExample], tokens: Int)

    init(_ recipe: Recipe, _ data: TrainingData) {
        let order = BatchOrder(
            exampleCount: data.train.units.count,
            seed: UInt64(recipe.seed)
        )
        batches = (0..<min(recipe.steps, 200)).map {
            data.train.examples(of: order.batch(at: $0, batchSize: recipe.batchSize))
        }
        let size = recipe.microBatchSize ?? recipe.batchSize
        let passes = batches.map { batch in
            let units = batch.units
            return stride(from: 0, to: units.count, by: size).map {
                AnswerBatch(units[$0..<min($0 + size, units.count)].flatMap { batch[$0] })
            }
        }
        let tokens = passes.map { $0.reduce(0) { $0 + $1.packed.tokens.count } }
        averageTokens = Double(tokens.reduce(0, +)) / Double(max(1, tokens.count))
        let sorted = tokens.indices.sorted { tokens[$0] < tokens[$1] }
        let middle = sorted[sorted.count / 2]
        typical = (batches[middle], tokens[middle])
        largest =
            passes.joined().max { $0.packed.tokens.count < $1.packed.tokens.count }
            ?? AnswerBatch(typical.batch)
    }
}

/// The times of a whole model's passes, from those of some blocks and of twice as many.
private struct BlockTimes {
    /// Weights that no processor's cache holds, as it does not hold those of a whole model.
    private static let uncachedBytes = 128 << 20
    /// Seconds of an average training step.
    let step: Double
    /// Seconds in which the method finds its settings.
    let search: Double
    /// Seconds of all answers of the run.
    let answers: Double

    init(
        _ recipe: Recipe,
        _ files: ModelFiles,
        _ model: ModelSize,
        _ steps: TrainingSteps,
        _ data: TrainingData
    ) throws {
        let layers = model.sizes.layerCount
        let uncached = Self.uncachedBytes / max(1, model.linearBytes / layers) + 1
        let few = min(max(2, uncached), max(1, layers / 2))
        let more = min(2 * few, layers)
        let parts = [data.validation] + [data.test].compactMap { $0 }
        let longest = EvaluationBatches(
            lengths: data.validation.examples.map(\.tokens.count),
            maximumTokens: recipe.evalTokens
        )
        let batch = (longest.batches.first ?? []).map { data.validation.examples[$0] }
        func times(_ blocks: Int) throws -> (step: Double, answers: Double) {
            let sample = try SampleRun(recipe, files, blocks: blocks)
            return (
                try sample.trainingSeconds(steps.typical.batch),
                batch.isEmpty ? 0 : try sample.answerSeconds(batch)
            )
        }
        let first = try times(few)
        let second = more > few ? try times(more) : first
        func whole(_ fewer: Double, _ longer: Double) -> Double {
            guard more > few else { return longer }
            return longer + max(0, longer - fewer) * Double(layers - more) / Double(more - few)
        }
        step =
            whole(first.step, second.step) * steps.averageTokens
            / Double(max(1, steps.typical.tokens))
        let tokensOfBatch = batch.reduce(0) { $0 + $1.tokens.count }
        let perToken = whole(first.answers, second.answers) / Double(max(1, tokensOfBatch))
        func tokens(_ part: EncodedPart) -> Double {
            Double(part.examples.reduce(0) { $0 + $1.tokens.count })
        }
        search =
            perToken * tokens(data.train) * Double(recipe.method.searchAnswers)
            / Double(max(1, data.train.examples.count))
        let models = recipe.method.hasPosterior ? 1 + recipe.draws : 1
        let between = recipe.evalEvery > 0 ? recipe.steps / recipe.evalEvery : 0
        answers =
            perToken
            * (parts.reduce(0) { $0 + tokens($1) } * Double(models)
                + tokens(data.validation) * Double(between))
    }
}
