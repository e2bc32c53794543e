import Evaluation
import Foundation
import JSON
import Posteriors
import TestSupport
import Testing
import Torch

@testable import Laplace

/// Evidence and predictions of a kind, as a golden file has them.
private func check<Kind: LaplacePosterior>(
    _ fit: LaplaceFit<Kind>,
    _ model: TinyModel,
    _ golden: JSONNode,
    _ expected: JSONNode
) throws {
    let precisions = try golden.required("precisions").numbers()
    for (precision, value) in zip(precisions, try expected.required("values").numbers()) {
        #expect(
            abs(fit.evidence.logEvidence(priorPrecision: precision) - value) < 1e-4 * abs(value)
        )
    }
    let best = try expected.required("best_precision").number()
    #expect(abs(fit.posterior.priorPrecision / best - 1) < 1e-4)
    let highest = fit.evidence.logEvidence(priorPrecision: fit.posterior.priorPrecision)
    #expect(abs(highest - (try expected.required("best").number())) < 1e-3)

    var posterior = fit.posterior
    posterior.priorPrecision = try golden.required("predictive_precision").number()
    let covariances = try expected.required("covariance").elements().map {
        try $0.elements().map { try $0.numbers() }
    }
    let logits = try golden.required("logits").elements().map { try $0.numbers() }
    let found = try model.logits(under: posterior)
    #expect(found.count == covariances.count)
    for (index, distribution) in found.enumerated() {
        let size = covariances[index].joined().map(abs).max() ?? 0
        #expect(largestDifference(distribution.covariance, covariances[index]) < 1e-3 * size)
        let shift = logits[index].reduce(0, +) / Double(logits[index].count)
        #expect(largestDifference([distribution.mean], [logits[index].map { $0 - shift }]) < 5e-5)
    }
}

@Suite("Evidence and linearised predictions are those of dense matrices")
struct PredictiveTests {
    @Test("With the Fisher diagonal", arguments: GoldenLaplace.all)
    func diagonal(_ golden: GoldenLaplace) throws {
        let (model, json) = (try golden.load(), try golden.json())
        try check(try model.fitter().diagonal(), model, json, json.required("diagonal"))
    }

    @Test("With Kronecker factors", arguments: GoldenLaplace.all)
    func kronecker(_ golden: GoldenLaplace) throws {
        let (model, json) = (try golden.load(), try golden.json())
        try check(try model.fitter().kronecker(), model, json, json.required("kronecker"))
    }

    @Test("Several posteriors in one pass give what each gives alone, in any batches")
    func several() throws {
        let model = try GoldenLaplace.all[1].load()
        var posterior = try model.fitter().kronecker(rank: 4, fullBelow: 20).posterior
        let first = try model.logits(under: posterior)
        posterior.priorPrecision *= 7
        let second = try model.logits(under: posterior, maximumTokens: 1)
        var other = posterior
        other.priorPrecision /= 7
        let both = try LinearisedAnswers(posterior, model.scorer)
            .logits(of: model.examples, under: [other, posterior], 1024) { _, _ in }
        for (index, alone) in [first, second].enumerated() {
            for (one, two) in zip(both.map { $0[index] }, alone) {
                let size = two.covariance.joined().map(abs).max() ?? 0
                #expect(largestDifference(one.covariance, two.covariance) < 1e-4 * size)
                #expect(largestDifference([one.mean], [two.mean]) < 1e-5)
            }
        }
        #expect(
            zip(first, second).allSatisfy { $0.covariance[0][0] > $1.covariance[0][0] },
            "a stronger prior leaves less variance"
        )
    }

    @Test("The prior precision with the highest likelihood of the labels is taken")
    func tuning() throws {
        let model = try GoldenLaplace.all[0].load()
        let posterior = try model.fitter().diagonal().posterior
        let grid = [1e-3, 0.1, 10, 1e3]
        let losses = try grid.map { precision in
            var candidate = posterior
            candidate.priorPrecision = precision
            return try model.predictions(under: candidate)
                .reduce(0) { $0 - log($1.probabilities[$1.label ?? 0]) }
        }
        let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
        let tuned = try LinearisedAnswers(posterior, model.scorer)
            .bestPriorPrecision(of: grid, for: model.examples)
        #expect(tuned == grid[best])
        #expect(Set(losses).count == grid.count)
    }

    @Test("Predictions carry the examples' names and labels and the mean's probabilities")
    func predictions() throws {
        let model = try GoldenLaplace.all[0].load()
        let posterior = try model.fitter().diagonal().posterior
        let predictions = try model.predictions(under: posterior, varianceScale: 0)
        #expect(predictions.map(\.id) == ["0", "1", "2"])
        #expect(predictions.map(\.label) == [0, 2, 1])
        let batch = AnswerBatch(model.examples)
        let expected = model.scorer.logProbabilities(batch).exponential()
        for (index, item) in predictions.enumerated() {
            #expect(item.probabilities == item.meanProbabilities)
            let row = expected.narrowed(0, start: index, length: 1).doubles
            #expect(largestDifference([item.probabilities], [row]) < 1e-5)
            #expect(item.fault == nil)
        }
        let wide = try model.predictions(under: posterior)
        #expect(zip(wide, predictions).allSatisfy { $0 != $1 })
    }

    @Test("A temperature divides the logits, and so their covariance by its square")
    func temperature() throws {
        let model = try GoldenLaplace.all[0].load()
        let posterior = try model.fitter().diagonal().posterior
        let temperature = 2.5
        let found = try model.predictions(under: posterior, temperature: temperature)
        let expected = try model.logits(under: posterior).map { logits in
            LogitDistribution(
                mean: logits.mean.map { $0 / temperature },
                covariance: logits.covariance.map { $0.map { $0 / temperature / temperature } }
            )
        }
        .predictive(varianceScale: 1)
        #expect(
            largestDifference(found.map(\.probabilities), expected.map(\.probabilities)) < 1e-12
        )
        #expect(try found != model.predictions(under: posterior))
    }

    @Test("Linearised variance is what small draws of the parameters give")
    func draws() throws {
        let model = try GoldenLaplace.all[0].load()
        var posterior = try model.fitter().kronecker().posterior
        // So narrow that the model is linear over all draws.
        posterior.priorPrecision = 1e6
        let expected = try model.logits(under: posterior)
        let draws = DrawnParameters(posterior, around: model.parameters, count: 2000, seed: 3)
        let values = try (0..<draws.count).map { index in
            try draws.withDraw(index) {
                try RecordedPass(model.examples, model.scorer).logits
                    .map { LogitDistribution(mean: $0, covariance: []).mean }
            }
        }
        for (example, distribution) in expected.enumerated() {
            for answer in distribution.mean.indices {
                let variance =
                    values.reduce(0) {
                        $0 + pow($1[example][answer] - distribution.mean[answer], 2)
                    } / Double(values.count)
                // The relative standard error of a variance from n draws is sqrt(2 / n) = 3%.
                #expect(abs(variance / distribution.covariance[answer][answer] - 1) < 0.15)
            }
        }
    }
}

