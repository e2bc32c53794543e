import Foundation
import Metrics
import Testing

/// Numbers of `References/make_metrics_comparison.py`.
struct ComparisonGolden: Decodable {
    struct Detection: Decodable, CustomTestStringConvertible, Sendable {
        var name: String
        var inTask: [Double]
        var outOfTask: [Double]
        var expected: OutOfDistribution.Detection

        var testDescription: String { name }

        private enum CodingKeys: String, CodingKey {
            case name
            case inTask = "in_task"
            case outOfTask = "out_of_task"
            case expected
        }
    }

    struct Tasks: Decodable {
        var inTask: [Prediction]
        var outOfTask: [Prediction]
        var expected: [String: OutOfDistribution.Detection]

        private enum CodingKeys: String, CodingKey {
            case inTask = "in_task"
            case outOfTask = "out_of_task"
            case expected
        }
    }

    struct Paired: Decodable {
        var method: [[Prediction]]
        var reference: [[Prediction]]
        var resamples: Int
        var seed: UInt64
        var expected: Intervals
        /// The same of the first seeds alone.
        var oneSeed: Intervals

        private enum CodingKeys: String, CodingKey {
            case method
            case reference
            case resamples
            case seed
            case expected
            case oneSeed = "one_seed"
        }
    }

    /// A number and both ends of its interval, by metric.
    struct Intervals: Decodable {
        var values: [String: [Double]]
        var differences: [String: [Double]]
    }

    struct Values: Decodable {
        var predictions: [Prediction]
        var expected: [String: Double]
    }

    struct Seeds: Decodable {
        var values: [Double]
        var mean: Double
        var standardError: Double

        private enum CodingKeys: String, CodingKey {
            case values
            case mean
            case standardError = "standard_error"
        }
    }

    struct Fit: Decodable, CustomTestStringConvertible, Sendable {
        var name: String
        var logits: [[Double]]
        var labels: [Int]
        var temperature: Double
        /// The first example's log probabilities at the temperature.
        var scaled: [Double]

        var testDescription: String { name }
    }

    var detection: [Detection]
    var tasks: Tasks
    var paired: Paired
    var values: [Values]
    var seeds: Seeds
    var temperature: [Fit]

    private enum CodingKeys: String, CodingKey {
        case detection
        case tasks = "out_of_distribution"
        case paired
        case values
        case seeds
        case temperature
    }

    static func load() throws -> ComparisonGolden {
        let file = Golden.folder.appendingPathComponent("comparison.json")
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }
}
