import Foundation
import JSON
import Metrics
import Testing
import Training

@testable import Comparison

@Suite("Results of a comparison")
struct ResultTests {
    private static let names = Method.all.map(\.name)
    private static let points = [
        "base", "map", "swa", "early-stopping", "temperature", "ivon-mean", "ivon-auto-mean",
    ]
    private static let linearised = names.filter { $0.hasPrefix("laplace") }
    private static let drawn = names.filter { !(points + linearised).contains($0) }

    @Test("A row each task, method and seed, in the order of the table")
    func rows() throws {
        let whole = try WholeComparison.get()
        #expect(Self.names.count == 20)
        #expect(whole.results.map(\.method) == Self.names.flatMap { [$0, $0] })
        #expect(whole.results.map(\.seed) == Self.names.flatMap { _ in [3, 5] })
        #expect(Set(whole.results.map(\.task)) == ["task"])
        #expect(Set(whole.results.map(\.split)) == ["test"])
        #expect(Set(whole.results.map(\.examples)) == [6])
    }

    @Test("results.json holds the rows")
    func file() throws {
        let whole = try WholeComparison.get()
        let file = whole.tiny.place("whole").appendingPathComponent(ComparisonRow.file)
        let read = try JSONDecoder().decode([ComparisonRow].self, from: Data(contentsOf: file))
        #expect(read == whole.results)
        let first = try #require(try JSONNode(contentsOf: file).elements().first)
        for key in [
            "task", "method", "seed", "split", "examples", "metrics", "cost", "predictions",
            "draws", "variance_scale", "shift",
        ] {
            #expect(try first.member(key) != nil, "\(key)")
        }
        #expect(try first.required("metrics").required("accuracy_at_80").number() >= 0)
        let shift = try #require(try first.required("shift").elements().first)
        #expect(try shift.required("ood").required("entropy").required("fpr95").number() >= 0)
    }

    @Test("Every number is that of the predictions file named beside it", arguments: names)
    func metrics(_ method: String) throws {
        let whole = try WholeComparison.get()
        for seed in [3, 5] {
            let result = try #require(whole.result(method, seed: seed))
            func answers(_ path: String) throws -> [Prediction] {
                try [Prediction](
                    contentsOf: whole.tiny.place("whole").appendingPathComponent(path)
                )
            }
            let test = try answers(result.predictions)
            #expect(result.predictions == "task/seed-\(seed)/\(method)/predictions/test.jsonl")
            #expect(result.metrics == (try MetricValues(test)))
            #expect(result.shift.map(\.task) == ["shifted", "other"])
            #expect(result.shift.map(\.examples) == [5, 5])
            for shift in result.shift {
                let shifted = try answers(shift.predictions)
                #expect(shifted.map(\.id) == (0..<5).map { "\(shift.task)-\($0)" })
                #expect(
                    shift.detection
                        == (try OutOfDistribution(inTask: test, outOfTask: shifted))
                )
                #expect(
                    (shift.detection.mutualInformation != nil) == !Self.points.contains(method)
                )
                // Labels of other answers mean nothing here.
                let sharesAnswers = shift.task == "shifted"
                #expect(shift.metrics == (sharesAnswers ? try MetricValues(shifted) : nil))
                #expect(shifted.allSatisfy { ($0.label != nil) == sharesAnswers })
            }
        }
    }

    @Test("Draws, passes and variance scales say how a row answers", arguments: names)
    func draws(_ method: String) throws {
        let whole = try WholeComparison.get()
        let result = try #require(whole.result(method))
        let draws =
            method == "ensemble"
            ? TinyComparison.members : Self.drawn.contains(method) ? TinyComparison.draws : 1
        #expect(result.draws == draws)
        let isMean = result.varianceScale == 0
        #expect(result.cost.forwardPasses == (isMean ? 1 : draws))
        let isLinearised = Self.linearised.contains(method) && !isMean
        #expect(result.cost.backwardPasses == (isLinearised ? 1 : 0))
        if Self.points.contains(method) {
            #expect(isMean)
        } else if !method.hasSuffix("-tuned") {
            #expect(result.varianceScale == 1)
        }
        let hasCurve = Self.drawn.contains(method) && !method.hasSuffix("-tuned")
        if hasCurve {
            let curve = try #require(result.drawCurve)
            #expect(curve.map(\.draws) == Array(1...draws))
            // The same draws, averaged one after another there and together here.
            #expect(abs(try #require(curve.last).nll - result.metrics.nll) < 1e-12)
        } else if !Self.drawn.contains(method) {
            #expect(result.drawCurve == nil)
        }
    }

    @Test("A Laplace row that answers by one draw needs no backward pass")
    func laplaceByOneDraw() throws {
        try withTinyComparison { tiny in
            let results = try #require(
                try tiny.compare {
                    ($0.methods, $0.seeds) = (["laplace-diagonal"], [3])
                    try $0.set("draws", to: "1", place: "test")
                    $0.settings.laplacePredictive = .draws
                }
            )
            #expect(results.map(\.cost.forwardPasses) == [1])
            #expect(results.map(\.cost.backwardPasses) == [0])
        }
    }

    @Test("Costs are those of the training and of what follows it")
    func costs() throws {
        let whole = try WholeComparison.get()
        for result in whole.results {
            let cost = result.cost
            #expect((cost.trainingSeconds == nil) == (result.method == "base"))
            let memory = try #require(cost.peakMemory)
            #expect(memory > 1 << 20)
            let extra = try #require(cost.extraSeconds)
            let starts = ["base", "map", "early-stopping", "ivon", "ivon-auto"]
            #expect((extra == 0) == starts.contains(result.method))
            let isPoint = starts.dropLast(2) + ["swa", "ivon-mean", "ivon-auto-mean"]
            let stores = !isPoint.contains(result.method)
            #expect((cost.extraBytes > 0) == stores, "\(result.method)")
        }
        let tuned = try #require(whole.result("swag-tuned")?.cost.extraSeconds)
        let source = try #require(whole.result("swag")?.cost.extraSeconds)
        #expect(tuned > source)
    }

    @Test("An infinite number is written, read and printed as a text")
    func infinite() throws {
        var whole = try WholeComparison.get().results
        whole[0].metrics[.nll] = .infinity
        whole[0].varianceScaleCurve = [
            try CurvePoint(
                [Prediction(id: "a", label: 0, probabilities: [0, 1])],
                draws: 1,
                varianceScale: 0
            )
        ]
        // Without a strategy for numbers that are not finite, as the tool prints.
        let data = try JSONEncoder().encode(whole)
        #expect(try JSONDecoder().decode([ComparisonRow].self, from: data) == whole)
        #expect(whole[0].varianceScaleCurve?.first?.nll == .infinity)
    }
}
