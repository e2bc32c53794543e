import Evaluation
import Foundation
import JSON
import LanguageModels
import Metrics
import TestSupport
import Testing
import TextTasks
import Torch
import Training

@testable import Serving

/// Answers that depend on state and question alone, at once or after a while.
final class MadeEngine: DecisionEngine {
    let models = ["first", "second"].map {
        ServedModel(name: $0, description: "A made model.", releaseDate: "2026-11-28")
    }
    let isReady: Bool
    let waitingCount = 3
    private let delay: Duration
    /// How many were cancelled while they waited.
    let cancelled = LockedCount()
    let asked = LockedCount()

    init(isReady: Bool = true, delay: Duration = .zero) {
        self.isReady = isReady
        self.delay = delay
    }

    func decide(_ stated: StatedQuestions, by model: Int) async throws -> Decision {
        asked.add()
        do {
            try await Task.sleep(for: delay)
        } catch {
            cancelled.add()
            throw error
        }
        return Decision(
            model: models[model].name,
            answers: stated.questions.map {
                Decision.Named(id: $0.id, answer: Answer.made($0.question, [1, 2, 4]))
            },
            inputTokens: stated.state.utf8.count
        )
    }
}

extension Answer {
    /// An answer whose options are as probable as the weights say, in turn.
    static func made(_ question: Question, _ weights: [Double]) -> Answer {
        let all = question.options.indices.map { weights[$0 % weights.count] }
        let sum = all.reduce(0, +)
        let prediction = Prediction(id: "", label: nil, probabilities: all.map { $0 / sum })
        return Answer(question, AveragedPrediction(prediction), abstains: all.count > 2)
    }
}

/// A number that several threads count up.
final class LockedCount: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}

/// Two runs of a tiny model that takes long prompts, trained once a process.
enum TinyRuns {
    /// The model's folder, and those of the runs, of IVON and AdamW.
    struct Folders: Sendable {
        let model: String
        let ivon: String
        let adamw: String
    }

    static func folders() throws -> Folders { try made.get() }

    private static let made = Result {
        Engine.threads = 1
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("varlora-\(UUID().uuidString)")
        let task = try TinyTask(in: folder)
        let file = task.model.appendingPathComponent("config.json")
        let settings = try String(contentsOf: file, encoding: .utf8)
        try Data(
            settings.replacing(/"max_position_embeddings": *64/) { _ in
                "\"max_position_embeddings\":16384"
            }.utf8
        ).write(to: file)
        var recipe = Recipe()
        (recipe.model, recipe.task) = (task.model.path, task.task.path)
        (recipe.steps, recipe.saveEvery, recipe.logEvery) = (6, 6, 6)
        (recipe.rank, recipe.draws, recipe.seed, recipe.threads) = (2, 3, 3, 1)
        (recipe.ess, recipe.hessInit) = (50, 1e-2)
        for (method, rate) in [(TrainingMethod.ivon, 10.0), (.adamw, 0.01)] {
            (recipe.method, recipe.learningRate) = (method, rate)
            let model = try LoadedModel(try ModelLocation(recipe.model))
            let run = RunFolder(folder.appendingPathComponent(method.rawValue))
            _ = try Trainer(recipe.resolved(), model: model, run: run).run()
        }
        return Folders(
            model: task.model.path,
            ivon: folder.appendingPathComponent("ivon").path,
            adamw: folder.appendingPathComponent("adamw").path
        )
    }
}

/// Runs `body` with an engine over the tiny runs and their base.
func withTinyEngine(
    _ limits: ServiceLimits = ServiceLimits(),
    _ body: (RunEngine, TinyRuns.Folders) async throws -> Void
) async throws {
    let folders = try TinyRuns.folders()
    let subjects = try ServedSubjects(runs: [folders.ivon, folders.adamw], base: folders.model)
    try await withEngine(subjects, limits) { try await body($0, folders) }
}

/// Runs `body` with an engine that has loaded what is to be served.
func withEngine(
    _ subjects: ServedSubjects,
    _ limits: ServiceLimits = ServiceLimits(),
    _ body: (RunEngine) async throws -> Void
) async throws {
    let (loads, load) = AsyncStream<(any Error)?>.makeStream()
    let (ends, end) = AsyncStream<Never>.makeStream()
    let engine = RunEngine(subjects.models, limits)
    engine.start(
        load: { try subjects.load(limits) },
        onLoad: { load.yield($0) },
        onEnd: { end.finish() }
    )
    for await error in loads {
        if let error { throw error }
        break
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(engine)) } catch { result = .failure(error) }
    engine.close()
    for await _ in ends {}
    try result.get()
}

/// Runs `body` with the service on a free port.
func withServer(
    _ engine: any DecisionEngine,
    key: AccessKey? = nil,
    limits: ServiceLimits = ServiceLimits(),
    _ body: (_ port: Int) async throws -> Void
) async throws {
    let service = DecisionService(engine: engine, key: key, limits: limits)
    let server = HTTPServer(service)
    let listening = try await server.listen(host: "127.0.0.1", port: 0)
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(try #require(listening.localAddress?.port)))
    } catch {
        result = .failure(error)
    }
    try await server.drain(listening)
    try result.get()
}

/// A body that asks questions, given as JSON, about a state.
func body(
    _ questions: String,
    state: String = "The day is good",
    model: String = "jev-latest"
)
    -> [UInt8]
{
    Array(
        """
        {"model": "\(model)", "state": "\(state)", "questions": \(questions)}
        """.utf8
    )
}

/// What a body asks.
func asked(_ questions: String, state: String = "The day is good") throws -> StatedQuestions {
    try DecisionRequest(body(questions, state: state), maximumQuestions: 1000).asked
}

let mixed = """
    {"sure": {"type": "noul", "instructions": "Is it good?"},
     "what": {"type": "choice", "instructions": "Which?",
              "criteria": {"new": null, "old": "not new", "old times": null}},
     "how": {"type": "score", "instructions": "How good?", "criteria": ["bad", "so so", "good"]}}
    """
