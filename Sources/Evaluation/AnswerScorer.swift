import LanguageModels
import LoRA
import TextTasks
import Torch

/// Probabilities of the answers of a packed batch, from the logits of their tokens at the last
/// position of each sequence; no other logit is computed.
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

    /// Log probabilities over the answers of each sequence: [sequences, most answers].
    ///
    /// Logits are divided by `temperature`. The softmax is over a sequence's own answers; places
    /// beyond their number hold -infinity.
    public func logProbabilities(_ batch: AnswerBatch, temperature: Double = 1) -> Tensor {
        let columns = AnswerColumns(batch)
        let logits = logits(batch, columns)
        let scaled = temperature == 1 ? logits : logits * (1 / temperature)
        return (scaled + Tensor(columns.mask, shape: columns.shape, device: device))
            .logSoftmax(along: 1)
    }

    /// Logits of the answers of each sequence: [sequences, most answers].
    ///
    /// Places beyond a sequence's number of answers hold the logit of some other token.
    public func logits(_ batch: AnswerBatch) -> Tensor {
        logits(batch, AnswerColumns(batch))
    }

    private func logits(_ batch: AnswerBatch, _ columns: AnswerColumns) -> Tensor {
        if let adapters {
            adapters.checkAttached()
        } else {
            precondition(
                model.linears.values.allSatisfy { $0.adapter == nil },
                "the base was to answer alone, and has adapters"
            )
        }
        let prompts = batch.prompts
        let hidden = model.hiddenStates(prompts, at: prompts.wantedRows)  // [sequences, hidden]
        return model.logits(hidden, of: columns.tokens)  // [sequences, distinct tokens]
            .gathering(Tensor(columns.index, shape: columns.shape, device: device), along: 1)
    }

    /// The cross-entropy of the right answers, in nats, summed over the sequences: a scalar.
    ///
    /// Every sequence of the batch must have a label.
    public func loss(_ batch: AnswerBatch) -> Tensor {
        let labels = batch.examples.map { example in
            guard let label = example.label else {
                preconditionFailure("a loss needs the label of every example")
            }
            return label
        }
        return logProbabilities(batch)
            .negativeLogLikelihood(Tensor(labels, device: device), mean: false)
    }
}

extension AdaptedModel {
    /// Answer probabilities of the model with its adapters.
    public var scorer: AnswerScorer {
        AnswerScorer(base.model, adapters: adapters, device: base.device)
    }
}

/// Where each answer of each sequence stands among the distinct answer tokens of a batch.
private struct AnswerColumns {
    let tokens: [Int]
    let shape: [Int]  // [sequences, most answers]
    var index: [Int] = []
    var mask: [Float] = []  // 0 at an answer, -infinity beyond a sequence's last

    init(_ batch: AnswerBatch) {
        let answers = batch.examples.map(\.answerTokens)
        tokens = Array(Set(answers.joined())).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices))
        let most = batch.width
        shape = [answers.count, most]
        for row in answers {
            for place in 0..<most {
                index.append(place < row.count ? places[row[place]] ?? 0 : 0)
                mask.append(place < row.count ? 0 : -.infinity)
            }
        }
    }
}
