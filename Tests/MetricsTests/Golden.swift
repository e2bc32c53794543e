import Foundation
import Metrics
import Testing

/// Numbers of `References/make_metrics.py`.
enum Golden {
    struct Metrics: Decodable {
        var uncertainty: Uncertainty
    }

    struct Case: Decodable, CustomTestStringConvertible, Sendable {
        var name: String
        var predictions: [Prediction]
        var metrics: [String: Number]
        var selective: Selective

        var testDescription: String { name }
    }

    struct Selective: Decodable, Sendable {
        var risks: [Double]
        var aurc: Double
        /// By the percentage of examples that are answered.
        var accuracy: [String: Double]
        /// The coverage at 5% risk.
        var coverage: Double

        private enum CodingKeys: String, CodingKey {
            case risks, aurc, accuracy
            case coverage = "coverage_at_5"
        }
    }

    struct Bootstrap: Decodable {
        var `case`: String
        var resamples: Int
        var seed: UInt64
        var intervals: [String: [Double]]
    }

    struct Uncertainty: Decodable {
        var draws: [[Double]]
        var entropyOfMean: Double
        var mutualInformation: Double
    }

    /// A number, where the string "inf" stands for infinity.
    struct Number: Decodable, Sendable {
        var value: Double

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let isText = (try? container.decode(String.self)) == "inf"
            value = isText ? .infinity : try container.decode(Double.self)
        }
    }

    struct Randomness: Decodable {
        struct Stream: Decodable {
            var name: String
            var seed: String
            var indices: [Int]
            var derived: String
        }

        struct Draws: Decodable {
            var bound: Int
            var values: [Int]

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                bound = try container.decode(Int.self)
                values = try container.decode([Int].self)
            }
        }

        var words: [String]
        var below: [Draws]
        var permutation: [Int]
        var streams: [Stream]
    }

    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("References/Golden/Metrics")

    static func load<Value: Decodable>(_: Value.Type, _ name: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Value.self,
            from: Data(contentsOf: folder.appendingPathComponent(name))
        )
    }

    static func cases() throws -> [Case] {
        // Dictionary keys are file keys, which the snake case conversion would rename.
        let data = try Data(contentsOf: folder.appendingPathComponent("metrics.json"))
        struct Cases: Decodable { var cases: [Case] }
        return try JSONDecoder().decode(Cases.self, from: data).cases
    }
}
