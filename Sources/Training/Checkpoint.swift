import Files
import Foundation
import Optimizers
import TensorFiles
import Torch

/// All that exact resume needs beside recipe, model and data: vectors, counts, and what ties them.
///
/// Random numbers need no state: every stream starts anew from seed and step.
package struct Checkpoint {
    /// Steps taken.
    var step: Int
    /// Bytes of the history when it was saved; what was written later is cut off on resume.
    var historyLength: Int
    /// Sums since the last line of the history.
    var interval: IntervalSums
    /// Fingerprint of the base model.
    var model: String
    /// Fingerprint of the training examples.
    var data: String

    private static let version = "1"

    /// Writes the checkpoint of a step as a folder, whole or not at all.
    func write(
        _ parameters: FlatParameters,
        _ optimizer: any Optimizer,
        to run: RunFolder
    ) throws {
        let vectors =
            [("parameters", parameters.values)] + optimizer.state.sorted { $0.key < $1.key }
        let tensors = vectors.map { name, vector in
            TensorToWrite(name: name, shape: [parameters.count], floats: vector.floats)
        }
        try checkTorch()
        var metadata = [
            "format": "varlora-checkpoint", "version": Self.version, "step": "\(step)",
            "history_length": "\(historyLength)", "model": model, "data": data,
            "interval_steps": "\(interval.steps)", "interval_loss": "\(interval.loss)",
        ]
        for name in optimizer.measures.keys {
            metadata["interval_\(name)"] = "\(interval.measures[name] ?? 0)"
        }
        let target = run.checkpoints.appendingPathComponent(Self.name(step))
        let beside = run.checkpoints.appendingPathComponent("." + Self.name(step))
        do {
            try FileSystem.remove(beside)
            try FileSystem.makeFolder(beside)
            try Safetensors.write(tensors, metadata: metadata, to: Self.file(in: beside))
            try FileSystem.remove(target)
            try FileSystem.move(beside, to: target)
        } catch {
            try? FileSystem.remove(beside)
            throw error
        }
    }

    /// Removes all checkpoints of a run but the last ones and that of `keptStep`.
    ///
    /// - Returns: the reasons why some are still there.
    static func drop(
        butLast count: Int,
        keeping keptStep: Int?,
        in run: RunFolder
    ) throws -> [FileError] {
        try steps(in: run).dropLast(count).filter { $0 != keptStep }.compactMap { old in
            do {
                try FileSystem.remove(folder(of: old, in: run))
                return nil
            } catch let error as FileError {
                return error
            }
        }
    }

    /// The folder of the last checkpoint of a run; nil before the first.
    ///
    /// - Throws: `FileError` when the checkpoints cannot be listed: that is not to have none.
    static func last(in run: RunFolder) throws -> URL? {
        try steps(in: run).last.map { folder(of: $0, in: run) }
    }

    /// The folder of the checkpoint of a step.
    static func folder(of step: Int, in run: RunFolder) -> URL {
        run.checkpoints.appendingPathComponent(name(step))
    }

    /// The file of a checkpoint's folder.
    static func file(in folder: URL) -> URL { folder.appendingPathComponent("state.safetensors") }

    private static func name(_ step: Int) -> String {
        let digits = "\(step)"
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    private static func steps(in run: RunFolder) throws -> [Int] {
        try FileSystem.names(in: run.checkpoints).compactMap { Int($0) }.sorted()
    }
}

extension Checkpoint {
    /// Reads a checkpoint of a run of `steps` steps into parameters and optimizer.
    ///
    /// - Throws: `TensorFileError` or ``TrainingError`` when it is broken or of another run.
    package init(
        _ folder: URL,
        of steps: Int,
        into parameters: FlatParameters,
        _ optimizer: any Optimizer
    ) throws {
        let archive = try Safetensors(contentsOf: Self.file(in: folder))
        let file = archive.url.path
        func text(_ key: String) throws -> String {
            guard let value = archive.metadata[key] else {
                throw TensorFileError.missingKey(file: file, key: key)
            }
            return value
        }
        func number<Number: LosslessStringConvertible>(_ key: String) throws -> Number {
            let value = try text(key)
            guard let number = Number(value) else {
                throw TrainingError.mismatch(
                    file: file,
                    key: key,
                    expected: "a number",
                    found: value
                )
            }
            return number
        }
        func number<Number: LosslessStringConvertible & Comparable>(
            _ key: String,
            within range: ClosedRange<Number>
        ) throws -> Number {
            let number: Number = try number(key)
            guard range.contains(number) else {
                throw TrainingError.mismatch(
                    file: file,
                    key: key,
                    expected: "a number from \(range.lowerBound) to \(range.upperBound)",
                    found: "\(number)"
                )
            }
            return number
        }
        guard try text("version") == Self.version else {
            throw TrainingError.mismatch(
                file: file,
                key: "version",
                expected: Self.version,
                found: try text("version")
            )
        }
        step = try number("step", within: 0...steps)
        historyLength = try number("history_length", within: 0...Int.max)
        let largest = Double.greatestFiniteMagnitude
        interval = IntervalSums(
            steps: try number("interval_steps", within: 0...step),
            loss: try number("interval_loss", within: -largest...largest)
        )
        for name in optimizer.measures.keys {
            interval.measures[name] = try number("interval_\(name)", within: -largest...largest)
        }
        model = try text("model")
        data = try text("data")
        func vector(_ name: String) throws -> Tensor {
            guard let entry = archive.entries[name] else {
                throw TensorFileError.missingTensor(file: file, tensor: name)
            }
            guard entry.shape == [parameters.count], entry.elementType == .float32 else {
                throw TrainingError.mismatch(
                    file: file,
                    key: name,
                    expected: "F32 of shape [\(parameters.count)]",
                    found: "\(entry.elementType.rawValue) of shape \(entry.shape)"
                )
            }
            let bytes = try archive.bytes(of: name)
            let vector = bytes.withBytes {
                Tensor(viewing: $0, shape: entry.shape, dtype: .float32, owner: bytes)
            }
            if let stray = vector.floats.first(where: { !$0.isFinite }) {
                throw TrainingError.mismatch(
                    file: file,
                    key: name,
                    expected: "finite numbers",
                    found: "\(stray)"
                )
            }
            return vector
        }
        let values = try vector("parameters")
        var state: [String: Tensor] = [:]
        for name in optimizer.state.keys { state[name] = try vector(name) }
        parameters.values.copyInPlace(values)
        optimizer.restore(stepCount: step, state: state)
    }
}

/// Sums over the steps since the last line of the history.
struct IntervalSums: Codable, Equatable {
    var steps = 0
    var loss = 0.0
    /// The optimizer's own measures, by name.
    var measures: [String: Double] = [:]

    /// Adds a step.
    mutating func add(_ loss: Double, _ measures: [String: Double]) {
        steps += 1
        self.loss += loss
        self.measures.merge(measures, uniquingKeysWith: +)
    }

    /// The means of the measures.
    var meanMeasures: [String: Double] { measures.mapValues { $0 / Double(steps) } }
}
