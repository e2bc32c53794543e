import Foundation
import JSON
import Metrics

/// What a run folder says about a run, as far as a report needs it.
public struct RunRecord: Sendable {
    /// `metrics.json`.
    public struct Results: Decodable, Sendable {
        /// The metrics of a part.
        public struct Part: Decodable, Sendable {
            /// At the posterior mean, or of the point estimate.
            public var mean: MetricSummary
            /// Averaged over draws; absent for a point estimate.
            public var draws: MetricSummary?
            /// Metrics over the first k draws, for k from 1 to all.
            public var drawCurve: [CurvePoint]?

            private enum CodingKeys: String, CodingKey {
                case mean, draws
                case drawCurve = "draw_curve"
            }
        }

        /// How the adapter was trained.
        public var method: String
        /// The base model.
        public var model: String
        /// The task.
        public var task: String
        /// The seed of the run.
        public var seed: Int
        /// Optimizer steps.
        public var steps: Int
        /// Draws behind the averaged predictions.
        public var draws: Int
        /// The posterior at the end, for IVON.
        public var posterior: Health?
        /// Results on the validation part.
        public var validation: Part
        /// Results on the test part, where there is one.
        public var test: Part?
    }

    /// `curves.json`.
    public struct Curves: Decodable, Sendable {
        /// The part that was answered.
        public var split: String
        /// Draws behind the points of the variance scales.
        public var draws: Int
        /// Metrics over the first k draws, for k from 1 to all.
        public var drawCurve: [CurvePoint]
        /// Metrics by variance scale (τ).
        public var varianceScaleCurve: [CurvePoint]

        private enum CodingKeys: String, CodingKey {
            case split, draws
            case drawCurve = "draw_curve"
            case varianceScaleCurve = "variance_scale_curve"
        }
    }

    /// How far the posterior has moved from its initial value.
    public struct Health: Decodable, Sendable {
        /// Share of the elements whose step the clip radius bounded.
        public var clippedShare: Double?
        /// Quantiles of h / h₀ over the parameters at 5%, 50% and 95%.
        public var hessianRatio: [Double]
        /// Mean of the posterior's standard deviation over the parameters.
        public var standardDeviation: Double
        /// The same of each adapter matrix; at the end of a run only.
        public var layers: [Layer]?

        private enum CodingKeys: String, CodingKey {
            case layers
            case clippedShare = "clipped_share"
            case hessianRatio = "hessian_ratio"
            case standardDeviation = "standard_deviation"
        }

