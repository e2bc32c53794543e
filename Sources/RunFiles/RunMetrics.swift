import Foundation
import JSON
import Metrics
import TextTasks

/// `metrics.json`: the results of a run with what is needed to read them.
public struct RunMetrics: Codable, Equatable, Sendable {
    /// The results of one part.
    public struct Part: Codable, Equatable, Sendable {
        /// At the posterior mean, or of the point estimate.
        public var mean: MetricSummary
        /// Averaged over draws; absent for a point estimate.
        public var draws: MetricSummary?
        /// Metrics over the first k draws, for k from 1 to all; absent for a point estimate.
        public var drawCurve: [CurvePoint]?
        /// Number of examples, truncated prompts, longest prompt in tokens.
        public var encoding: EncodingReport
        /// Questions left out because they have not four choices.
        public var leftOut: Int
        /// Share of the examples whose answer is not the same in every order of their options;
        /// absent where they were asked in one.
        public var orderFlips: Double?

        /// The metrics of the part's tables, which both summaries have.
        public var metrics: [Metric] {
            mean.metrics.filter { draws?.metrics.contains($0) ?? true }
        }

        /// The results of a part from their parts.
        package init(
            mean: MetricSummary,
            draws: MetricSummary?,
            drawCurve: [CurvePoint]?,
            encoding: EncodingReport,
            leftOut: Int,
            orderFlips: Double? = nil
        ) {
            self.mean = mean
            self.draws = draws
            self.drawCurve = drawCurve
            self.encoding = encoding
            self.leftOut = leftOut
            self.orderFlips = orderFlips
        }

        private enum CodingKeys: String, CodingKey {
            case mean, draws, encoding
            case drawCurve = "draw_curve"
            case leftOut = "left_out"
            case orderFlips = "order_flips"
        }
    }

    /// How the adapter was trained, or the method whose posterior this is.
    public var method: String
    /// The kind of posterior in the run's posterior file; absent for a run without one.
    public var posteriorKind: String?
    /// The base model as the recipe names it.
    public var model: String
    /// Fingerprint of the base model's weights.
    public var fingerprint: String
    /// The task as the recipe names it.
    public var task: String
    /// The seed of the run.
    public var seed: Int
    /// Optimizer steps.
    public var steps: Int
    /// Draws behind the averaged predictions.
    public var drawCount: Int
    /// Factor of the posterior's variance in the draws (τ).
    public var varianceScale: Double
    /// Trainable parameters.
    public var parameters: Int
    /// Ranks that trained together; absent for one, whose numbers differ from those of several.
    public var ranks: Int?
    /// What the posterior looks like, for IVON.
    public var posterior: PosteriorHealth?
    /// Training examples.
    public var train: EncodingReport
    /// The fingerprint of these; absent in files of earlier versions.
    public var trainingData: String?
    /// Results on the part that settings may be chosen by.
    public var validation: Part
    /// Results on the test part, where there is one.
    public var test: Part?
    /// The validation metrics that the variance scale was chosen by, where it was.
    public var varianceScaleCurve: [CurvePoint]?
    /// Signs that the training has gone astray, a sentence each; absent where there are none.
    public var warnings: [String]?

    /// The results of a run.
    package init(
        method: String,
        posteriorKind: String?,
        model: String,
        fingerprint: String,
        task: String,
        seed: Int,
        steps: Int,
        drawCount: Int,
        varianceScale: Double,
        parameters: Int,
        ranks: Int? = nil,
        posterior: PosteriorHealth? = nil,
        train: EncodingReport,
        trainingData: String?,
        validation: Part,
        test: Part?,
        varianceScaleCurve: [CurvePoint]? = nil
    ) {
        self.method = method
        self.posteriorKind = posteriorKind
        self.model = model
        self.fingerprint = fingerprint
        self.task = task
        self.seed = seed
        self.steps = steps
        self.drawCount = drawCount
        self.varianceScale = varianceScale
        self.parameters = parameters
        self.ranks = ranks
        self.posterior = posterior
        self.train = train
        self.trainingData = trainingData
        self.validation = validation
        self.test = test
        self.varianceScaleCurve = varianceScaleCurve
    }

    private enum CodingKeys: String, CodingKey {
        case method, model, task, seed, steps, parameters, ranks, posterior, train, validation, test
        case warnings
        case fingerprint = "model_fingerprint"
        case trainingData = "training_data_fingerprint"
        case posteriorKind = "posterior_kind"
        case drawCount = "draws"
        case varianceScale = "posterior_variance_scale"
        case varianceScaleCurve = "variance_scale_curve"
    }
}

extension RunMetrics {
    /// Writes the results; they are the last file of a run.
    ///
    /// - Throws: an error when the file cannot be written; an old one is then intact.
    public func write(to file: URL) throws { try JSONFile.write(self, to: file) }
}
