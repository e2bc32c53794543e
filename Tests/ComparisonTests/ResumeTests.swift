import Foundation
import Testing
import Training

@testable import Comparison

// One after another: a folder is one process's, and one test's.
@Suite("A comparison goes on where it was", .serialized)
struct ResumeTests {
    /// Asks to stop after a number of events in which something was computed.
    private final class Countdown {
        var left: Int

        init(_ events: Int) { left = events }

        func count(_ event: ComparisonEvent) {
            if case .progress = event { left -= 1 }
        }

        func isOver() -> Bool { left < 0 }
    }

    // More than SWAG's steps and events, which begin anew, and no multiple of a run's.
    @Test("Stopped at several points it ends in the same bytes", arguments: [37])
    func stops(_ events: Int) throws {
        let whole = try WholeComparison.get()
        try withTinyComparison { tiny in
            // The same places, as they are in recipes.
            var tiny = tiny
            tiny.recipe = whole.tiny.recipe
            var sessions = 1
            var results: [ComparisonRow]?
            while results == nil, sessions < 40 {
                let countdown = Countdown(events)
                results = try tiny.compare(
                    observer: countdown.count,
                    shouldStop: countdown.isOver
                )
                sessions += 1
            }
            #expect(sessions > 4 && sessions < 40)
            let mine = try ComparisonFiles(of: tiny.place("whole"))
            let other = try ComparisonFiles(of: whole.tiny.place("whole"))
            #expect(mine.differences(from: other) == [])
            #expect(mine.files.count > 300)
            func timeless(_ rows: [ComparisonRow]) throws -> [ComparisonRow] {
                let first = try #require(rows.first)
                return rows.map {
                    var row = $0
                    row.cost = first.cost
                    return row
                }
            }
            var rows = try timeless(try #require(results))
            let expected = try timeless(whole.results)
            for index in rows.indices { rows[index].cost = expected[index].cost }
            #expect(rows == expected)
        }
    }

    @Test("Killed at any event it ends in the same bytes")
    func killed() throws {
        try withTinyComparison { tiny in
            let methods = ["laplace-diagonal-tuned", "swa", "ivon-mean"]
            func change(_ recipe: inout ComparisonRecipe) {
                recipe.methods = methods
                recipe.seeds = [3]
            }
            var (events, copies) = (0, 0)
            let files = FileManager.default
            try tiny.compare("whole", change) { _ in
                events += 1
                // A copy of the folder is what a process that dies here leaves behind.
                guard events.isMultiple(of: 18) else { return }
                let copy = tiny.place("killed-\(copies)")
                copies += (try? files.copyItem(at: tiny.place("whole"), to: copy)) == nil ? 0 : 1
            }
            try #require(copies > 2)
            let whole = try ComparisonFiles(of: tiny.place("whole"))
            for copy in 0..<copies {
                try tiny.compare("killed-\(copy)", change)
                let killed = try ComparisonFiles(of: tiny.place("killed-\(copy)"))
                #expect(killed.differences(from: whole) == [], "copy \(copy)")
            }
        }
    }

    @Test("What a process that ended behind a method's results had left is removed")
    func leftovers() throws {
        try withTinyComparison { tiny in
            func compare() throws {
                try tiny.compare { ($0.methods, $0.seeds) = (["map", "swag"], [3]) }
            }
            try compare()
            let whole = try ComparisonFiles(of: tiny.place("whole"))
            let trajectory = tiny.run("swag-trajectory")
            let left = [
                tiny.run("map").url.appendingPathComponent(".cost.json.partial"),
                tiny.run("swag").predictions.appendingPathComponent(".shifted.jsonl.partial"),
                trajectory.history,
            ]
            try FileManager.default.createDirectory(
                at: trajectory.url,
                withIntermediateDirectories: false
            )
            for file in left { try Data("{".utf8).write(to: file) }
            try compare()
            let cleared = try ComparisonFiles(of: tiny.place("whole"))
            #expect(cleared.differences(from: whole) == [])
            #expect(whole.touched(in: cleared) == [])
            #expect(!FileManager.default.fileExists(atPath: trajectory.url.path))
        }
    }

    @Test("What is there is left untouched when methods, seeds and tasks are added, or nothing")
    func added() throws {
        try withTinyComparison { tiny in
            func compare(_ methods: [String], _ seeds: [Int], ood: Int = 0) throws -> Int {
                try tiny.compare {
                    ($0.methods, $0.seeds) = (methods, seeds)
                    $0.shifts = Array($0.shifts.prefix(ood))
                }?.count ?? 0
            }
            func files() throws -> ComparisonFiles { try ComparisonFiles(of: tiny.place("whole")) }
            #expect(try compare(["map", "ivon"], [3]) == 2)
            let first = try files()
            #expect(try compare(["map", "ivon"], [3]) == 2)
            #expect(try files().files.count == first.files.count)
            #expect(try first.touched(in: files()) == [])
            #expect(try compare(["map", "swag", "ivon", "ivon-tuned"], [3, 5], ood: 1) == 8)
            let second = try files()
            #expect(first.touched(in: second) == [])
            #expect(second.files["task/seed-3/map/predictions/shifted.jsonl"] != nil)
            // The rows are those that are asked for; the runs of the others stay.
            #expect(try compare(["base"], [5]) == 1)
            #expect(try second.touched(in: files()) == [])
        }
    }

    @Test("A run of another recipe in the folder is refused and kept")
    func otherRecipe() throws {
        try withTinyComparison { tiny in
            func change(_ recipe: inout ComparisonRecipe) {
                (recipe.methods, recipe.seeds) = (["map", "ivon-mean"], [3])
            }
            try tiny.compare("whole", change)
            let before = try ComparisonFiles(of: tiny.place("whole"))
            for (trajectory, method) in [("adamw", "map"), ("ivon", "ivon")] {
                let text = sentence {
                    try tiny.compare("whole") {
                        change(&$0)
                        try $0.set("learning-rate=0.5", of: trajectory, place: "test")
                    }
                }
                #expect(text.contains("seed-3/\(method)/recipe.yaml"), "\(text)")
                #expect(text.contains("learning-rate") && text.contains("0.5"), "\(text)")
            }
            #expect(try before.touched(in: ComparisonFiles(of: tiny.place("whole"))) == [])
        }
    }

    @Test(
        "Other settings than the folder's are refused, before anything is done",
        arguments: [
            ("ensemble-members", "4"), ("swag-start", "0.25"), ("swag-rate", "0.5"),
            ("swag-rank", "3"), ("laplace-prior", "validation"), ("laplace-predictive", "draws"),
            ("variance-scales", "0,2"), ("limit-ood", "4"),
        ]
    )
    func otherSettings(_ key: String, _ value: String) throws {
        let tiny = try WholeComparison.get().tiny
        let before = try ComparisonFiles(of: tiny.place("whole"))
        let text = sentence { try tiny.compare { try $0.set(key, to: value, place: "test") } }
        #expect(text.contains("whole/comparison.yaml: "), "\(text)")
        #expect(text.contains("started with \(key) "), "\(text)")
        let asked = value.split(separator: ",").map { Double($0).map { "\($0)" } ?? "\($0)" }
        #expect(
            text.contains("but \(value) was") || text.contains(asked.joined(separator: ",")),
            "\(text)"
        )
        #expect(try ComparisonFiles(of: tiny.place("whole")) == before)
    }

