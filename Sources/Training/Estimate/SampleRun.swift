import Evaluation
import LanguageModels
import LoRA
import Optimizers
import TextTasks
import Torch

/// Times passes of a model with a few blocks of equal weights, which stand for a whole one.
struct SampleRun {
    private let recipe: Recipe
    private let scorer: AnswerScorer
    private let adapters: LoRAAdapters
    private let optimizer: any Optimizer
    private let vocabularySize: Int
    private let model: any CausalLanguageModel

    init(_ recipe: Recipe, _ files: ModelFiles, blocks: Int) throws {
        // The tables take no time, and much memory.
        vocabularySize = min(files.sizes.vocabularySize, 1024)
        let device = try Device(recipe.device)
        model = try files.sample(
            blocks: blocks,
            vocabularySize: vocabularySize,
            precision: recipe.precision,
            device: device
        )
        model.recomputesBlocks = recipe.gradientCheckpointing
        let layout = try LoRALayout(recipe.lora, for: model)
        let parameters = FlatParameters(layout.parameters, device: device)
        adapters = LoRAAdapters(layout, on: model, parameters: parameters.tensors)
        let start = TrainingMethod.Start(
            recipe: recipe,
            parameters: parameters,
            parallel: DataParallel(nil),
            probe: nil
        )
        optimizer = try recipe.method.start(start).optimizer
        scorer = AnswerScorer(model, adapters: adapters, device: device)
        self.recipe = recipe
    }

    /// Seconds of a training step over a batch, with all draws and micro-batches.
    func trainingSeconds(_ examples: [EncodedExample]) throws -> Double {
        let size = recipe.microBatchSize ?? examples.count
        let batches = stride(from: 0, to: examples.count, by: size).map {
            AnswerBatch(Array(examples[$0..<min($0 + size, examples.count)]).map(within))
        }
        return try usual {
            _ = try optimizer.step {
                for batch in batches {
                    adapters.withDropout(seed: 1) { scorer.loss(batch).backward() }
                }
                return 0
            }
        }
    }

    /// Seconds of a forward pass over a batch.
    func answerSeconds(_ examples: [EncodedExample]) throws -> Double {
        let batch = AnswerBatch(examples.map(within))
        return try usual {
            withoutGradients { _ = scorer.logProbabilities(batch).doubles }
        }
    }

    /// The example with tokens of the sample's small vocabulary.
    private func within(_ example: EncodedExample) -> EncodedExample {
        var small = example
        small.tokens = example.tokens.map { $0 % vocabularySize }
        small.answers = example.answers.enumerated().map { index, answer in
            answer.dropLast().map { $0 % vocabularySize } + [index % vocabularySize]
        }
        return small
    }

    /// The median time of three runs, after one that gets memory and kernels.
    private func usual(_ body: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        let seconds = try (0..<4).map { _ in
            try withTorchErrors { try clock.measure(body).inSeconds }
        }
        return seconds.dropFirst().sorted()[1]
    }
}
