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
    let scorer: AnswerScorer
    let parameters: FlatParameters
    let model: any CausalLanguageModel

    init(_ folder: URL) throws {
        Engine.threads = 1
        let loaded = try LoadedModel(.folder(try TinyTask(in: folder).model))
        var settings = LoRASettings()
        settings.rank = 4
        let layout = try LoRALayout(settings, for: loaded.model)
        parameters = FlatParameters(layout.parameters)
        parameters.values.copyInPlace(Generator(seed: 5).normal([parameters.count]) * 0.2)
        _ = LoRAAdapters(layout, on: loaded.model, parameters: parameters.tensors)
        model = loaded.model
        scorer = AnswerScorer(model, device: .cpu)
    }

    /// Examples of 1 to 14 tokens with 2 to 5 answers; some share a prefix, some share no answers.
    static let examples: [EncodedExample] = (0..<11).map { index in
        let start = index.isMultiple(of: 3) ? [7, 9, 11] : [20 + index]
        let rest = (0..<(index * 5) % 12).map { 30 + ($0 * 37 + index * 11) % 500 }
        let answers = (0..<2 + index % 4).map { 100 + 7 * ($0 + (index.isMultiple(of: 2) ? 0 : 9)) }
        return EncodedExample(
            id: "\(index)",
            tokens: start + rest,
            answerTokens: answers,
            label: index % answers.count
        )
    }

    func posterior(scale: Double = 1, deviation: Double = 0.2, draws: Int = 3) -> ParameterPosterior
    {
        ParameterPosterior(
            IVONPosterior(
                hessian: Tensor.full([parameters.count], 1 / (deviation * deviation)),
                effectiveSampleSize: 1,
                weightDecay: 0,
                hessianInitialization: 1
            ),
            around: parameters,
            varianceScale: scale,
            drawCount: draws,
            seed: 9
        )
    }

    func predictor(_ maximumTokens: Int) -> Predictor {
        Predictor(scorer, examples: Self.examples, maximumTokens: maximumTokens)
    }

    /// Log probabilities of one example from all logits of its last position.
    func direct(_ example: EncodedExample) -> [Double] {
        let packed = PackedTokens(
            tokens: example.tokens,
            prefixLength: 0,
            lengths: [example.tokens.count]
        )
        let all = withoutGradients {
            model.logits(model.hiddenStates(packed, at: .all), of: nil)
        }
        let width = all.shape[1]
        let last = all.doubles.suffix(width)
        let logits = example.answerTokens.map { last[last.startIndex + $0] }
        let largest = logits.max() ?? 0
        let total = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
        return logits.map { $0 - total }
    }
}

private func withSubject(_ body: (Subject) throws -> Void) throws {
    try withTemporaryFolder { try body(try Subject($0)) }
}