    @Test("A shifted task of the same name in another place is refused")
    func otherShift() throws {
        let tiny = try WholeComparison.get().tiny
        let text = sentence { try tiny.compare { $0.shifts[0] = "elsewhere/shifted" } }
        #expect(text.contains("started with ood \(tiny.folder.path)/shifted"), "\(text)")
        #expect(text.contains("but elsewhere/shifted was asked for"), "\(text)")
    }

    @Test("A broken comparison.yaml is named")
    func brokenPlan() throws {
        try withTinyComparison { tiny in
            let folder = tiny.place("whole")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("seeds: [1\n".utf8)
                .write(to: folder.appendingPathComponent("comparison.yaml"))
            #expect(try Comparison.exists(in: folder))
            let text = sentence { try tiny.compare() }
            #expect(text.contains("whole/comparison.yaml: not valid YAML"), "\(text)")
        }
    }

    @Test("Another model or other data in their places are not mixed with what is there")
    func changedInputs() throws {
        try withTinyComparison { tiny in
            func change(_ recipe: inout ComparisonRecipe) {
                recipe.methods = ["map", "ivon"]
                recipe.seeds = [3]
            }
            try tiny.compare("changed", change)
            let task = tiny.folder.appendingPathComponent("task")
            let changes: [(file: URL, from: String, to: String, says: String)] = [
                (
                    task.appendingPathComponent("train.jsonl"), "label\":0", "label\":1",
                    "training data: expected"
                ),
                (
                    task.appendingPathComponent("test.jsonl"), "label\":0", "label\":1",
                    "test.jsonl: data: expected answers to the"
                ),
                (
                    tiny.folder.appendingPathComponent("shifted/test.jsonl"), "id\":\"", "id\":\"x",
                    "data: expected answers to the"
                ),
            ]
            for change in changes {
                let text = try String(contentsOf: change.file, encoding: .utf8)
                let squeezed = text.replacingOccurrences(of: "\": ", with: "\":")
                let changed = squeezed.replacingOccurrences(of: change.from, with: change.to)
                try #require(changed != squeezed, "\(text.prefix(200))")
                try Data(changed.utf8).write(to: change.file)
                let error = #expect(throws: (any Error).self) {
                    try tiny.compare("changed") { recipe in
                        recipe.methods = ["map", "ivon"]
                        recipe.seeds = [3]
                    }
                }
                #expect("\(error as Any)".contains(change.says), "\(error as Any)")
                try Data(text.utf8).write(to: change.file)
            }
            let weights = tiny.model.appendingPathComponent("model.safetensors")
            let whole = try Data(contentsOf: weights)
            var other = whole
            other[other.count - 2] ^= 1
            try other.write(to: weights)
            let error = #expect(throws: TrainingError.self) {
                try tiny.compare("changed", change)
            }
            #expect(error?.description.contains("base model: expected") == true)
            try whole.write(to: weights)
            try tiny.compare("changed", change)
        }
    }

    @Test("Seeds that would each be tested on other examples are refused before any training")
    func dividedTask() throws {
        try withTinyComparison { tiny in
            let files = FileManager.default
            let task = tiny.folder.appendingPathComponent("task")
            let one = tiny.folder.appendingPathComponent("one.jsonl")
            try files.copyItem(at: task.appendingPathComponent("train.jsonl"), to: one)
            func compare(_ yaml: String) throws {
                let text =
                    tiny.recipe.yaml
                    .replacing(/tasks: \[[^\]]*\]/, with: "tasks: [\(one.path)]") + yaml
                let plan = try ComparisonRecipe(yaml: text, place: "one").plan(place: "one")
                _ = try Comparison(plan, in: tiny.place("one")).run(shouldStop: { true })
            }
            let error = #expect(throws: ComparisonError.self) { try compare("") }
            #expect("\(error as Any)".contains("set split-seed, or give the task a test part"))
            #expect(!files.fileExists(atPath: tiny.place("one").path))
            try compare("split-seed: 3\n")
        }
    }

    @Test("Only a comparison is removed, and nothing beside it")
    func removed() throws {
        try withTinyComparison { tiny in
            let plan = try tiny.recipe.plan(place: "tiny")
            let comparison = Comparison(plan, in: tiny.place("some"))
            _ = try comparison.run(shouldStop: { true })
            try #require(try Comparison.exists(in: tiny.place("some")))
            let stranger = tiny.place("some").appendingPathComponent("thesis.txt")
            try Data("mine".utf8).write(to: stranger)
            let error = #expect(throws: ComparisonError.self) {
                try comparison.remove(with: ["report.html"])
            }
            #expect("\(error as Any)".contains("and nothing else, found thesis.txt"))
            #expect(try String(contentsOf: stranger, encoding: .utf8) == "mine")
            try FileManager.default.removeItem(at: stranger)
            try comparison.remove(with: [])
            #expect(!FileManager.default.fileExists(atPath: tiny.place("some").path))
        }
    }
}
