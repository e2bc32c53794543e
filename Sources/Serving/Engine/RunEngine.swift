import Evaluation
import Foundation
import Synchronization
import TextTasks

/// Answers by models on a thread of their own, which joins requests that wait into packed batches.
///
/// Nothing of a model, and no tensor, leaves the thread: requests come to it as tokens and leave it
/// as probabilities.
final class RunEngine: DecisionEngine {
    /// A request as tokens, and who waits for its answers.
    private struct Job: Sendable {
        let asked: StatedQuestions
        let examples: [EncodedExample]
        let answers: CheckedContinuation<[Answer], any Error>
    }

    let models: [ServedModel]
    private let room: WaitingRoom<Job>
    /// None until the models are loaded.
    private let readers = Mutex<[QuestionReader]>([])
    private let lastState = Atomic(0)

    /// An engine that answers nothing before it is started.
    init(_ models: [ServedModel], _ limits: ServiceLimits) {
        self.models = models
        room = WaitingRoom(limits)
    }

    /// Starts the thread, which calls `load` and then `onLoad` with what it threw.
    func start(
        load: @escaping @Sendable () throws -> [LoadedSubject],
        onLoad: @escaping @Sendable ((any Error)?) -> Void = { _ in },
        onEnd: @escaping @Sendable () -> Void = {}
    ) {
        let thread = Thread { [self] in
            do {
                let subjects = try load()
                readers.withLock { $0 = subjects.map(\.reader) }
                onLoad(nil)
                serve(subjects)
            } catch {
                onLoad(error)
            }
            onEnd()
        }
        thread.name = "engine"
        thread.start()
    }

    var isReady: Bool { readers.withLock { !$0.isEmpty } }
    var waitingCount: Int { room.count }

    /// Takes no more requests; the thread ends when those that wait are answered.
    func close() { room.close() }

    func decide(_ asked: StatedQuestions, by model: Int) async throws -> Decision {
        guard let reader = readers.withLock({ $0.isEmpty ? nil : $0[model] }) else {
            throw ServiceError.loading
        }
        // Requests of one batch must not be taken for questions about one state.
        let state = "\(lastState.add(1, ordering: .relaxed).newValue)"
        let examples = try reader.examples(asked, state: state)
        let answers = try await answers(to: asked, examples, by: model)
        return Decision(
            model: models[model].name,
            answers: zip(asked.questions, answers).map { Decision.Named(id: $0.id, answer: $1) },
            inputTokens: examples.reduce(0) { $0 + $1.length }
        )
    }

    private func answers(
        to asked: StatedQuestions,
        _ examples: [EncodedExample],
        by model: Int
    ) async throws -> [Answer] {
        let place = Mutex<Int?>(nil)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answers in
                let job = Job(asked: asked, examples: examples, answers: answers)
                do {
                    let number = try room.enter(job, model: model, questions: examples.count)
                    place.withLock { $0 = number }
                    // The task may have been cancelled before there was a place to give up.
                    if Task.isCancelled { cancel(number) }
                } catch {
                    answers.resume(throwing: error)
                }
            }
        } onCancel: {
            if let number = place.withLock({ $0 }) { cancel(number) }
        }
    }

    private func cancel(_ number: Int) {
        room.leave(number)?.answers.resume(throwing: CancellationError())
    }

    private func serve(_ subjects: [LoadedSubject]) {
        while let (model, jobs) = room.next() {
            let subject = subjects[model]
            do {
                let predictions = try subject.predictions(jobs.flatMap(\.examples))
                try Self.check(predictions)
                var rest = predictions[...]
                for job in jobs {
                    let own = rest.prefix(job.examples.count)
                    rest = rest.dropFirst(own.count)
                    job.answers.resume(
                        returning: zip(job.asked.questions, own).map { named, averaged in
                            Answer(
                                named.question,
                                averaged,
                                abstains: subject.abstains?(averaged.prediction)
                            )
                        }
                    )
                }
            } catch {
                for job in jobs { job.answers.resume(throwing: ServiceError.engine("\(error)")) }
            }
        }
    }

    /// Numbers that are none have no form in JSON, and are no answer.
    private static func check(_ predictions: [AveragedPrediction]) throws {
        let values = predictions.flatMap {
            $0.prediction.probabilities + ($0.prediction.meanProbabilities ?? [])
        }
        guard values.allSatisfy(\.isFinite) else {
            throw ServiceError.engine("the model gave a probability that is not a number")
        }
    }
}
