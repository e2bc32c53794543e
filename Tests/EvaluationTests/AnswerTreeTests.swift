import Foundation
import JSON
import Metrics
import Optimizers
import Posteriors
import TensorFiles
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Evaluation
@testable import LanguageModels
@testable import LoRA

/// Questions with answers of several tokens, and what `make_answers.py` says of them: every answer
/// is a forward pass of its own in Transformers.
private struct GoldenAnswers {
    let scorer: AnswerScorer
    let parameters: FlatParameters
    let examples: [EncodedExample]
    private let file: String

    /// Models with adapters on the layers of the blocks, and one whose head is adapted.
    static let names = ["llama2", "gemma2", "qwen3", "gemma2-head", "qwen3_5"]

    init(_ name: String) throws {
        let model = Golden.folder("Models/\(name.replacing("-head", with: ""))")
        let folder = model.appendingPathComponent(
            name.hasSuffix("-head") ? "adapter-head" : "adapter-all"
        )
        let base = try ModelFiles(.folder(model)).build().model
        let layout = try LoRALayout(try PEFTFolder.settings(in: folder), for: base)
        parameters = FlatParameters(layout.parameters)
        try PEFTFolder.read(folder, into: parameters)
        let adapters = LoRAAdapters(layout, on: base, parameters: parameters.tensors)
        scorer = AnswerScorer(base, adapters: adapters, device: .cpu)
        file = "Answers/\(name).safetensors"
        let rows = try Golden.json("Answers/examples.json").elements()
        examples = try rows.enumerated().map { index, row in
            EncodedExample(
                id: "\(index)",
                tokens: try row.required("tokens").integers(),
                answers: try row.required("answers").elements().map { try $0.integers() },
                label: try row.required("label").integer(),
                targets: try row.member("targets")?.numbers(),
                state: try row.member("state")?.string()
            )
        }
    }

    func tensor(_ name: String) throws -> Tensor { try Golden.tensor(name, in: file) }

    /// Log probabilities of the answers of examples in one batch: [examples][answers].
    func answers(_ examples: [EncodedExample], sharesPrefix: Bool = true) -> [[Double]] {
        let batch = AnswerBatch(examples, sharesPrefix: sharesPrefix)
        let values = withoutGradients { scorer.logProbabilities(batch).doubles }
        return examples.enumerated().map { row, example in
            Array(values[row * batch.width..<row * batch.width + example.answers.count])
        }
    }
}

@Suite("Answers of several tokens")
struct AnswerTreeTests {
    @Test("Log probabilities of a packed tree are those of one answer at a time in Transformers")
    func logProbabilities() throws {
        for name in GoldenAnswers.names {
            let golden = try GoldenAnswers(name)
            for sharesPrefix in [true, false] {
                let found = golden.answers(golden.examples, sharesPrefix: sharesPrefix)
                for (index, row) in found.enumerated() {
                    let expected = try golden.tensor("log_probabilities.\(index)").doubles
                    #expect(largestDifference([row], [expected]) < 1e-4, "\(name) \(index)")
                }
            }
        }
    }

