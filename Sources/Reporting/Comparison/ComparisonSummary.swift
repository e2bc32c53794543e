import Foundation
import JSON
import Metrics

/// A comparison over its seeds: the numbers behind tables, sentences and `summary.json`.
///
/// Tasks are never mixed but in ``average``, where each counts the same.
public struct ComparisonSummary: Codable, Equatable, Sendable {
    /// The methods on one task.
    public struct Task: Codable, Equatable, Sendable {
        /// The task.
        public var task: String
        /// The part that was answered.
        public var split: String
        /// Number of its examples.
        public var examples: Int
        /// The methods in the order of tables.
        public var methods: [Method]

        /// The method with a key.
        func method(_ key: String) -> Method? { methods.first { $0.method == key } }
    }

    /// A method over its seeds.
    public struct Method: Codable, Equatable, Sendable {
        /// The method's key.
        public var method: String
        /// The seeds, rising.
        public var seeds: [Int]
        /// Each metric over the seeds, with an interval over seeds and examples.
        public var metrics: [Metric: SeedSummary]
        /// Each metric's difference to `map` on the seeds that both have; empty for `map` itself.
        public var differences: [PairedDifference]
        /// Each cost over the seeds.
        public var cost: [CostMetric: SeedSummary]
        /// Other tasks.
        public var shifts: [Shift]

        /// The difference of a metric to `map`.
        func difference(_ metric: Metric) -> PairedDifference? {
            differences.first { $0.metric == metric.rawValue }
        }
    }

    /// A method on a task that it was not trained for, over its seeds.
    public struct Shift: Codable, Equatable, Sendable {
        /// The other task.
        public var task: String
        /// Number of its examples.
        public var examples: Int
        /// Each metric over the seeds, with an interval over seeds and examples; empty where the
        /// tasks do not share their labels.
        public var metrics: [Metric: SeedSummary]
        /// Each metric's difference to `map` on the seeds that both have; empty for `map` itself.
        public var differences: [PairedDifference]
        /// How well uncertainty finds the other task's examples, over the seeds.
        public var separation: [UncertaintyScore: [SeparationMetric: SeedSummary]]
    }

    /// A method over all tasks.
    public struct Average: Codable, Equatable, Sendable {
        /// The method's key.
        public var method: String
        /// The mean over tasks, for each seed that all tasks have; then over these seeds.
        public var metrics: [Metric: SeedSummary]
    }

    /// Tasks in the order of `results.json`.
    public var tasks: [Task]
    /// Methods that every task has, over the tasks; empty for a single task, and where tasks differ
    /// in settings alone.
    public var average: [Average]

    /// Summarises a comparison.
    ///
    /// - Parameters:
    ///   - record: The comparison.
    ///   - resamples: Bootstrap resamples behind the intervals, at least one.
    /// - Throws: What ``ComparisonRecord/predictions(of:)`` throws, or `MetricError` where methods
    ///   did not answer the same examples.
    public init(_ record: ComparisonRecord, resamples: Int = 1000) throws {
        tasks = try record.tasks.map { try Task(record, $0, resamples: resamples) }
        let isSwept = record.results.contains { $0.sweep != nil }
        average = record.tasks.count > 1 && !isSwept ? Self.average(record) : []
    }

    private static func average(_ record: ComparisonRecord) -> [Average] {
        let tasks = record.tasks
        return record.allMethods.compactMap { method in
            let results = tasks.map { record.results(of: method, on: $0) }
            let seeds = (results.first ?? []).map(\.seed).filter { seed in
                results.allSatisfy { $0.contains { $0.seed == seed } }
            }
            guard !seeds.isEmpty else { return nil }
            let metrics = summaries { (metric: Metric) in
                // Of a metric that a task lacks there is no average over tasks.
                seeds.compactMap { seed -> Double? in
                    let found = results.joined().filter { $0.seed == seed }
                        .compactMap { $0.metrics[metric] }
                    guard found.count == tasks.count else { return nil }
                    return found.reduce(0, +) / Double(tasks.count)
                }
            }
            return Average(method: method, metrics: metrics)
        }
    }

    /// The summary as JSON with sorted keys, as it stands in `summary.json`.
    ///
    /// - Throws: `EncodingError`; no summary of a ``ComparisonRecord`` is known to.
    public func json() throws -> String {
        try JSONFile.text(of: self) + "\n"
    }
}

extension ComparisonSummary.Task {
    fileprivate init(_ record: ComparisonRecord, _ task: String, resamples: Int) throws {
        self.task = task
        let results = record.results.filter { $0.task == task }
        split = results.first?.split ?? ""
        examples = results.map(\.examples).max() ?? 0
        let intervals = try Intervals(of: task, in: record, resamples) { method in
            try record.results(of: method, on: task)
                .map { ($0.seed, try record.predictions(of: $0)) }
        }
        let others = distinct(results.flatMap(\.shifts).map(\.task))
        let shifts = try others.map { other in
            try Shifts(record, other, from: task, resamples: resamples)
        }
        methods = try record.methods(of: task).map { method in
            let results = record.results(of: method, on: task)
            let found = try intervals(method)
            return ComparisonSummary.Method(
                method: method,
                seeds: results.map(\.seed),
                metrics: summaries(with: found) { metric in
                    results.compactMap { $0.metrics[metric] }
                },
                differences: found?.differences ?? [],
                cost: summaries { metric in results.compactMap { $0.cost[metric] } },
                shifts: try shifts.compactMap { try $0(method) }
            )
        }
    }
}

