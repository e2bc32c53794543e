import Foundation
import Metrics
import Posteriors
import RunFiles
import Training

/// One element of `results.json`: a method on a task with a seed.
public struct ComparisonRow: Codable, Equatable, Sendable {
    /// What the method cost.
    public struct Cost: Codable, Equatable, Sendable {
        /// Seconds of training the trajectory that the method starts from; nil for the base.
        public var trainingSeconds: Double?
        /// Seconds beyond that until the posterior was there; those of the methods in between
        /// (SWAG's for SWA, a posterior's for its tuned row) included.
        public var extraSeconds: Double?
        /// Forward passes of the model an answer.
        public var forwardPasses: Int
        /// Backward passes an answer: a linearised prediction needs the logits' gradients.
        public var backwardPasses: Int
        /// Bytes on disk beyond an adapter.
        public var extraBytes: Int
        /// Largest resident memory while the method was made, in bytes.
        public var peakMemory: Int?

        private enum CodingKeys: String, CodingKey {
            case trainingSeconds = "training_seconds"
            case extraSeconds = "extra_seconds"
            case forwardPasses = "forward_passes"
            case backwardPasses = "backward_passes"
            case extraBytes = "extra_bytes"
            case peakMemory = "peak_memory_bytes"
        }
    }

    /// Answers to a task that was not trained on.
    public struct Shifted: Codable, Equatable, Sendable {
        /// The task's name.
        public var task: String
        /// Number of examples.
        public var examples: Int
        /// The metrics, where the answers mean what they do in the trained task.
        public var metrics: MetricValues?
        /// How well uncertainty tells these examples from the test part's.
        public var detection: OutOfDistribution
        /// The predictions, relative to the comparison's folder.
        public var predictions: String

        private enum CodingKeys: String, CodingKey {
            case task, examples, metrics, predictions
            case detection = "ood"
        }
    }

    /// The task's name.
    public var task: String
    /// The task's place in a sweep.
    public var sweep: SweepPlace?
    /// The method's name.
    public var method: String
    /// The seed.
    public var seed: Int
    /// `test`, or `validation` for a task without a test part.
    public var split: String
    /// Number of examples.
    public var examples: Int
    /// The metrics of the part.
    public var metrics: MetricValues
    /// What the method cost.
    public var cost: Cost
    /// The predictions, relative to the comparison's folder.
    public var predictions: String
    /// Draws behind an answer.
    public var draws: Int
    /// Factor of the posterior's variance (τ).
    public var varianceScale: Double
    /// Metrics over the first k draws.
    public var drawCurve: [CurvePoint]?
    /// Validation metrics against the variance scale.
    public var varianceScaleCurve: [CurvePoint]?
    /// Answers to tasks that were not trained on.
    public var shift: [Shifted]

    private enum CodingKeys: String, CodingKey {
        case task, sweep, method, seed, split, examples, metrics, cost, predictions, draws, shift
        case varianceScale = "variance_scale"
        case drawCurve = "draw_curve"
        case varianceScaleCurve = "variance_scale_curve"
    }

    /// The file of a comparison's results.
    public static let file = "results.json"

    /// The results of every method of a plan, in the order of tasks, methods and seeds.
    ///
    /// - Throws: an error when a run is missing or broken.
    static func gather(_ plan: ComparisonPlan, in folder: URL) throws -> [ComparisonRow] {
        var results: [ComparisonRow] = []
        for task in plan.tasks {
            for method in plan.methods(on: task) {
                for cell in plan.cells where cell.task == task {
                    let place = cell.folder + "/" + method.name
                    let run = RunFolder(folder.appendingPathComponent(place))
                    results.append(
                        try ComparisonRow(
                            run,
                            place: place,
                            task: task,
                            method: method,
                            shifts: plan.shifts.map(ComparisonPlan.name),
                            cost: try Cost(
                                of: method,
                                in: folder.appendingPathComponent(cell.folder)
                            )
                        )
                    )
                }
            }
        }
        return results
    }

    private init(
        _ run: RunFolder,
        place: String,
        task: ComparisonPlan.Task,
        method: Method,
        shifts: [String],
        cost: Cost
    ) throws {
        guard let results = try run.readMetrics() else {
            throw TrainingError.unfinished(folder: run.url.path)
        }
        let part = results.test == nil ? "validation" : "test"
        let answers = try [Prediction](contentsOf: run.predictions(part))
        self.task = task.name
        sweep = task.place
        self.method = method.name
        seed = results.seed
        split = part
        examples = answers.count
        metrics = try MetricValues(answers)
        self.cost = cost
        predictions = "\(place)/predictions/\(part).jsonl"
        draws = results.drawCount
        varianceScale = results.varianceScale
        drawCurve = (results.test ?? results.validation).drawCurve
        varianceScaleCurve = results.varianceScaleCurve
        shift = try shifts.map { name in
            let shifted = try [Prediction](contentsOf: run.predictions(name))
            return Shifted(
                task: name,
                examples: shifted.count,
                metrics: shifted.allSatisfy { $0.label != nil } ? try MetricValues(shifted) : nil,
                detection: try OutOfDistribution(inTask: answers, outOfTask: shifted),
                predictions: "\(place)/predictions/\(name).jsonl"
            )
        }
    }
}