    @Test(
        "Models that answer in one pass answer as each does alone",
        arguments: GoldenAnswers.names.filter { !$0.hasSuffix("head") }
    )
    func jointModels(_ name: String) throws {
        let golden = try GoldenAnswers(name)
        let (parameters, examples) = (golden.parameters, golden.examples)
        let draws = DrawnParameters(
            NormalPosterior(
                variance: Tensor.full([parameters.count], 0.01),
                effectiveSampleSize: 1
            ),
            around: parameters,
            count: 2,
            seed: 2
        )
        let models: [DrawnParameters.Model] = [
            .init(draw: 1, varianceScale: 1), .mean, .init(draw: 0, varianceScale: 4),
        ]
        let joint = try #require(golden.scorer.adapters).withModels(draws.parameters(of: models)) {
            let batch = AnswerBatch(examples, copies: models.count)
            return withoutGradients { golden.scorer.logProbabilities(batch).exponential() }
        }
        var rows: [Tensor] = []
        for model in models {
            func add() {
                let answers = golden.scorer.logProbabilities(AnswerBatch(examples))
                rows.append(answers.exponential())
            }
            withoutGradients {
                guard let draw = model.draw else { return add() }
                draws.withDraw(draw, varianceScale: model.varianceScale, add)
            }
        }
        #expect(joint.largestDifference(to: Tensor.concatenated(rows, along: 0)) < 1e-5)
        #expect(rows[0].largestDifference(to: rows[1]) > 1e-3)
        #expect(rows[1].largestDifference(to: rows[2]) > 1e-3)
    }

    @Test("Loss and gradients are Transformers', with targets and a state read once")
    func gradients() throws {
        for name in GoldenAnswers.names {
            let golden = try GoldenAnswers(name)
            let loss = golden.scorer.loss(AnswerBatch(golden.examples))
            #expect(try abs(loss.item / golden.tensor("loss").item - 1) < 1e-5)
            loss.backward()
            for entry in golden.parameters.entries {
                let gradient = FlatParameters.view(golden.parameters.gradients, entry)
                let expected = try golden.tensor("grad." + entry.name)
                #expect(gradient.relativeDifference(to: expected) < 1e-4, "\(name) \(entry.name)")
            }
        }
    }

    @Test("What questions and answers begin with alike is packed once")
    func packing() throws {
        let golden = try GoldenAnswers("llama2")
        let packed = AnswerBatch(golden.examples).packed
        // The state's 19 tokens and the 4 that both questions begin with; 1 and 2 of their own;
        // before last tokens [5 9] [5 9 4 11] [5] [] [31 5], [7 7] [7] []; then the third example.
        #expect(packed.lengths == [19 + 1 + 1 + 2 + 6 + 2, 3 + 5])
        #expect(packed.outputs == [11, 6])
        let order = golden.examples.map { example in
            var other = example
            other.answers.reverse()
            return other
        }
        #expect(AnswerBatch(order).packed == packed)
        let apart = AnswerBatch(golden.examples, sharesPrefix: false).packed
        #expect(apart.lengths == [27, 24, 8] && apart.prefixLength == 0)
        #expect(golden.examples.map(\.length) == apart.lengths)
    }

    @Test("Batches, the order of the answers and other questions about a state change nothing")
    func alone() throws {
        let golden = try GoldenAnswers("gemma2")
        let expected = golden.examples.map { golden.answers([$0])[0] }
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0, 0]] {
            let found = golden.answers(order.map { golden.examples[$0] })
            #expect(largestDifference(found, order.map { expected[$0] }) < 1e-5)
        }
        let reversed = golden.examples.map { example in
            var other = example
            other.answers.reverse()
            return other
        }
        let found = golden.answers(reversed).map { Array($0.reversed()) }
        #expect(largestDifference(found, expected) < 1e-5)
    }

    @Test("Answers of one token are told by their own logits alone, the others by all of them")
    func logits() throws {
        let golden = try GoldenAnswers("llama2")
        let vocabulary = 100
        let trees = AnswerBatch(golden.examples)
        #expect(trees.logitCount(vocabularySize: vocabulary) == (7 + 3 + 6) * vocabulary)
        var one = golden.examples[2]
        one.answers = [[5], [9]]
        #expect(AnswerBatch([one, one]).logitCount(vocabularySize: vocabulary) == 4)
        // A second answer of two tokens makes both sums over the vocabulary: the same ratio.
        var two = one
        two.answers.append([7, 7])
        let (short, long) = (golden.answers([one])[0], golden.answers([two])[0])
        #expect(abs((short[0] - short[1]) - (long[0] - long[1])) < 1e-4)
    }
}

@Suite("Answers averaged over the orders of options")
struct OrderTests {
    /// Two examples whose wordings are other prompts; the second has one order.
    private func examples(_ golden: GoldenAnswers) -> [EncodedExample] {
        var first = golden.examples[2]
        first.otherOrders = [
            .init(tokens: [9, 40, 3], answers: first.answers),
            .init(tokens: [7, 3], answers: [[7], [8, 8], [9]]),
        ]
        return [first, golden.examples[0]]
    }

    @Test("An answer is the mean over its orders, in the model's own order of answers")
    func average() throws {
        let golden = try GoldenAnswers("llama2")
        let examples = examples(golden)
        let orders = examples[0].inAllOrders
        #expect(orders.map(\.tokens) == [[9, 3, 40], [9, 40, 3], [7, 3]])
        #expect(orders.allSatisfy { $0.otherOrders.isEmpty && $0.label == 2 })
        let alone = golden.answers(orders).map { $0.map(exp) }
        let expected = (0..<3).map { answer in alone.reduce(0) { $0 + $1[answer] / 3 } }
        let found = try DrawnAnswers(golden.scorer).predictions(examples)
        #expect(largestDifference([found[0].prediction.probabilities], [expected]) < 1e-5)
        #expect(found[0].answersByOrder == alone.map { $0.firstIndex(of: $0.max() ?? 0) })
        #expect(found[1].answersByOrder.isEmpty)
        let single = try DrawnAnswers(golden.scorer).predictions([examples[1]])
        #expect(found[1].prediction == single[0].prediction)
    }

    @Test("Each draw is averaged over the orders before the draws are")
    func draws() throws {
        let golden = try GoldenAnswers("llama2")
        let posterior = IVONPosterior(
            hessian: Tensor.full([golden.parameters.count], 400),
            effectiveSampleSize: 1,
            weightDecay: 0,
            hessianInitialization: 1
        )
        let draws = DrawnParameters(posterior, around: golden.parameters, count: 3, seed: 9)
        let answers = DrawnAnswers(golden.scorer, draws: draws)
        let examples = examples(golden)
        let found = try answers.predictions(examples)[0]
        let alone = try answers.predictions(examples[0].inAllOrders)
        for draw in 0..<3 {
            let expected = (0..<3).map { answer in
                alone.reduce(0) { $0 + exp($1.draws[draw][answer]) / 3 }
            }
            #expect(largestDifference([found.draws[draw].map(exp)], [expected]) < 1e-12)
        }
        let information = try PredictiveUncertainty.mutualInformation(
            of: found.draws.map { $0.map(exp) }
        )
        #expect(found.prediction.mutualInformation == information)
        #expect(found.prediction.meanProbabilities != nil)
    }
}
