import Foundation
import Metrics
import RunFiles

@testable import Reporting

/// An element of `results.json` as the file format has it, written by a struct of its own.
struct WrittenResult: Encodable {
    struct CurvePoint: Encodable {
        var draws: Int?
        var varianceScale: Double?
        let accuracy: Double
        let ece: Double
        let nll: Number
    }

    struct Shift: Encodable {
        let task: String
        let examples: Int
        let metrics: MetricValues?
        let ood: OutOfDistribution
        let predictions: String
    }

    struct Cost: Encodable {
        var trainingSeconds = 20.0
        var extraSeconds = 0.5
        var forwardPasses = 1
        var extraBytes = 1_843_200
        var peakMemoryBytes = 5_900_000_000
    }

    /// A number, or the text "inf".
    struct Number: Encodable {
        let value: Double

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if value.isInfinite {
                try container.encode("inf")
            } else {
                try container.encode(value)
            }
        }
    }

    let task: String
    var sweep: SweepPlace?
    let method: String
    let seed: Int
    var split = "test"
    let examples: Int
    let metrics: MetricValues
    var cost = Cost()
    let predictions: String
    var draws = 1
    var varianceScale = 1.0
    var drawCurve: [CurvePoint]?
    var varianceScaleCurve: [CurvePoint]?
    var shift: [Shift]?
}

/// The folder of a comparison with made-up predictions, and numbers computed from them.
struct MadeComparison {
    var tasks = ["sentiment", "tweets"]
    /// Places of tasks in a sweep.
    var places: [String: SweepPlace] = [:]
    var methods = ComparisonMethod.all.map(\.key)
    var seeds = [21, 42, 87]
    var examples = 60

    /// Writes all files into the run's folder; one NLL is infinite where there are two tasks.
    func write(to run: WrittenRun) throws {
        var results: [WrittenResult] = []
        for (taskIndex, task) in tasks.enumerated() {
            for seed in seeds {
                for (index, method) in methods.enumerated() {
                    let isInfinite = taskIndex == 1 && method == "swag" && seed == seeds.last
                    let made = Predictions(
                        name: task,
                        sharpness: 0.6 + 0.15 * Double(index % 7),
                        seed: method == "base" ? 0 : seed * 31 + index,
                        isInfinite: isInfinite
                    )
                    results.append(try result(of: method, on: task, seed, made, in: run))
                }
                for (method, nll) in [("map", 0.02), ("ivon", 0.0)] where methods.contains(method) {
                    try writeHistory(run, "\(task)/seed-\(seed)/\(method)", nll)
                }
            }
        }
        try run.write(results)
    }

    private func result(
        of method: String,
        on task: String,
        _ seed: Int,
        _ made: Predictions,
        in run: WrittenRun
    ) throws -> WrittenResult {
        let path = "\(task)/seed-\(seed)/\(method)/predictions/test.jsonl"
        let test = made.list(examples)
        try run.write(path, test)
        let named = ComparisonMethod.named(method)
        let isPosterior = ["laplace-diagonal", "laplace-kfac", "swag", "tfb", "ivon"]
            .contains(named.family)
        let metrics = try MetricValues(test)
        let other = Predictions(name: "other", sharpness: 0.5, seed: made.seed).list(20)
        let otherPath = path.replacing("test", with: "other")
        try run.write(otherPath, other)
        return WrittenResult(
            task: task,
            sweep: places[task],
            method: method,
            seed: seed,
            examples: examples,
            metrics: metrics,
            predictions: path,
            draws: isPosterior ? 10 : 1,
            varianceScale: named.isTuned ? [0.25, 1][seed % 2] : 1,
            drawCurve: isPosterior || method == "mc-dropout"
                ? (1...10).map { curve(metrics, $0, 1) } : nil,
            varianceScaleCurve: isPosterior
                ? [0, 0.1, 0.25, 0.5, 1, 2, 5, 10].map { scale in curve(metrics, 10, scale) } : nil,
            shift: [
                WrittenResult.Shift(
                    task: "other",
                    examples: 20,
                    metrics: task == "sentiment" ? try MetricValues(other) : nil,
                    ood: try OutOfDistribution(inTask: test, outOfTask: other),
                    predictions: otherPath
                )
            ]
        )
    }

    /// A point that is better with draws and has its best NLL at a variance scale of 1/2.
    private func curve(
        _ metrics: MetricValues,
        _ draws: Int,
        _ scale: Double
    ) -> WrittenResult.CurvePoint {
        let loss = 0.02 * abs(scale - 0.5) + 0.05 / Double(draws)
        return WrittenResult.CurvePoint(
            draws: scale == 1 ? draws : nil,
            varianceScale: draws == 10 ? scale : nil,
            accuracy: metrics.accuracy * (1 - loss / 4),
            ece: min(1, metrics.ece + loss / 2),
            nll: .init(value: scale == 10 ? .infinity : min(metrics.nll, 1) + loss)
        )
    }

