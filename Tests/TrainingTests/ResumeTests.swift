import Foundation
import TestSupport
import Testing

@testable import Training

@Suite("A run that stops and goes on ends as one that never stopped")
struct ResumeTests {
    private static func change(_ recipe: inout Recipe) {
        (recipe.steps, recipe.saveEvery, recipe.logEvery, recipe.evalEvery) = (7, 4, 3, 5)
    }

    @Test("After every step, and after every step of one run", arguments: TrainingMethod.allCases)
    func stops(_ method: TrainingMethod) throws {
        try withTinyRun(method, Self.change) { tiny in
            try tiny.train("whole")
            for step in 1...6 {
                var taken = 0
                let outcome = try tiny.train("stopped-\(step)") {
                    if case .trained(let step, _) = $0 { taken = step }
                } shouldStop: {
                    taken == step
                }
                #expect(outcome == .stopped(step: step))
                try tiny.train("stopped-\(step)", resume: true)
                let differences = try tiny.run("whole").differences(
                    from: tiny.run("stopped-\(step)")
                )
                #expect(differences.isEmpty, "stopped after step \(step)")
            }
            for step in 1...6 {
                let outcome = try tiny.train("often", resume: step > 1, shouldStop: { true })
                #expect(outcome == .stopped(step: step))
            }
            try tiny.train("often", resume: true)
            #expect(try tiny.run("whole").differences(from: tiny.run("often")).isEmpty)
        }
    }

    @Test("A wish to stop at the last step finishes the run")
    func stopsAtTheEnd() throws {
        try withTinyRun { tiny in
            var taken = 0
            let outcome = try tiny.train("run") {
                if case .trained(let step, _) = $0 { taken = step }
            } shouldStop: {
                taken == 6
            }
            guard case .finished = outcome else {
                Issue.record("\(outcome)")
                return
            }
            try tiny.train("whole")
            #expect(try tiny.run("whole").differences(from: tiny.run("run")).isEmpty)
        }
    }

    /// What a killed process can leave behind beside whole files.
    enum Leftover {
        case nothing, partOfFiles
    }

    @Test(
        "Killed at any event",
        arguments: [(.ivon, .nothing), (.ivon, .partOfFiles), (.adamw, .partOfFiles)]
            as [(TrainingMethod, Leftover)]
    )
    func killed(_ method: TrainingMethod, _ leftover: Leftover) throws {
        try withTinyRun(method, Self.change) { tiny in
            var copies = 0
            let run = tiny.run("whole")
            try tiny.train("whole") { _ in
                // A copy of the folder is what a process that dies here leaves behind.
                let copy = tiny.run("killed-\(copies)").url
                copies += (try? FileManager.default.copyItem(at: run.url, to: copy)) == nil ? 0 : 1
            }
            try #require(copies > 12)
            for index in 0..<copies {
                let killed = tiny.run("killed-\(index)")
                try leave(leftover, in: killed)
                try tiny.train("killed-\(index)", resume: true)
                #expect(try run.differences(from: killed).isEmpty, "event \(index)")
                try expectWholeLines(killed.timings)
            }
        }
    }

    private func leave(_ leftover: Leftover, in run: RunFolder) throws {
        if leftover == .nothing { return }
        for file in [run.history, run.timings] {
            let whole = (try? Data(contentsOf: file)) ?? Data()
            try (whole + Data(#"{"step":9,"lo"#.utf8)).write(to: file)
        }
        let checkpoint = run.checkpoints.appendingPathComponent(".00000005")
        try FileManager.default.createDirectory(at: checkpoint, withIntermediateDirectories: true)
        for file in [
            checkpoint.appendingPathComponent(".\(UUID().uuidString).partial"),
            run.url.appendingPathComponent(".\(UUID().uuidString).partial"),
            run.predictions(".temporary"),
        ] {
            try Data("half".utf8).write(to: file)
        }
    }

    private func expectWholeLines(_ file: URL) throws {
        for line in try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")) {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: line) }
        }
    }

    @Test("Killed before the recipe was written, or while an old run was removed")
    func killedInPreparation() throws {
        try withTinyRun { tiny in
            try tiny.train("whole")
            let run = tiny.run("new")
            let files = FileManager.default
            for folder in [run.checkpoints, run.url.appendingPathComponent("predictions")] {
                try files.createDirectory(at: folder, withIntermediateDirectories: true)
            }
            try Data("mo".utf8)
                .write(to: run.url.appendingPathComponent(".\(UUID().uuidString).partial"))
            try tiny.train("new")
            #expect(try tiny.run("whole").differences(from: run).isEmpty)
            for removed in [["metrics.json"], ["checkpoints", "history.jsonl", "predictions"]] {
                for name in removed {
                    try? files.removeItem(at: run.url.appendingPathComponent(name))
                }
                try tiny.train("new", force: true)
                #expect(try tiny.run("whole").differences(from: run).isEmpty)
            }
        }
    }

    @Test("A finished run that is resumed stays as it is")
    func finished() throws {
        try withTinyRun { tiny in
            let outcome = try tiny.train("run")
            let before = try tiny.run("run").contents()
            #expect(try tiny.train("run", resume: true) == outcome)
            #expect(try tiny.run("run").contents() == before)
        }
    }
}
