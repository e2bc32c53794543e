import Foundation
import LanguageModels
import Metrics
import TestSupport
import TextTasks
import Torch
import Training

@testable import Comparison

/// Comparisons of a tiny model on a tiny task; each call of `run` loads everything anew, as a new
/// process does.
struct TinyComparison {
    /// Where model, tasks and comparisons lie.
    let folder: URL
    /// The model's folder.
    let model: URL
    /// The comparison, to be changed.
    var recipe: ComparisonRecipe

    static let (steps, draws, members, swagStart) = (12, 3, 3, 0.5)

    /// Task `task`, with `shifted` of the same answers and `other` of others to test on.
    init(in folder: URL) throws {
        Engine.threads = 1
        self.folder = folder
        let tiny = try TinyTask(in: folder)
        model = tiny.model
        try Self.write("shifted", answers: ["true", "false"], in: folder)
        try Self.write("other", answers: ["red", "blue", "green"], in: folder)
        recipe = try ComparisonRecipe(
            yaml: """
                model: \(tiny.model.path)
                tasks: [\(tiny.task.path)]
                seeds: [3, 5]
                ood: [\(folder.path)/shifted, \(folder.path)/other]
                limit-ood: 5
                ensemble-members: \(Self.members)
                swag-start: \(Self.swagStart)
                variance-scales: [0, 0.25, 1, 4]
                steps: \(Self.steps)
                draws: \(Self.draws)
                rank: 2
                log-every: 4
                save-every: 5
                ess: 1e5
                hess-init: 1e-2
                threads: 1
                adamw: {learning-rate: 0.01}
                ivon: {learning-rate: 10}
                """,
            place: "tiny"
        )
    }

    private static func write(_ name: String, answers: [String], in folder: URL) throws {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let choices = answers.map { "\"\($0)\"" }.joined(separator: ", ")
        let rows = ["My work is late", "Your day is long", "His life is hard", "The end"]
            .flatMap { [$0, $0 + " and new"] }
            .enumerated().map { index, prompt in
                #"{"id": "\#(name)-\#(index)", "prompt": "\#(prompt)", "choices": [\#(choices)], "#
                    + #""label": \#(index % 2)}"#
            }
        try Data((rows.joined(separator: "\n") + "\n").utf8)
            .write(to: place.appendingPathComponent("test.jsonl"))
    }

    /// The folder of a comparison.
    func place(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// The run of a method.
    func run(_ method: String, seed: Int = 3, in name: String = "whole") -> RunFolder {
        RunFolder(place(name).appendingPathComponent("task/seed-\(seed)/\(method)"))
    }

    func loadedModel() throws -> LoadedModel { try LoadedModel(try ModelLocation(model.path)) }

    /// Runs the comparison to its end or until it should stop.
    @discardableResult
    func compare(
        _ name: String = "whole",
        _ change: (inout ComparisonRecipe) throws -> Void = { _ in },
        observer: @escaping (ComparisonEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> [ComparisonRow]? {
        var recipe = recipe
        try change(&recipe)
        return try Comparison(try recipe.plan(place: "tiny"), in: place(name))
            .run(observer: observer, shouldStop: shouldStop)
    }

    /// The answers that a method's run holds.
    func predictions(
        _ method: String,
        seed: Int = 3,
        _ part: String = "test",
        in name: String = "whole"
    ) throws -> [Prediction] {
        try [Prediction](contentsOf: run(method, seed: seed, in: name).predictions(part))
    }
}

/// A tiny comparison in a folder that is removed when `body` ends.
func withTinyComparison(_ body: (TinyComparison) throws -> Void) throws {
    try withTemporaryFolder { try body(try TinyComparison(in: $0)) }
}

/// The files of a comparison.
struct ComparisonFiles: Equatable {
    /// A file's bytes and when it was last written.
    struct File: Equatable {
        let bytes: Data
        let written: Date?
    }

    /// By path below the folder.
    private(set) var files: [String: File] = [:]

    /// All files of a folder that equal runs write equally: those without times.
    init(of folder: URL) throws {
        let timed = ["cost.json", "timings.jsonl", "steps.jsonl", "results.json", "profile.json"]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let url = folder.appendingPathComponent(path)
            let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
            guard attributes[.type] as? FileAttributeType == .typeRegular,
                !timed.contains(url.lastPathComponent)
            else { continue }
            files[path] = File(
                bytes: try Data(contentsOf: url),
                written: attributes[.modificationDate] as? Date
            )
        }
    }

    /// The paths that only one side has or whose bytes differ.
    func differences(from other: ComparisonFiles) -> [String] {
        Set(files.keys).union(other.files.keys)
            .filter { files[$0]?.bytes != other.files[$0]?.bytes }.sorted()
    }

    /// The paths of this side that were written again or removed in `later`, but the plan's.
    func touched(in later: ComparisonFiles) -> [String] {
        files.keys.filter { $0 != "comparison.yaml" && files[$0] != later.files[$0] }.sorted()
    }
}

/// The sentence of the error that `body` throws; empty when it throws none.
func sentence(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
