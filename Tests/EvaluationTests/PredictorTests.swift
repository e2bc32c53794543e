import Foundation
import LanguageModels
import Metrics
import Optimizers
import Posteriors
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Evaluation
@testable import LoRA

/// A tiny model with random adapters and examples of many lengths and numbers of choices.
private struct Subject {
    let adapted: AdaptedModel
    var scorer: AnswerScorer { adapted.scorer }
    var parameters: FlatParameters { adapted.parameters }
    var model: any CausalLanguageModel { adapted.base.model }

    init(_ folder: URL) throws {
        Engine.threads = 1
        let loaded = try LoadedModel(.folder(try TinyTask(in: folder).model))
        var settings = LoRASettings()
        settings.rank = 4
        adapted = try AdaptedModel(loaded, lora: settings)
        parameters.values.copyInPlace(Generator(seed: 5).normal([parameters.count]) * 0.2)
    }

    /// Examples of 1 to 14 tokens with 2 to 5 answers; some share a prefix, some share no answers.
    static let examples: [EncodedExample] = (0..<11).map { index in
        let start = index.isMultiple(of: 3) ? [7, 9, 11] : [20 + index]
        let rest = (0..<(index * 5) % 12).map { 30 + ($0 * 37 + index * 11) % 500 }
        let answers = (0..<2 + index % 4).map { 100 + 7 * ($0 + (index.isMultiple(of: 2) ? 0 : 9)) }
        return EncodedExample(
            id: "\(index)",
            tokens: start + rest,
            answers: answers.map { [$0] },
            label: index % answers.count
        )
    }

    func draws(deviation: Double = 0.2, count: Int = 3) -> DrawnParameters {
        DrawnParameters(
            IVONPosterior(
                hessian: Tensor.full([parameters.count], 1 / (deviation * deviation)),
                effectiveSampleSize: 1,
                weightDecay: 0,
                hessianInitialization: 1
            ),
            around: parameters,
            count: count,
            seed: 9
        )
    }

    /// Answers to all examples, averaged over draws, or of the parameters as they are.
    func answers(
        _ draws: DrawnParameters?,
        scale: Double = 1,
        temperature: Double = 1,
        maximumTokens: Int = 9999
    ) throws -> [AveragedPrediction] {
        try DrawnAnswers(scorer, draws: draws, varianceScale: scale, temperature: temperature)
            .predictions(Self.examples, maximumTokens: maximumTokens)
    }

    /// Log probabilities of one example from all logits of its last position.
    func direct(_ example: EncodedExample) -> [Double] {
        let packed = PackedTokens([example.tokens], sharesPrefix: false)
        let all = withoutGradients {
            model.logits(model.hiddenStates(packed, at: .all), of: nil)
        }
        let width = all.shape[1]
        let last = all.doubles.suffix(width)
        let logits = example.answers.map { last[last.startIndex + $0[0]] }
        let largest = logits.max() ?? 0
        let total = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
        return logits.map { $0 - total }
    }
}

private func withSubject(_ body: (Subject) throws -> Void) throws {
    try withTemporaryFolder { try body(try Subject($0)) }
}

@Suite("Predictions")
struct PredictorTests {
    @Test(
        "Probabilities are those of each example alone, whatever the batch",
        arguments: [1, 20, 9999]
    )
    func batches(_ maximumTokens: Int) throws {
        try withSubject { subject in
            let expected = Subject.examples.map(subject.direct)
            var totals: Set<Int> = []
            let answers = try DrawnAnswers(subject.scorer).predictions(
                Subject.examples,
                maximumTokens: maximumTokens
            ) {
                totals.insert($1)
            }
            #expect(totals == [[1: 11, 20: 5, 9999: 1][maximumTokens]])
            #expect(largestDifference(answers.map { $0.draws[0] }, expected) < 1e-5)
            let probabilities = answers.map(\.prediction.probabilities)
            #expect(largestDifference(probabilities, expected.map { $0.map(exp) }) < 1e-5)
        }
    }

    @Test("The loss of a batch is the sum of its examples' cross-entropies")
    func loss() throws {
        try withSubject { subject in
            let expected = Subject.examples.reduce(0.0) { sum, example in
                sum - subject.direct(example)[example.label ?? 0]
            }
            let batch = AnswerBatch(Subject.examples)
            #expect(abs(subject.scorer.loss(batch).item - expected) < 1e-4)
            let one = AnswerBatch([Subject.examples[4]])
            let alone = -subject.direct(Subject.examples[4])[Subject.examples[4].label ?? 0]
            #expect(abs(subject.scorer.loss(one).item - alone) < 1e-5)
        }
    }

    @Test("A draw is one model for all examples and all batch sizes")
    func drawsAndBatches() throws {
        try withSubject { subject in
            let draws = subject.draws()
            let small = try subject.answers(draws, maximumTokens: 1)
            let large = try subject.answers(draws)
            for (a, b) in zip(small, large) {
                #expect(largestDifference(a.draws, b.draws) < 1e-5)
                #expect(a.draws.count == 3 && a.draws[0] != a.draws[1])
            }
            let direct = draws.withDraw(1) { Subject.examples.map(subject.direct) }
            #expect(largestDifference(large.map { $0.draws[1] }, direct) < 1e-5)
        }
    }