private func largestDifference(_ a: [[Double]], _ b: [[Double]]) -> Double {
    #expect(a.map(\.count) == b.map(\.count))
    return zip(a.joined(), b.joined()).map { abs($0 - $1) }.max() ?? .infinity
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
            let predictor = subject.predictor(maximumTokens)
            #expect([1: 11, 20: 5, 9999: 1][maximumTokens] == predictor.batchCount)
            #expect(largestDifference(predictor.logProbabilities(), expected) < 1e-5)
        }
    }

    @Test("The loss of a batch is the sum of its examples' cross-entropies")
    func loss() throws {
        try withSubject { subject in
            let expected = Subject.examples.reduce(0.0) { sum, example in
                sum - subject.direct(example)[example.label ?? 0]
            }
            let batch = PackedBatch(Subject.examples)
            #expect(abs(subject.scorer.loss(batch).item - expected) < 1e-4)
            let one = PackedBatch([Subject.examples[4]])
            let alone = -subject.direct(Subject.examples[4])[Subject.examples[4].label ?? 0]
            #expect(abs(subject.scorer.loss(one).item - alone) < 1e-5)
        }
    }

    @Test("A draw is one model for all examples and all batch sizes")
    func drawsAndBatches() throws {
        try withSubject { subject in
            let small = subject.predictor(1).predictions(subject.posterior())
            let large = subject.predictor(9999).predictions(subject.posterior())
            for (a, b) in zip(small, large) {
                #expect(largestDifference(a.draws, b.draws) < 1e-5)
                #expect(a.draws.count == 3 && a.draws[0] != a.draws[1])
            }
            let direct = subject.posterior().withDraw(1) { Subject.examples.map(subject.direct) }
            let found = large.map { $0.draws[1] }
            #expect(largestDifference(found, direct.map { $0.map(exp) }) < 1e-5)
        }
    }

    @Test("Fewer draws are the first of more")
    func fewerDraws() throws {
        try withSubject { subject in
            let two = subject.predictor(9999).predictions(subject.posterior(draws: 2))
            let three = subject.predictor(9999).predictions(subject.posterior(draws: 3))
            for (a, b) in zip(two, three) { #expect(a.draws == Array(b.draws.prefix(2))) }
        }
    }

    @Test("Probabilities are averaged, not logits, and sum to 1")
    func averages() throws {
        try withSubject { subject in
            let predictor = subject.predictor(9999)
            let mean = predictor.logProbabilities()
            let predictions = predictor.predictions(subject.posterior(), mean: mean)
            for (index, averaged) in predictions.enumerated() {
                let prediction = averaged.prediction
                let average = prediction.probabilities.indices.map { answer in
                    averaged.draws.reduce(0) { $0 + $1[answer] } / 3
                }
                #expect(largestDifference([prediction.probabilities], [average]) < 1e-12)
                #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-6)
                #expect(prediction.meanProbabilities == mean[index].map(exp))
                #expect(prediction.id == "\(index)" && prediction.fault == nil)
            }
        }
    }

    @Test("At variance scale 0 the average is the mean")
    func zeroScale() throws {
        try withSubject { subject in
            let predictor = subject.predictor(9999)
            let mean = predictor.logProbabilities()
            let one = predictor.predictions(subject.posterior(scale: 0, draws: 1), mean: mean)
            for averaged in one {
                #expect(averaged.prediction.probabilities == averaged.prediction.meanProbabilities)
            }
            let three = predictor.predictions(subject.posterior(scale: 0), mean: mean)
            for averaged in three {
                let expected = try #require(averaged.prediction.meanProbabilities)
                #expect(averaged.draws == [expected, expected, expected])
                #expect(
                    largestDifference([averaged.prediction.probabilities], [expected]) < 1e-15
                )
            }
        }
    }

    @Test("Progress is told once a batch and draw")
    func progress() throws {
        try withSubject { subject in
            var calls = 0
            let predictor = subject.predictor(20)
            _ = predictor.predictions(subject.posterior()) { calls += 1 }
            #expect(calls == 3 * predictor.batchCount)
        }
    }

    @Test("No tensor is left after a prediction")
    func noTensorsLeft() throws {
        try withSubject { subject in
            let before = Tensor.liveCount
            _ = subject.predictor(20).predictions(subject.posterior())
            #expect(Tensor.liveCount == before)
        }
    }
}

@Suite("The average of distributions")
struct AverageTests {
    @Test("Closed form")
    func closedForm() {
        let average = averagedProbabilities([[log(0.9), log(0.1)], [log(0.3), log(0.7)]])
        #expect(abs(average[0] - 0.6) < 1e-15 && abs(average[1] - 0.4) < 1e-15)
    }

    @Test("Tiny probabilities stay right, and impossible ones stay 0")
    func tiny() {
        let average = averagedProbabilities([[0, -700, -.infinity], [0, -702, -.infinity]])
        // log((e^-700 + e^-702) / 2) = -700 + log((1 + e^-2) / 2)
        let expected = -700 + log((1 + exp(-2.0)) / 2)
        #expect(average[0] == 1 && average[2] == 0)
        #expect(abs(log(average[1]) - expected) < 1e-9)
    }

    @Test("The average of one draw is that draw")
    func single() {
        #expect(
            averagedProbabilities([[log(0.25), log(0.75)]]) == [exp(log(0.25)), exp(log(0.75))]
        )
    }
}
