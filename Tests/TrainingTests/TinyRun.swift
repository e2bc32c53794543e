import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Training

/// Runs of a tiny model; each call of `train` loads everything anew, as a new process does.
struct TinyRun {
    let folder: URL
    let task: TinyTask
    var recipe: Recipe

    /// A rate that each method learns the task with, by the method's name.
    static let learningRates = ["ivon": 10, "ivon-auto": 5, "adamw": 0.01, "sgd": 0.1]

    init(
        in folder: URL,
        _ method: TrainingMethod = .ivon,
        vocabulary: Int = 600,
        _ change: (inout Recipe) -> Void = { _ in }
    ) throws {
        Engine.threads = 1
        self.folder = folder
        task = try TinyTask(in: folder, vocabulary: vocabulary)
        var recipe = Recipe()
        recipe.model = task.model.path
        recipe.task = task.task.path
        recipe.method = method
        (recipe.steps, recipe.saveEvery, recipe.logEvery) = (6, 3, 2)
        recipe.learningRate = Self.learningRates[method.rawValue]
        (recipe.ess, recipe.hessInit) = (1e5, 1e-2)
        (recipe.rank, recipe.draws, recipe.seed, recipe.threads) = (2, 2, 3, 1)
        change(&recipe)
        self.recipe = recipe.resolved()
    }

    func run(_ name: String) -> RunFolder { RunFolder(folder.appendingPathComponent(name)) }

    func model() throws -> LoadedModel {
        try LoadedModel(try ModelLocation(recipe.model), precision: recipe.precision)
    }

    @discardableResult
    func train(
        _ name: String,
        resume: Bool = false,
        force: Bool = false,
        group: ProcessGroup? = nil,
        observer: (TrainingEvent) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> TrainingOutcome {
        let (run, model) = (run(name), try model())
        let trainer = try Trainer(
            recipe,
            model: model,
            run: run,
            resume: resume,
            force: force,
            group: group
        )
        return try trainer.run(observer: observer, shouldStop: shouldStop)
    }
}

extension TinyRun {
    /// The results of a run that is trained to its end.
    func results(_ name: String) throws -> RunMetrics {
        try train(name)
        return try #require(try run(name).readMetrics())
    }
}

/// A run in a folder that is removed when `body` ends.
func withTinyRun(
    _ method: TrainingMethod = .ivon,
    _ change: (inout Recipe) -> Void = { _ in },
    _ body: (TinyRun) throws -> Void
) throws {
    try withTemporaryFolder { try body(try TinyRun(in: $0, method, change)) }
}

extension RunFolder {
    /// The bytes of every file but the timings, by path below the folder.
    func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        let files = FileManager.default
        for path in try files.subpathsOfDirectory(atPath: url.path) where path != "timings.jsonl" {
            var isFolder: ObjCBool = false
            let file = url.appendingPathComponent(path)
            _ = files.fileExists(atPath: file.path, isDirectory: &isFolder)
            contents[path] = isFolder.boolValue ? Data() : try Data(contentsOf: file)
        }
        return contents
    }

    /// The paths that only one of two runs has or whose bytes differ.
    func differences(from other: RunFolder) throws -> [String] {
        let (mine, theirs) = (try contents(), try other.contents())
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }

    func records() throws -> [HistoryRecord] {
        try Data(contentsOf: history).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(HistoryRecord.self, from: $0)
        }
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