    private func writeHistory(_ run: WrittenRun, _ folder: String, _ nll: Double) throws {
        let steps = Array(stride(from: 10, through: 60, by: 10))
        let lines = steps.map { step in
            let loss = 0.35 + nll + 2 / Double(step)
            let metrics = ["accuracy", "ece", "ece15", "adaptive_ece", "nll", "brier"].map { key in
                let value = key == "accuracy" ? 1 - loss / 2 : loss
                return "\"\(key)\":{\"value\":\(value),\"lower\":0,\"upper\":1}"
            }
            return "{\"step\":\(step),\"split\":\"validation\",\"metrics\":{\"examples\":9,"
                + metrics.joined(separator: ",") + "}}\n"
        }
        try run.write("\(folder)/history.jsonl", lines.joined())
        let times = steps.map { "{\"step\":\($0),\"seconds\":\(Double($0) * (0.1 + nll))}\n" }
        try run.write("\(folder)/timings.jsonl", times.joined())
        let validation = Predictions(name: "validation", sharpness: 1, seed: 5).list(30)
        try run.write("\(folder)/predictions/validation.jsonl", validation)
    }
}

/// Made-up predictions of two answers: the same examples for a name, noise for a seed.
struct Predictions {
    let name: String
    /// Factor of the logits: above about 1 they are overconfident.
    let sharpness: Double
    let seed: Int
    var isInfinite = false

    func list(_ count: Int) -> [Prediction] {
        (0..<count).map { index in
            let logit = 5 * Self.uniform(name.count, index, 0) - 2
            let label = Self.uniform(name.count, index, 1) < 1 / (1 + exp(-logit)) ? 1 : 0
            let noise = Self.uniform(seed, index, 2) - 0.5
            var second = 1 / (1 + exp(-sharpness * (logit + noise)))
            if isInfinite && index == 0 { second = label == 0 ? 1 : 0 }
            return Prediction(
                id: "\(name)-\(index)",
                label: label,
                probabilities: [1 - second, second],
                mutualInformation: seed % 2 == 0 ? 0.01 * abs(noise) : nil
            )
        }
    }

    /// A number within 0..<1 that depends on the three (SplitMix64's mixing).
    private static func uniform(_ first: Int, _ second: Int, _ third: Int) -> Double {
        var state = UInt64(bitPattern: Int64(first &* 1_000_003 &+ second &* 101 &+ third))
        state &*= 0x9E37_79B9_7F4A_7C15
        for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)]
            as [(UInt64, UInt64)]
        {
            state = (state ^ (state >> shift)) &* factor
        }
        return Double((state ^ (state >> 31)) >> 11) / 9_007_199_254_740_992
    }
}

extension WrittenRun {
    func write(_ name: String, _ predictions: [Prediction]) throws {
        try write(name, "")
        try predictions.write(to: folder.appendingPathComponent(name))
    }

    func write(_ results: [WrittenResult]) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(results)
        try write("results.json", String(decoding: data, as: UTF8.self))
    }

    func comparison() throws -> ComparisonRecord { try ComparisonRecord(folder: folder) }

    /// The report with few resamples, which are slow without optimisation.
    func comparisonReport(name: String = "comparison") throws -> ComparisonReport {
        let record = try comparison()
        let summary = try ComparisonSummary(record, resamples: 20)
        return try ComparisonReport(record, summary, name: name)
    }
}

/// Elements of `results.json` with numbers chosen by hand, as text.
enum ResultTexts {
    static func list(_ elements: String...) -> String { "[\(elements.joined(separator: ","))]" }

    /// An element; the metrics that are not named are 0.25, and `more` ends with a comma.
    static func element(
        task: String = "films",
        method: String,
        seed: Int = 1,
        accuracy: Double = 0.8,
        ece: Double = 0.1,
        nll: String = "0.5",
        examples: Int = 4,
        more: String = ""
    ) -> String {
        """
        {"task":"\(task)","method":"\(method)","seed":\(seed),"split":"test",\
        "examples":\(examples),"metrics":\(metrics(accuracy, ece, nll)),\
        "cost":{"training_seconds":21,"extra_seconds":3.25,"forward_passes":10,\
        "extra_bytes":1843200,"peak_memory_bytes":9000000000},\(more)\
        "predictions":"\(method)-\(seed).jsonl"}
        """
    }

    static func metrics(_ accuracy: Double, _ ece: Double, _ nll: String) -> String {
        """
        {"accuracy":\(accuracy),"ece":\(ece),"ece15":0.25,"adaptive_ece":0.25,"nll":\(nll),\
        "brier":0.25,"aurc":0.25,"accuracy_at_80":0.25,"accuracy_at_90":0.25,"coverage_at_5":0.25}
        """
    }

    /// Four right answers of the same probability.
    static func predictions(_ probability: Double) -> [Prediction] {
        (0..<4).map { index in
            Prediction(
                id: "e\(index)",
                label: 1,
                probabilities: [1 - probability, probability]
            )
        }
    }
}
