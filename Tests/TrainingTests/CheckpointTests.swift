import Foundation
import TensorFiles
import TestSupport
import Testing

@testable import Training

@Suite("Broken checkpoints and runs of others are refused in one sentence")
struct CheckpointTests {
    /// Trains two steps, changes the checkpoint, and gives the sentence of going on.
    private func resumed(
        _ tiny: TinyRun,
        metadata: (inout [String: String]) -> Void = { _ in },
        tensors: (inout [TensorToWrite]) -> Void = { _ in }
    ) throws -> String {
        let file = try stopped(tiny)
        let archive = try Safetensors(contentsOf: file)
        var values = archive.metadata
        var entries = try archive.names.map { name in
            TensorToWrite(
                name: name,
                elementType: archive.entries[name]?.elementType ?? .float32,
                shape: archive.entries[name]?.shape ?? [],
                bytes: try archive.bytes(of: name).withBytes { Data($0) }
            )
        }
        metadata(&values)
        tensors(&entries)
        try Safetensors.write(entries, metadata: values, to: file)
        return sentence { try tiny.train("run", resume: true) }
    }

    /// The checkpoint's file of a run stopped after its second step.
    private func stopped(_ tiny: TinyRun) throws -> URL {
        var taken = 0
        try tiny.train("run", force: tiny.run("run").holdsRun) {
            if case .trained(let step, _) = $0 { taken = step }
        } shouldStop: {
            taken == 2
        }
        return try #require(try Checkpoint.last(in: tiny.run("run")))
            .appendingPathComponent("state.safetensors")
    }

    @Test("An unchanged copy goes on")
    func unchanged() throws {
        try withTinyRun { tiny in
            let text = try resumed(tiny)
            #expect(text == "")
        }
    }

    @Test("Numbers that no run writes")
    func numbers() throws {
        try withTinyRun { tiny in
            let file = "checkpoints/00000002/state.safetensors"
            for (key, value, expected) in [
                ("step", "7", "step: expected a number from 0 to 6, found 7"),
                ("step", "-1", "step: expected a number from 0 to 6, found -1"),
                ("step", "two", "step: expected a number, found two"),
                ("history_length", "-5", "history_length: expected"),
                ("history_length", "99999", "at least 99999 bytes"),
                ("interval_steps", "-1", "interval_steps: expected"),
                ("interval_loss", "nan", "interval_loss: expected"),
                ("version", "2", "version: expected 1, found 2"),
                ("model", "other", "base model: expected other"),
                ("data", "other", "training data: expected other"),
            ] {
                let text = try resumed(tiny, metadata: { $0[key] = value })
                #expect(text.contains(expected), "\(text)")
                #expect(key == "history_length" || text.contains("checkpoints/00000002"), "\(text)")
                let missing = try resumed(tiny, metadata: { $0[key] = nil })
                #expect(missing.contains(file) && missing.contains(key), "\(missing)")
            }
        }
    }

    @Test("Vectors that are missing or of another size")
    func vectors() throws {
        try withTinyRun { tiny in
            for name in ["parameters", "hessian", "momentum"] {
                let missing = try resumed(tiny, tensors: { $0.removeAll { $0.name == name } })
                #expect(missing.contains(name) && missing.contains("state.safetensors"))
                let short = try resumed(
                    tiny,
                    tensors: { tensors in
                        for index in tensors.indices where tensors[index].name == name {
                            tensors[index].shape = [1]
                            tensors[index].bytes = Data(count: 4)
                        }
                    }
                )
                #expect(short.contains("\(name): expected F32 of shape ["), "\(short)")
            }
        }
    }

    @Test("A checkpoint that is cut off, empty or gone")
    func cutOff() throws {
        try withTinyRun { tiny in
            for length in [0, 7, 100, 5000] {
                let file = try stopped(tiny)
                try Data(contentsOf: file).prefix(length).write(to: file)
                let text = sentence { try tiny.train("run", resume: true) }
                #expect(text.contains(file.path), "\(text)")
                #expect(!text.contains("\n") && !text.isEmpty)
            }
            let file = try stopped(tiny)
            try FileManager.default.removeItem(at: file)
            #expect(sentence { try tiny.train("run", resume: true) }.contains(file.path))
        }
    }

    @Test("A history that is shorter than the checkpoint says")
    func history() throws {
        try withTinyRun { tiny in
            _ = try stopped(tiny)
            let history = tiny.run("run").history
            try Data("{}\n".utf8).write(to: history)
            let text = sentence { try tiny.train("run", resume: true) }
            #expect(text.hasPrefix("\(history.path): length: expected at least "), "\(text)")
            #expect(text.hasSuffix("bytes, found 3"))
        }
    }

    @Test("A recipe or results that cannot be read")
    func recipeAndResults() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let run = tiny.run("run")
            try Data("{\"steps\": 1".utf8).write(to: run.metrics)
            let results = sentence { _ = try run.readMetrics() }
            #expect(results.hasPrefix("\(run.metrics.path): not valid JSON at line 1, column 12: "))
            try Data("steps: [".utf8).write(to: run.recipe)
            let recipe = sentence { try tiny.train("run", resume: true) }
            #expect(recipe.hasPrefix("\(run.recipe.path): not valid YAML"), "\(recipe)")
        }
    }

    @Test("What is there and cannot be read is not taken for absent")
    func unreadable() throws {
        try withTinyRun { tiny in
            _ = try stopped(tiny)
            let (run, files) = (tiny.run("run"), FileManager.default)
            let history = try Data(contentsOf: run.history)
            try files.removeItem(at: run.checkpoints)
            try Data().write(to: run.checkpoints)
            let text = sentence { try tiny.train("run", resume: true) }
            #expect(text.hasPrefix("\(run.checkpoints.path): cannot be listed"), "\(text)")
            #expect(!text.contains("\n"))
            #expect(try Data(contentsOf: run.history) == history)
            try files.createDirectory(at: run.metrics, withIntermediateDirectories: false)
            let results = sentence { _ = try run.readMetrics() }
            #expect(results.hasPrefix("\(run.metrics.path): cannot be read"), "\(results)")
        }
    }

    @Test("Other training data or another model under the same path")
    func otherOrigin() throws {
        try withTinyRun { tiny in
            _ = try stopped(tiny)
            let train = tiny.task.task.appendingPathComponent("train.jsonl")
            let lines = try String(contentsOf: train, encoding: .utf8)
            try Data(lines.replacing("\"label\": 0", with: "\"label\": 1").utf8).write(to: train)
            let text = sentence { try tiny.train("run", resume: true) }
            #expect(text.contains("training data: expected"), "\(text)")
            try Data(lines.utf8).write(to: train)
            let other = try TinyTask(in: tiny.folder, seed: 2)
            let weights = "model.safetensors"
            try FileManager.default.removeItem(
                at: tiny.task.model.appendingPathComponent(weights)
            )
            try FileManager.default.copyItem(
                at: other.model.appendingPathComponent(weights),
                to: tiny.task.model.appendingPathComponent(weights)
            )
            let model = sentence { try tiny.train("run", resume: true) }
            #expect(model.contains("base model: expected"), "\(model)")
        }
    }
}
