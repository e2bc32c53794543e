import JSON
import Metrics
import RunFiles

/// One element of `results.json`: what a method reached on a task with a seed.
public struct MethodResult: Equatable, Sendable {
    /// A point of a curve over draws or variance scales.
    public struct CurvePoint: Equatable, Sendable {
        /// Number of draws, or the variance scale.
        public var x: Double
        /// Share of right answers.
        public var accuracy: Double
        /// Calibration error over 10 bins.
        public var ece: Double
        /// Negative log-likelihood in nats, which may be infinite.
        public var nll: Double
    }

    /// The method on a task that it was not trained for.
    public struct Shift: Equatable, Sendable {
        /// The other task.
        public var task: String
        /// Number of its examples.
        public var examples: Int
        /// How good the answers are; nil where the tasks do not share their labels.
        public var metrics: [Metric: Double]?
        /// How well uncertainty finds the examples of the other task among those of the test part.
        public var separation: [UncertaintyScore: [SeparationMetric: Double]]
        /// The predictions file, relative to the comparison's folder; nil in old files.
        public var predictions: String?
    }

    /// The task.
    public var task: String
    /// The task's place in a sweep; nil where nothing is swept.
    public var sweep: SweepPlace?
    /// The method's key.
    public var method: String
    /// The seed.
    public var seed: Int
    /// The part that was answered.
    public var split: String
    /// Number of its examples.
    public var examples: Int
    /// How good the answers are.
    public var metrics: [Metric: Double]
    /// What they cost, as far as it was measured.
    public var cost: [CostMetric: Double]
    /// The predictions file, relative to the comparison's folder.
    public var predictions: String
    /// Draws that were averaged; 1 for a point estimate.
    public var draws: Int
    /// Factor of the posterior's variance (τ).
    public var varianceScale: Double
    /// Test metrics over the first draws; empty where there is no such curve.
    public var drawCurve: [CurvePoint]
    /// Validation metrics over variance scales, rising; empty where there is no such curve.
    public var varianceScaleCurve: [CurvePoint]
    /// Other tasks.
    public var shifts: [Shift]
}

extension MethodResult {
    /// Reads an element of `results.json`; throws `JSONError` where it is broken.
    init(_ node: JSONNode) throws {
        task = try node.required("task").name()
        sweep = try node.member("sweep")?.decode(SweepPlace.self)
        method = try node.required("method").name()
        seed = try node.required("seed").count()
        split = try node.required("split").name()
        examples = try node.required("examples").count(from: 1)
        metrics = try Self.metrics(node.required("metrics"))
        let cost = try node.required("cost")
        self.cost = try Dictionary(
            uniqueKeysWithValues: CostMetric.allCases.compactMap { metric in
                try cost.member(metric.rawValue).map {
                    (metric, try $0.number(in: 0...(.infinity)))
                }
            }
        )
        predictions = try node.required("predictions").name()
        draws = try node.member("draws")?.count() ?? 1
        varianceScale = try node.member("variance_scale")?.number(in: 0...(.infinity)) ?? 1
        drawCurve = try Self.curve(node.member("draw_curve"), over: "draws")
        varianceScaleCurve = try Self.curve(
            node.member("variance_scale_curve"),
            over: "variance_scale"
        )
        shifts = try node.member("shift")?.elements().map(Shift.init) ?? []
    }

    fileprivate static func metrics(_ node: JSONNode) throws -> [Metric: Double] {
        var metrics: [Metric: Double] = [:]
        // Files from before a metric was there do without it.
        let optional = [.coverageAt5] + Metric.ofSomeExamples
        for metric in Metric.allCases {
            let found =
                try optional.contains(metric)
                ? node.member(metric.rawValue) : node.required(metric.rawValue)
            metrics[metric] = try found?.number(in: metric.range)
        }
        return metrics
    }

    private static func curve(_ node: JSONNode?, over key: String) throws -> [CurvePoint] {
        let points = try node?.elements().map { point in
            func metric(_ metric: Metric) throws -> Double {
                try point.required(metric.rawValue).number(in: metric.range)
            }
            return CurvePoint(
                x: try point.required(key).number(in: 0...Double(Int32.max)),
                accuracy: try metric(.accuracy),
                ece: try metric(.ece),
                nll: try metric(.nll)
            )
        }
        return (points ?? []).sorted { $0.x < $1.x }
    }
}

extension MethodResult.Shift {
    fileprivate init(_ node: JSONNode) throws {
        task = try node.required("task").name()
        examples = try node.required("examples").count(from: 1)
        metrics = try node.member("metrics").map(MethodResult.metrics)
        predictions = try node.member("predictions")?.name()
        separation = [:]
        guard let scores = try node.member("ood") else { return }
        for score in UncertaintyScore.allCases {
            guard let found = try scores.member(score.rawValue) else { continue }
            separation[score] = try Dictionary(
                uniqueKeysWithValues: SeparationMetric.allCases.map { metric in
                    (metric, try found.required(metric.rawValue).number(in: 0...1))
                }
            )
        }
    }
}

extension JSONNode {
    /// A text that is not empty.
    fileprivate func name() throws -> String {
        let text = try string()
        guard !text.isEmpty else { throw invalid(expected: "a string that is not empty") }
        return text
    }

    /// A whole number of at least `least`; seeds may exceed 32 bits.
    fileprivate func count(from least: Int = 0) throws -> Int {
        guard case .integer(let count) = value, count >= least else {
            throw invalid(expected: "a whole number from \(least) up")
        }
        return count
    }

    /// A number within `range`, give or take what rounding adds; the text "inf" is infinity.
    fileprivate func number(in range: ClosedRange<Double>) throws -> Double {
        let isInfinite = value == .string("inf")
        let slack = 1e-6
        guard let number = isInfinite ? .infinity : try? number(),
            number >= range.lowerBound - slack, number <= range.upperBound + slack
        else {
            let end = range.upperBound
            let expected =
                end < 10
                ? "a number from 0 to \(Int(end))"
                : "a number from 0 up" + (end == .infinity ? " or \"inf\"" : "")
            throw invalid(expected: expected)
        }
        return number
    }
}