/// The methods of a task on another task.
private struct Shifts {
    private let results: (String) -> [MethodResult.Shift]
    private let intervals: Intervals

    init(
        _ record: ComparisonRecord,
        _ other: String,
        from task: String,
        resamples: Int
    ) throws {
        func found(_ method: String) -> [(seed: Int, shift: MethodResult.Shift)] {
            record.results(of: method, on: task).flatMap { result in
                result.shifts.filter { $0.task == other }.map { (result.seed, $0) }
            }
        }
        results = { found($0).map(\.shift) }
        let place = "\(other), trained on \(task)"
        intervals = try Intervals(of: place, in: record, resamples) { method in
            try found(method).compactMap { seed, shift in
                try record.predictions(of: shift).map { (seed, $0) }
            }
        }
    }

    /// A method over its seeds; nil for one that did not answer the other task.
    func callAsFunction(_ method: String) throws -> ComparisonSummary.Shift? {
        let shifts = results(method)
        guard let first = shifts.first else { return nil }
        let found = try intervals(method)
        var separation: [UncertaintyScore: [SeparationMetric: SeedSummary]] = [:]
        for score in UncertaintyScore.allCases {
            let values = shifts.compactMap { $0.separation[score] }
            if values.isEmpty { continue }
            separation[score] = summaries { metric in values.compactMap { $0[metric] } }
        }
        return ComparisonSummary.Shift(
            task: first.task,
            examples: shifts.map(\.examples).max() ?? 0,
            metrics: summaries(with: found) { metric in
                shifts.compactMap { $0.metrics?[metric] }
            },
            differences: found?.differences ?? [],
            separation: separation
        )
    }
}

extension ComparisonRecord {
    /// The methods of all tasks in the order of tables.
    var allMethods: [String] { ComparisonMethod.sorted(results.map(\.method)) }
}

/// One summary for each metric that has values.
private func summaries<Name: CaseIterable & Hashable>(
    _ values: (Name) -> [Double]
) -> [Name: SeedSummary] {
    let found = Name.allCases.compactMap { name in SeedSummary(values(name)).map { (name, $0) } }
    return Dictionary(uniqueKeysWithValues: found)
}

/// The same of metrics, with their intervals.
private func summaries(
    with found: PairedBootstrap.Comparison?,
    _ values: (Metric) -> [Double]
) -> [Metric: SeedSummary] {
    var metrics = summaries(values)
    for (metric, value) in found?.values ?? [:] where value.lower <= value.upper {
        metrics[metric]?.interval = value.lower...value.upper
    }
    return metrics
}

/// Intervals of methods over seeds and examples, and of their differences to `map` on the seeds
/// that both have.
private struct Intervals {
    /// The predictions of a method, by seed.
    typealias Answers = [(seed: Int, predictions: [Prediction])]

    private let (folder, task): (String, String)
    private let resamples: Int
    private let answers: (String) throws -> Answers
    /// Predictions of `map` by seed.
    private let reference: [Int: [Prediction]]
    /// `map` over all of its seeds, which most methods have too; nil without `map`.
    private let bootstrap: PairedBootstrap?

    /// Those of `answers`, which errors place.
    init(
        of task: String,
        in record: ComparisonRecord,
        _ resamples: Int,
        _ answers: @escaping (String) throws -> Answers
    ) throws {
        (folder, self.task) = (record.folder.path, task)
        (self.resamples, self.answers) = (resamples, answers)
        let own = try answers(ComparisonMethod.reference)
        reference = Dictionary(uniqueKeysWithValues: own.map { ($0.seed, $0.predictions) })
        bootstrap =
            own.isEmpty
            ? nil : try PairedBootstrap(reference: own.map(\.predictions), resamples: resamples)
    }

    /// Nil for a method without predictions.
    func callAsFunction(_ method: String) throws -> PairedBootstrap.Comparison? {
        if method == ComparisonMethod.reference { return bootstrap?.own }
        let own = try answers(method)
        if own.isEmpty { return nil }
        do {
            let shared = own.filter { reference[$0.seed] != nil }
            let compared = try reference(on: shared.map(\.seed))?
                .compare(shared.map(\.predictions))
            if let compared, shared.count == own.count { return compared }
            // Its values are those of all its seeds.
            var all = try PairedBootstrap(
                reference: own.map(\.predictions),
                resamples: resamples
            ).own
            all.differences = compared?.differences ?? []
            return all
        } catch let error as MetricError {
            throw ReportError(description: "\(folder): \(method) on \(task): \(error)")
        }
    }

    /// `map` over some of its seeds; nil for none.
    private func reference(on seeds: [Int]) throws -> PairedBootstrap? {
        if seeds.isEmpty { return nil }
        if seeds.count == reference.count { return bootstrap }
        return try PairedBootstrap(
            reference: seeds.compactMap { reference[$0] },
            resamples: resamples
        )
    }
}
