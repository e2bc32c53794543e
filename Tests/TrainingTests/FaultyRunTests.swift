import Files
import Foundation
import LanguageModels
import LoRA
import Posteriors
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Training

/// An adapter whose product cannot be computed from a number of calls on, as when memory is out.
private final class FailingAdapter: LinearAdapter {
    private var callsLeft: Int

    init(after calls: Int) { callsLeft = calls }

    func delta(_ input: Tensor) -> Tensor {
        callsLeft -= 1
        return callsLeft >= 0 ? Tensor.zeros(like: input) : input.matmul(Tensor.zeros([3, 5]))
    }
}

/// A tensor that cannot be computed, as when memory is out.
private func broken() -> Tensor { Tensor.zeros([2, 3]).matmul(Tensor.zeros([5, 2])) }

/// A posterior whose file cannot be computed.
private struct UnwritablePosterior: Posterior {
    static let name = "unwritable"

    init() {}
    init(_ contents: PosteriorContents) throws {}

    func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        .zeros(like: mean)
    }

    func write(to contents: inout PosteriorContents) { contents.add(vector: broken(), as: "x") }
}

@Suite("Runs that cannot start or go on say why in one sentence")
struct FaultyRunTests {
    @Test(
        "A failure of the engine stops the run at its step; nothing of it is saved",
        arguments: [TrainingMethod.ivon, .adamw]
    )
    func engineFailure(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            ($0.saveEvery, $0.evalEvery) = (1, 0)
        } _: { tiny in
            let (run, model) = (tiny.run("run"), try tiny.model())
            let linear = try #require(model.model.linears["model.layers.0.self_attn.o_proj"])
            var saved: [Int] = []
            let error = #expect(throws: TorchError.self) {
                let trainer = try Trainer(tiny.recipe, model: model, run: run)
                linear.adapter = FailingAdapter(after: 2)
                _ = try trainer.run { event in
                    if case .saved(let step) = event { saved.append(step) }
                }
            }
            #expect(error?.message.contains("matmul") == true)
            #expect(saved == [1, 2])
            #expect(try Checkpoint.last(in: run)?.lastPathComponent == "00000002")
            // From that checkpoint the run goes on to what it would have been.
            try tiny.train("run", resume: true)
            try tiny.train("whole")
            #expect(try tiny.run("whole").differences(from: run) == [])
        }
    }

    @Test("A failure of the engine in the evaluation writes no predictions and no results")
    func evaluationFailure() throws {
        try withTinyRun(.adamw) { tiny in
            let (run, model) = (tiny.run("run"), try tiny.model())
            let linear = try #require(model.model.linears["model.layers.0.self_attn.o_proj"])
            let trainer = try Trainer(tiny.recipe, model: model, run: run)
            linear.adapter = FailingAdapter(after: tiny.recipe.steps)
            #expect(throws: TorchError.self) { try trainer.run() }
            #expect(try run.readMetrics() == nil)
            let files = FileManager.default
            #expect(!files.fileExists(atPath: run.predictions("validation").path))
        }
    }

    @Test("A failure of the engine while the posterior is made or written ends in a sentence")
    func posteriorFailure() throws {
        try withTinyRun(.ivon) { tiny in
            let (run, model) = (tiny.run("run"), try tiny.model())
            let ways: [(inout TrainingMethod.Learner) -> Void] = [
                {
                    $0.posterior = {
                        NormalPosterior(variance: broken(), effectiveSampleSize: 1)
                    }
                },
                {
                    $0.finalHealth = {
                        _ = broken()
                        return nil
                    }
                },
                { $0.posterior = { UnwritablePosterior() } },
            ]
            for (index, way) in ways.enumerated() {
                let error = #expect(throws: TorchError.self) {
                    let trainer = try Trainer(
                        tiny.recipe,
                        model: model,
                        run: run,
                        resume: index > 0
                    )
                    way(&trainer.learner)
                    _ = try trainer.run()
                }
                #expect(error?.message.contains("matmul") == true)
                #expect(try run.readMetrics() == nil)
                #expect(!FileManager.default.fileExists(atPath: run.posterior.path))
            }
            // From its last checkpoint the run goes on to what it would have been.
            try tiny.train("run", resume: true)
            try tiny.train("whole")
            #expect(try tiny.run("whole").differences(from: run) == [])
        }
    }

    @Test("A loss that is not finite stops the run; the checkpoint before it stays")
    func lossNotFinite() throws {
        try withTinyRun(.adamw) {
            ($0.saveEvery, $0.dropout) = (4, 0)
        } _: { tiny in
            try tiny.train("run", shouldStop: { true })
            let run = tiny.run("run")
            let good = try #require(try Checkpoint.last(in: run))
            let state = try Data(contentsOf: good.appendingPathComponent("state.safetensors"))
            // The same run under another learning rate, which no user can ask for.
            var broken = tiny
            broken.recipe.learningRate = 1e37
            try AtomicFile.write(Data(broken.recipe.yaml.utf8), to: run.recipe)
            let error = #expect(throws: TrainingError.self) {
                try broken.train("run", resume: true)
            }
            guard case .lossNotFinite(let loss, let step, let ids, let checkpoint) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!loss.isFinite && step == 3 && ids.count == 4 && checkpoint == good.path)
            let text = error?.description ?? ""
            for part in ["step 3", ids[0], good.path] { #expect(text.contains(part)) }
            let after = try Data(contentsOf: good.appendingPathComponent("state.safetensors"))
            #expect(after == state)
            #expect(try Checkpoint.last(in: run) == good)
        }
    }

    @Test("Parameters that are not finite are never saved")
    func parametersNotFinite() throws {
        try withTinyRun {
            // The first step overflows float32 and its own loss is finite.
            ($0.learningRate, $0.hessInit, $0.clipRadius) = (1e37, 1e-6, .infinity)
            ($0.saveEvery, $0.steps) = (1, 3)
        } _: { tiny in
            #expect(throws: TrainingError.self) { try tiny.train("run") }
            #expect(try Checkpoint.last(in: tiny.run("run")) == nil)
            let metrics = try tiny.run("run").readMetrics()
            #expect(metrics == nil)
        }
    }

    @Test("A folder that holds something else is left alone")
    func folders() throws {
        try withTinyRun { tiny in
            func message(_ name: String, resume: Bool = false, force: Bool = false) -> String {
                sentence { try tiny.train(name, resume: resume, force: force) }
            }
            let foreign = tiny.folder.appendingPathComponent("foreign/notes.txt")
            try FileManager.default.createDirectory(
                at: foreign.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data("mine".utf8).write(to: foreign)
            for force in [false, true] {
                #expect(message("foreign", force: force).contains("found notes.txt"))
            }
            #expect(message("foreign", resume: true).contains("found notes.txt"))
            #expect(try Data(contentsOf: foreign) == Data("mine".utf8))
            #expect(message("foreign/notes.txt").contains("found a file"))
            // A full folder of a name that runs use is no empty folder.
            let deep = tiny.folder.appendingPathComponent("named/checkpoints/mine")
            try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
            #expect(message("named").contains("found checkpoints"))
        }
    }

    @Test("A run is replaced with force only, and completely")
    func force() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let before = try tiny.run("run").contents()
            var other = tiny
            other.recipe.seed = 4
            let text = sentence { try other.train("run") }
            #expect(text.contains("holds another run; use --resume"))
            #expect(try tiny.run("run").contents() == before)
            let notes = tiny.run("run").url.appendingPathComponent("notes.txt")
            try Data("mine".utf8).write(to: notes)
            try other.train("run", force: true)
            #expect(try Data(contentsOf: notes) == Data("mine".utf8))
            try FileManager.default.removeItem(at: notes)
            try other.train("fresh")
            #expect(try other.run("run").differences(from: other.run("fresh")).isEmpty)
        }
    }

    @Test("A run that cannot start replaces nothing, even with force")
    func replacementThatCannotStart() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let before = try tiny.run("run").contents()
            var broken = tiny
            broken.recipe.targetModules = ["nonsense"]
            #expect(throws: LoRAError.self) { try broken.train("run", force: true) }
            #expect(try tiny.run("run").contents() == before)
        }
    }

    @Test("Another recipe cannot go on with a run")
    func otherRecipe() throws {
        try withTinyRun { tiny in
            try tiny.train("run", shouldStop: { true })
            var other = tiny
            other.recipe.rank = 3
            let text = sentence { try other.train("run", resume: true) }
            #expect(text.contains("the run was started with rank 2, but 3 was asked for"))
        }
    }

    @Test("One process at a time: no training, resuming or replacing of a run that is trained")
    func lock() throws {
        try withTinyRun { tiny in
            var messages: [String] = []
            try tiny.train("run") { event in
                guard case .trained(2, _) = event else { return }
                messages.append(sentence { try tiny.train("run", resume: true) })
                messages.append(sentence { try tiny.train("run", force: true) })
            }
            #expect(messages.count == 2)
            for text in messages { #expect(text.contains("another process is training this run")) }
            try tiny.train("alone")
            #expect(try tiny.run("run").differences(from: tiny.run("alone")).isEmpty)
        }
    }

    @Test("The lock holds whatever becomes of the files in the folder")
    func lockHolds() throws {
        try withTinyRun { tiny in
            var messages: [String] = []
            try tiny.train("run") { event in
                guard case .trained(let step, _) = event, step == 2 || step == 4 else { return }
                try? AtomicFile.write(Data(tiny.recipe.yaml.utf8), to: tiny.run("run").recipe)
                messages.append(
                    sentence { try tiny.train("run", resume: step == 2, force: step == 4) }
                )
            }
            #expect(messages.count == 2)
            for text in messages { #expect(text.contains("another process is training this run")) }
        }
    }

    @Test("Checkpoints that cannot be listed are not taken for none")
    func unreadableCheckpoints() throws {
        try withTinyRun { tiny in
            try tiny.train("run", shouldStop: { true })
            let run = tiny.run("run")
            let before = try Data(contentsOf: run.history)
            let checkpoints = run.checkpoints
            try FileManager.default.moveItem(at: checkpoints, to: tiny.run("kept").url)
            // Links in a circle: nobody can list them, not even root.
            try FileManager.default.createSymbolicLink(
                at: checkpoints,
                withDestinationURL: checkpoints
            )
            let text = sentence { try tiny.train("run", resume: true) }
            #expect(text.contains("checkpoints: cannot be listed: Too many levels"), "\(text)")
            #expect(try Data(contentsOf: run.history) == before)
        }
    }

    @Test("A file of a checkpoint that is not numbers is refused by its tensor")
    func strayCheckpoint() throws {
        try withTinyRun { tiny in
            try tiny.train("run", shouldStop: { true })
            let folder = try #require(try Checkpoint.last(in: tiny.run("run")))
            let file = Checkpoint.file(in: folder)
            let whole = try Safetensors(contentsOf: file)
            let tensors = try whole.names.map { name in
                var bytes = try whole.bytes(of: name).withBytes { Data($0) }
                if name == "momentum" {
                    bytes.replaceSubrange(0..<4, with: withUnsafeBytes(of: Float.nan) { Data($0) })
                }
                let shape = whole.entries[name]?.shape ?? []
                return TensorToWrite(name: name, elementType: .float32, shape: shape, bytes: bytes)
            }
            try Safetensors.write(tensors, metadata: whole.metadata, to: file)
            let text = sentence { try tiny.train("run", resume: true) }
            #expect(text == "\(file.path): momentum: expected finite numbers, found nan")
        }
    }

    @Test("A checkpoint that cannot be removed is a warning")
    func warning() throws {
        try withTinyRun {
            $0.saveEvery = 1
        } _: { tiny in
            let first = Checkpoint.folder(of: 1, in: tiny.run("run"))
            // A name that is no UTF-8, which no text can ask for.
            let stray = Array(first.path.utf8CString.dropLast()) + [0x2F, -1, 0]
            defer { unlink(stray) }
            var warnings: [String] = []
            try tiny.train("run") { event in
                if case .saved(1) = event { close(creat(stray, 0o600)) }
                if case .warned(let text) = event { warnings.append(text) }
            }
            #expect(warnings.count == 5)
            #expect(warnings.first == "\(first.path): cannot be removed: Directory not empty")
        }
    }

    @Test("An adapter that is not numbers is refused by its tensor")
    func strayAdapter() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let file = tiny.run("run").url.appendingPathComponent("adapter_model.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes.replaceSubrange(
                bytes.count - 4..<bytes.count,
                with: withUnsafeBytes(of: Float.nan) { Data($0) }
            )
            try bytes.write(to: file)
            let text = sentence { _ = try TrainedRun(tiny.run("run"), model: try tiny.model()) }
            #expect(text.hasPrefix("\(file.path): base_model.model.model.layers."), "\(text)")
            #expect(text.hasSuffix("expected finite numbers, found nan"))
        }
    }

    @Test(
        "A full disk stops the run with the file's name, and the run can go on later",
        .enabled(if: SmallDisk.canBeMade, "this process may not mount a file system")
    )
    func fullDisk() throws {
        try withTinyRun { tiny in
            let disk = tiny.folder.appendingPathComponent("disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            try #require(SmallDisk.mount(disk))
            defer { SmallDisk.unmount(disk) }
            let filler = disk.appendingPathComponent("filler")
            var filled = false
            let text = sentence {
                try tiny.train("disk/run") { event in
                    guard case .trained(3, _) = event, !filled else { return }
                    filled = true
                    try? Data(count: 1 << 20).write(to: filler)
                    fill(filler)
                }
            }
            #expect(text.contains(disk.path) && text.contains("No space left"), "\(text)")
            try FileManager.default.removeItem(at: filler)
            try tiny.train("disk/run", resume: true)
            try tiny.train("whole")
            #expect(try tiny.run("whole").differences(from: tiny.run("disk/run")).isEmpty)
        }
    }

    /// Writes until nothing more fits.
    private func fill(_ file: URL) {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: file.path) else { return }
        for size in [4096, 1] {
            while (try? handle.write(contentsOf: Data(count: size))) != nil {}
        }
        try? handle.close()
    }
}

/// A file system of a megabyte in memory.
private enum SmallDisk {
    static let canBeMade =
        (try? withTemporaryFolder { folder in
            defer { unmount(folder) }
            return mount(folder)
        }) ?? false

    static func mount(_ folder: URL) -> Bool {
        call("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path])
    }

    static func unmount(_ folder: URL) { _ = call("/usr/bin/umount", [folder.path]) }

    private static func call(_ tool: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