        /// Reads the keys; throws `DecodingError` unless there are three quantiles.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            clippedShare = try container.decodeIfPresent(Double.self, forKey: .clippedShare)
            hessianRatio = try container.threeNumbers(.hessianRatio)
            standardDeviation = try container.decode(Double.self, forKey: .standardDeviation)
            layers = try container.decodeIfPresent([Layer].self, forKey: .layers)
        }
    }

    /// The posterior of one adapter matrix.
    public struct Layer: Decodable, Sendable {
        /// The number of the block; nil outside the blocks.
        public var layer: Int?
        /// The adapted projection, such as `q_proj`.
        public var projection: String
        /// `A` or `B`.
        public var matrix: String
        /// Quantiles of h / h₀ over the matrix at 5%, 50% and 95%.
        public var hessianRatio: [Double]
        /// Mean of the posterior's standard deviation over the matrix.
        public var standardDeviation: Double

        private enum CodingKeys: String, CodingKey {
            case layer, projection, matrix
            case hessianRatio = "hessian_ratio"
            case standardDeviation = "standard_deviation"
        }

        /// Reads the keys; throws `DecodingError` unless there are three quantiles.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            layer = try container.decodeIfPresent(Int.self, forKey: .layer)
            projection = try container.decode(String.self, forKey: .projection)
            matrix = try container.decode(String.self, forKey: .matrix)
            hessianRatio = try container.threeNumbers(.hessianRatio)
            standardDeviation = try container.decode(Double.self, forKey: .standardDeviation)
        }
    }

    /// A line of `history.jsonl`: an interval of training, or an evaluation.
    public struct Interval: Decodable, Sendable {
        /// Steps taken so far.
        public var step: Int
        /// Mean loss since the last line, in nats; absent from evaluations.
        public var loss: Double?
        /// The posterior, for IVON.
        public var posterior: Health?
        /// The part that was evaluated.
        public var split: String?
        /// The metrics of an evaluation.
        public var metrics: MetricSummary?
    }

    /// A line of `timings.jsonl`.
    public struct Timing: Decodable, Sendable {
        /// Steps taken so far.
        public var step: Int
        /// Seconds since the start of the process.
        public var seconds: Double
        /// Steps of this process since its last line; the following are sums over them.
        public var steps: Int?
        /// Seconds of forward passes, losses and backward passes.
        public var forwardBackward: Double?
        /// Seconds of the optimizer's draws.
        public var draw: Double?
        /// Seconds of the optimizer's updates.
        public var update: Double?
        /// Seconds of evaluations between the steps.
        public var evaluation: Double?

        private enum CodingKeys: String, CodingKey {
            case step, seconds, steps
            case forwardBackward = "forward_backward_seconds"
            case draw = "draw_seconds"
            case update = "step_seconds"
            case evaluation = "evaluation_seconds"
        }
    }

    /// The name of the run, as people know it.
    public var name: String
    /// Every setting with its value.
    public var settings: [(key: String, value: String)]
    /// The results; nil while the run is not finished.
    public var results: Results?
    /// Metrics by number of draws and by variance scale; nil where these were not measured.
    public var curves: Curves?
    /// The history, in the order of the file.
    public var history: [Interval]
    /// Times of the history's intervals.
    public var timings: [Timing]
    /// Predictions of the test part; empty where there is none.
    public var test: [Prediction]

    /// Reads the files of a run; those that are not there count as empty.
    ///
    /// - Parameters:
    ///   - folder: The run folder.
    ///   - name: The name of the run in the report.
    ///   - settings: Every setting with its value, in the order of the report.
    /// - Throws: ``ReportError`` or `JSONLinesError` when a file cannot be used.
    public init(
        folder: URL,
        name: String,
        settings: [(key: String, value: String)]
    ) throws {
        func file(_ name: String) -> URL? {
            let url = folder.appendingPathComponent(name)
            return FileManager.default.fileExists(atPath: url.path) ? url : nil
        }
        func lines<Row: Decodable>(_ name: String, _: Row.Type) throws -> [Row] {
            try file(name).map { try JSONLines.read(Row.self, from: $0).map(\.row) } ?? []
        }
        self.name = name
        self.settings = settings
        results = try file("metrics.json").map { try Self.decode(Results.self, $0) }
        curves = try file("curves.json").map { try Self.decode(Curves.self, $0) }
        history = try lines("history.jsonl", Interval.self)
        timings = try lines("timings.jsonl", Timing.self)
        test = try file("predictions/test.jsonl").map { try [Prediction](contentsOf: $0) } ?? []
    }

    private static func decode<Contents: Decodable>(
        _ type: Contents.Type,
        _ file: URL
    ) throws -> Contents {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        do {
            return try decoder.decode(type, from: Data(contentsOf: file))
        } catch let error as DecodingError {
            throw ReportError(file: file.path, error)
        } catch {
            throw ReportError(description: "\(file.path): the file cannot be read")
        }
    }
}

extension KeyedDecodingContainer {
    /// A list of three numbers; throws `DecodingError` for another length.
    fileprivate func threeNumbers(_ key: Key) throws -> [Double] {
        let numbers = try decode([Double].self, forKey: key)
        guard numbers.count == 3 else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "expected 3 numbers, found \(numbers.count)"
            )
        }
        return numbers
    }
}

/// Why a report cannot be made; `description` is one sentence.
public struct ReportError: Error, Equatable, CustomStringConvertible {
    /// The sentence: file, key, expected, found.
    public let description: String
}

extension ReportError {
    /// A file that is no valid JSON, or lacks a key, or has another kind of value there.
    init(file: String, _ error: DecodingError) {
        func key(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the top level" : path.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let name, let context):
            let whole = key(context.codingPath + [name])
            description = "\(file): \(whole): expected a value, found none"
        case .valueNotFound(let type, let context):
            description = "\(file): \(key(context.codingPath)): expected \(type), found null"
        case .typeMismatch(let type, let context):
            description =
                "\(file): \(key(context.codingPath)): expected \(type), found another kind of value"
        case .dataCorrupted(let context):
            description = "\(file): \(key(context.codingPath)): \(context.debugDescription)"
        @unknown default:
            description = "\(file): expected the results of a run, found something else"
        }
    }
}
