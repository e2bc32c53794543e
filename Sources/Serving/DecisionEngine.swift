import TextTasks

/// What is served under a name.
public struct ServedModel: Equatable, Sendable {
    /// The name that requests ask by.
    public let name: String
    /// What it is, in a sentence.
    public let description: String
    /// The day that its files are from, as `2026-11-28`.
    public let releaseDate: String

    /// A served model from its parts.
    public init(name: String, description: String, releaseDate: String) {
        self.name = name
        self.description = description
        self.releaseDate = releaseDate
    }
}

/// What answers questions, one request or many at a time.
protocol DecisionEngine: Sendable {
    /// What is served, at least one, by names that differ.
    var models: [ServedModel] { get }
    /// Whether the models are loaded.
    var isReady: Bool { get }
    /// Requests that wait for the engine.
    var waitingCount: Int { get }

    /// Answers questions by the model at an index; a cancelled task gives up its place.
    ///
    /// - Throws: ``ServiceError``, or `CancellationError`.
    func decide(_ asked: StatedQuestions, by model: Int) async throws -> Decision
}