    @Test("Fewer draws are the first of more")
    func fewerDraws() throws {
        try withSubject { subject in
            let two = try subject.answers(subject.draws(count: 2))
            let three = try subject.answers(subject.draws(count: 3))
            for (a, b) in zip(two, three) { #expect(a.draws == Array(b.draws.prefix(2))) }
        }
    }

    @Test("Probabilities are averaged, not logits, and sum to 1")
    func averages() throws {
        try withSubject { subject in
            // Batches that leave no room for joint passes, which round otherwise.
            let mean = try subject.answers(nil, maximumTokens: 20).map(\.prediction.probabilities)
            let predictions = try subject.answers(subject.draws(), maximumTokens: 20)
            for (index, averaged) in predictions.enumerated() {
                let prediction = averaged.prediction
                let average = prediction.probabilities.indices.map { answer in
                    averaged.draws.reduce(0) { $0 + exp($1[answer]) } / 3
                }
                #expect(largestDifference(prediction.probabilities, average) < 1e-12)
                #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-6)
                #expect(prediction.meanProbabilities == mean[index])
                #expect(prediction.id == "\(index)" && prediction.fault == nil)
            }
        }
    }

    @Test("At variance scale 0 the average is the mean, exactly, and takes one pass")
    func zeroScale() throws {
        try withSubject { subject in
            let mean = try subject.answers(nil)
            for count in [1, 3] {
                let draws = subject.draws(count: count)
                var total = 0
                let answers = try DrawnAnswers(subject.scorer, draws: draws, varianceScale: 0)
                    .predictions(Subject.examples, maximumTokens: 9999) { total = $1 }
                #expect(total == 1)
                for (averaged, mean) in zip(answers, mean) {
                    let expected = mean.draws[0]
                    #expect(averaged.draws == [[Double]](repeating: expected, count: count))
                    let prediction = averaged.prediction
                    #expect(prediction.probabilities == expected.map(exp))
                    #expect(prediction.meanProbabilities == expected.map(exp))
                    #expect((prediction.mutualInformation ?? .nan) < 1e-12)
                }
            }
        }
    }

    @Test("Several variance scales at once are each as if alone")
    func scales() throws {
        try withSubject { subject in
            let scales = [0.5, 0, 4]
            let together = try DrawnAnswers(subject.scorer, draws: subject.draws()).predictions(
                Subject.examples,
                at: scales,
                maximumTokens: 20
            ) { _, _ in }
            for (scale, answers) in zip(scales, together) {
                let alone = try subject.answers(subject.draws(), scale: scale, maximumTokens: 20)
                #expect(answers.map(\.prediction) == alone.map(\.prediction), "\(scale)")
            }
        }
    }

    @Test("A temperature divides the logits of every draw")
    func temperature() throws {
        try withSubject { subject in
            func scaled(_ logs: [Double]) -> [Double] {
                let halves = logs.map { $0 / 2 }
                let total = log(halves.reduce(0) { $0 + exp($1) })
                return halves.map { $0 - total }
            }
            let plain = try subject.answers(subject.draws())
            let soft = try subject.answers(subject.draws(), temperature: 2)
            for (a, b) in zip(plain, soft) {
                #expect(largestDifference(a.draws.map(scaled), b.draws) < 1e-5)
            }
        }
    }

    @Test("A failure of the engine ends an evaluation at its batch")
    func failure() throws {
        try withSubject { subject in
            var examples = Subject.examples
            // No such token in the model's table; batches go from the longest example down.
            examples[1].tokens[0] = 1_000_000
            var calls = 0
            let error = #expect(throws: TorchError.self) {
                try DrawnAnswers(subject.scorer, draws: subject.draws(count: 50))
                    .predictions(examples, maximumTokens: 1) { _, _ in calls += 1 }
            }
            #expect(error?.message.contains("index") == true, "\(error?.message ?? "")")
            let longer = examples.count { $0.tokens.count > examples[1].tokens.count }
            #expect(calls <= longer + 1, "of \(examples.count * 51) batches")
        }
    }

    @Test("Progress is told once a batch and model")
    func progress() throws {
        try withSubject { subject in
            var calls: [Int] = []
            _ = try DrawnAnswers(subject.scorer, draws: subject.draws())
                .predictions(Subject.examples, maximumTokens: 20) { done, total in
                    calls.append(done)
                    #expect(total == 4 * 5)
                }
            #expect(calls == Array(1...20))
        }
    }

    @Test("No tensor is left after a prediction")
    func noTensorsLeft() throws {
        try withSubject { subject in
            let before = Tensor.liveCount
            _ = try subject.answers(subject.draws(), maximumTokens: 20)
            #expect(Tensor.liveCount == before)
        }
    }
}

@Suite("The average of distributions")
struct AverageTests {
    @Test("Closed form")
    func closedForm() {
        let average = averaged([[log(0.9), log(0.1)], [log(0.3), log(0.7)]]).map(exp)
        #expect(abs(average[0] - 0.6) < 1e-15 && abs(average[1] - 0.4) < 1e-15)
    }

    @Test("Tiny probabilities stay right, and impossible ones stay 0")
    func tiny() {
        let average = averaged([[0, -700, -.infinity], [0, -702, -.infinity]])
        // log((e^-700 + e^-702) / 2) = -700 + log((1 + e^-2) / 2)
        let expected = -700 + log((1 + exp(-2.0)) / 2)
        #expect(average[0] == 0 && average[2] == -.infinity)
        #expect(abs(average[1] - expected) < 1e-12)
    }

    @Test("The average of one draw is that draw")
    func single() {
        #expect(averaged([[log(0.25), log(0.75)]]) == [log(0.25), log(0.75)])
    }
}