@Suite("The softmax averaged over normal logits")
struct LogitDistributionTests {
    @Test("Probabilities and mutual information are those of quadrature")
    func expectations() throws {
        let cases = try Golden.json("Laplace/softmax.json").elements()
        #expect(cases.count == 10)
        for node in cases {
            let distribution = LogitDistribution(
                mean: try node.required("mean").numbers(),
                covariance: try node.required("covariance").elements().map { try $0.numbers() }
            )
            let scale = try node.required("variance_scale").number()
            let found = try #require([distribution].predictive(varianceScale: scale).first)
            let expected = try node.required("probabilities").numbers()
            let information = try node.required("mutual_information").number()
            // The standard error of 10,000 draws of numbers within 0...1 is at most 0.005.
            let tolerance = distribution.mean.count == 2 ? 1e-6 : 0.01
            #expect(largestDifference([found.probabilities], [expected]) < tolerance)
            #expect(abs(found.mutualInformation - information) < tolerance)
            #expect(abs(found.probabilities.reduce(0, +) - 1) < 1e-12)
        }
    }

    private let distribution = LogitDistribution(
        mean: [3, -1, 0.5],
        covariance: [[4, 1, 0], [1, 2, 0.5], [0, 0.5, 1]]
    )

    @Test("At variance scale 0 the prediction is that of the mean, exactly")
    func zeroScale() {
        let average = [distribution].predictive(varianceScale: 0)
        #expect(average.map(\.probabilities) == [distribution.meanProbabilities])
        #expect(average.map(\.mutualInformation) == [0])
    }

    @Test("A shift of all logits, and of their covariance, changes nothing")
    func shift() {
        let raw = [[4.0, 1, 0], [1, 2, 0.5], [0, 0.5, 1]]
        // Logits plus one common normal number, which has covariance `with` each of them.
        let with = [0.3, -0.2, 0.9]
        let shifted = LogitDistribution(
            mean: distribution.mean.map { $0 + 5 },
            covariance: raw.indices.map { i in
                raw.indices.map { raw[i][$0] + with[i] + with[$0] + 2 }
            }
        )
        #expect(largestDifference([shifted.mean], [distribution.mean]) < 1e-12)
        #expect(largestDifference(shifted.covariance, distribution.covariance) < 1e-12)
    }

    @Test("More variance, less confidence and more disagreement")
    func monotone() {
        let averages = [0.1, 1, 10].map { [distribution].predictive(varianceScale: $0)[0] }
        let confidences = averages.map { $0.probabilities.max() ?? 0 }
        #expect(confidences[0] > confidences[1] && confidences[1] > confidences[2])
        let information = averages.map(\.mutualInformation)
        #expect(information[0] < information[1] && information[1] < information[2])
    }

    @Test("Enormous variance is averaged without trouble")
    func enormous() throws {
        let wide = LogitDistribution(mean: [1, 0], covariance: [[1e4, 0], [0, 0]])
        let average = try #require([wide].predictive(varianceScale: 1).first)
        // The probability that a normal number with mean 1 and deviation 100 is positive: a softmax
        // is a step at this scale.
        let expected = 0.5 * erfc(-0.01 / 2.0.squareRoot())
        #expect(abs(average.probabilities[0] - expected) < 1e-4)
    }

    @Test("One answer is certain")
    func oneAnswer() {
        let one = LogitDistribution(mean: [2], covariance: [[3]])
        #expect([one].predictive(varianceScale: 1).map(\.probabilities) == [[1]])
    }
}
