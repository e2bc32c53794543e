import LanguageModels
import LoRA
import TextTasks
import Torch

/// Probabilities of the answers of a packed batch: each answer's is that of its tokens, one behind
/// another, as a share of all of the example's answers.
public struct AnswerScorer {
    private let model: any CausalLanguageModel
    /// The adapters that it answers with; nil for the base alone.
    public let adapters: LoRAAdapters?
    private let device: Device

    /// A scorer of a model whose weights lie on `device`, with the adapters that are attached to it
    /// or with none.
    ///
    /// The adapters stay attached as long as the scorer lives. Using it after another set has taken
    /// their place traps, as does one of the base alone while there are any.
    public init(_ model: any CausalLanguageModel, adapters: LoRAAdapters?, device: Device) {
        self.model = model
        self.adapters = adapters
        self.device = device
    }

    /// Log probabilities over the answers of each example: [examples, most answers].
    ///
    /// Logits are divided by `temperature`. The softmax is over an example's own answers; places
    /// beyond their number hold -infinity.
    public func logProbabilities(_ batch: AnswerBatch, temperature: Double = 1) -> Tensor {
        let logits = logits(batch)
        let scaled = temperature == 1 ? logits : logits * (1 / temperature)
        let mask = batch.examples.flatMap { example in
            (0..<batch.width).map { $0 < example.answers.count ? 0 : -Float.infinity }
        }
        return (scaled + Tensor(mask, shape: [batch.examples.count, batch.width], device: device))
            .logSoftmax(along: 1)
    }

    /// Logits of the answers of each example, up to a number that is the same for all of them:
    /// [examples, most answers].
    ///
    /// Places beyond an example's number of answers hold some other number.
    public func logits(_ batch: AnswerBatch) -> Tensor {
        if let adapters {
            adapters.checkAttached()
        } else {
            precondition(
                model.adaptable.values.allSatisfy { $0.adapter == nil },
                "the base was to answer alone, and has adapters"
            )
        }
        let hidden = model.hiddenStates(batch.packed, at: batch.packed.wantedRows)
        return batch.hasOneTokenAnswers
            ? tokenLogits(hidden, batch) : sequenceLogits(hidden, batch)
    }

    /// The logits of answers of one token, from `hidden` [rows, hidden]: no others are computed.
    private func tokenLogits(_ hidden: Tensor, _ batch: AnswerBatch) -> Tensor {
        let tokens = Array(Set(batch.steps.joined().joined().map(\.token))).sorted()
        let columns = Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices))
        let rows = batch.steps.map { $0[0][0].row }
        let index = batch.steps.flatMap { answers in
            (0..<batch.width).map { columns[answers[min($0, answers.count - 1)][0].token] ?? 0 }
        }
        return model.logits(selected(rows, of: hidden), of: tokens)  // [examples, tokens]
            .gathering(
                Tensor(index, shape: [rows.count, batch.width], device: device),
                along: 1
            )
    }

    /// The log probabilities of answers of any length, from `hidden` [rows, hidden]: sums of those
    /// of their tokens over the whole vocabulary.
    private func sequenceLogits(_ hidden: Tensor, _ batch: AnswerBatch) -> Tensor {
        let steps = Array(Set(batch.steps.joined().joined())).sorted {
            ($0.row, $0.token) < ($1.row, $1.token)
        }
        let longest = batch.steps.joined().map(\.count).max() ?? 0
        let places = Dictionary(uniqueKeysWithValues: zip(steps, steps.indices))
        // Behind an answer's last token, and for answers that there are not, stands a 0.
        let index = batch.steps.flatMap { answers in
            (0..<batch.width * longest).map { flat -> Int in
                let (answer, step) = flat.quotientAndRemainder(dividingBy: longest)
                guard answer < answers.count, step < answers[answer].count else {
                    return steps.count
                }
                return places[answers[answer][step]] ?? steps.count
            }
        }
        let shape = [batch.examples.count, batch.width, longest]
        return Tensor.concatenated(
            stepLogProbabilities(hidden, steps) + [Tensor([Float(0)], device: device)],
            along: 0
        )
        .gathering(Tensor(index, device: device), along: 0)
        .reshaped(shape)
        .sum(along: 2)
    }

    /// The log probabilities of tokens given the rows before them, in the order of `steps`.
    private func stepLogProbabilities(_ hidden: Tensor, _ steps: [AnswerStep]) -> [Tensor] {
        var rest = steps[...]
        var parts: [Tensor] = []
        while let first = rest.first {
            // Rows by the block: logits of a whole vocabulary take 200 KB a row.
            let part = rest.prefix { $0.row < first.row + Self.blockRows }
            rest = rest.dropFirst(part.count)
            let rows = Array(Set(part.map(\.row))).sorted()
            let places = Dictionary(uniqueKeysWithValues: zip(rows, rows.indices))
            let vocabulary = model.sizes.vocabularySize
            let index = Tensor(
                part.map { (places[$0.row] ?? 0) * vocabulary + $0.token },
                device: device
            )
            parts.append(
                selected(rows, of: hidden).recomputedInBackward { [model] hidden in
                    model.logits(hidden, of: nil).logSoftmax(along: 1).reshaped([-1])
                        .gathering(index, along: 0)
                }
            )
        }
        return parts
    }

    /// Rows whose logits of the whole vocabulary are there at once.
    public static let blockRows = 256

    private func selected(_ rows: [Int], of hidden: Tensor) -> Tensor {
        hidden.selecting(Tensor(rows, device: device), along: 0)
    }

    /// The cross-entropy of the right answers, or of their targets, in nats, summed over the
    /// examples: a scalar.
    ///
    /// Every example of the batch must have a label.
    public func loss(_ batch: AnswerBatch) -> Tensor {
        var (places, weights): ([Int], [Float]) = ([], [])
        for (row, example) in batch.examples.enumerated() {
            guard let label = example.label else {
                preconditionFailure("a loss needs the label of every example")
            }
            let targets = example.targets.map { Array($0.enumerated()) } ?? [(label, 1)]
            for (answer, target) in targets where target > 0 {
                places.append(row * batch.width + answer)
                weights.append(-Float(target))
            }
        }
        let right = logProbabilities(batch).reshaped([-1])
            .gathering(Tensor(places, device: device), along: 0)
        return (right * Tensor(weights, device: device)).sum()
    }
}

extension AdaptedModel {
    /// Answer probabilities of the model with its adapters.
    public var scorer: AnswerScorer {
        AnswerScorer(base.model, adapters: adapters, device: base.device)
    }
}
