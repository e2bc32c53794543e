import Optimizers
import Posteriors

/// How adapters are trained: a row of the table of methods, which are each a file below `Methods/`.
public struct TrainingMethod: Sendable {
    /// What a method starts from.
    struct Start {
        /// The resolved recipe.
        let recipe: Recipe
        /// The parameters, with their first values.
        let parameters: FlatParameters
        /// Whether it is one of several ranks.
        let parallel: DataParallel
        /// Makes what tells how far changes of the parameters move the answers; nil where nothing
        /// is trained, to time a step.
        let probe: (() throws -> AnswerProbe)?
    }

    /// An optimizer at work, with what its method makes of it.
    struct Learner {
        /// What takes the steps.
        let optimizer: any Optimizer
        /// The posterior that it has reached; nil for a point estimate.
        var posterior: () -> (any Posterior)? = { nil }
        /// What the history says of that posterior, given the means of the optimizer's measures
        /// since the last line.
        var health: (_ measures: [String: Double]) -> PosteriorHealth? = { _ in nil }
        /// What the results say of it, with the health of each matrix.
        var finalHealth: () -> PosteriorHealth? = { nil }
        /// Seconds in which it found its settings; nil where it had them.
        var searchSeconds: Double?
    }

    /// The name in recipes, flags and files.
    public let rawValue: String
    /// The default of the learning rate (α).
    public let learningRate: Double
    /// The default of the decay of the second moment (β₂); nil for a method that has none.
    public let beta2: Double?
    /// The default share of the steps in which the learning rate rises from 0.
    var warmUp = 0.0
    /// About how many answers to training examples it asks for before the first step, to find its
    /// settings.
    public var searchAnswers = 0
    /// The keys of a recipe that are other methods', and have no effect here.
    let unread: [String]
    /// Vectors of the parameters' size that the optimizer holds at the peak of a step.
    let vectors: Int
    /// Whether runs end with a posterior, and so with answers averaged over draws.
    let hasPosterior: Bool
    /// Starts it on parameters, as one of the ranks or alone.
    let start: @Sendable (Start) throws -> Learner
}

extension TrainingMethod: RawRepresentable, CaseIterable, Equatable, CustomStringConvertible {
    /// Every method.
    public static let allCases: [TrainingMethod] = [.ivon, .automaticIVON, .adamw, .sgd]

    /// The method of that name; nil where there is none.
    public init?(rawValue: String) {
        guard let row = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = row
    }

    /// Whether two methods are the same row.
    public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

    /// The name.
    public var description: String { rawValue }
}
