import Foundation
import Optimizers
import Randomness
import TensorFiles
import Torch

/// What a file of a posterior can be wrong about; `description` is one sentence.
public struct PosteriorFileError: Error, Equatable, CustomStringConvertible {
    /// The sentence: file, key, expected, found.
    public let description: String

    static func mismatch(_ file: URL, _ key: String, _ expected: String, _ found: String) -> Self {
        Self(description: "\(file.path): \(key): expected \(expected), found \(found)")
    }
}

/// `posterior.safetensors` of a run: what is needed to draw, beside the mean in the adapter file.
///
/// Holds the Hessian of every adapter matrix, float32, under `hessian.` and the matrix's name in
/// the adapter file, and in its metadata the settings below.
public struct PosteriorFile: Equatable, Sendable {
    /// The file's name in a run folder.
    public static let name = "posterior.safetensors"
    private static let version = "1"

    /// The method that made it: `ivon`.
    public var method: String
    /// Effective sample size (λ).
    public var effectiveSampleSize: Double
    /// Weight decay (δ).
    public var weightDecay: Double
    /// First value of the Hessian (h₀).
    public var hessianInitialization: Double
    /// Variance scale (τ) used unless another is asked for.
    public var varianceScale: Double
    /// Fingerprint of the base model.
    public var model: String
    /// Hash of the mean, the adapter's values.
    public var mean: String

    /// The settings of a posterior.
    public init(
        method: String,
        effectiveSampleSize: Double,
        weightDecay: Double,
        hessianInitialization: Double,
        varianceScale: Double,
        model: String,
        mean: String
    ) {
        self.method = method
        self.effectiveSampleSize = effectiveSampleSize
        self.weightDecay = weightDecay
        self.hessianInitialization = hessianInitialization
        self.varianceScale = varianceScale
        self.model = model
        self.mean = mean
    }

    /// The hash of a mean: of the bytes of its float32 values [count].
    public static func hash(of mean: Tensor) -> String {
        var hash = StableHash()
        mean.floats.withUnsafeBytes { hash.add($0) }
        return hash.text
    }

    /// Writes the posterior with the Hessian (h) [count] of `parameters`.
    ///
    /// - Throws: `TensorFileError` when the file cannot be written; an old one is then intact.
    public func write(hessian: Tensor, of parameters: FlatParameters, to file: URL) throws {
        let tensors = parameters.entries.map { entry in
            TensorToWrite(
                name: "hessian." + entry.name,
                elementType: .float32,
                shape: entry.shape,
                bytes: FlatParameters.view(hessian, entry).floats.withUnsafeBytes { Data($0) }
            )
        }
        try Safetensors.write(tensors, metadata: metadata, to: file)
    }

    private var metadata: [String: String] {
        [
            "format": "varlora-posterior", "version": Self.version, "method": method,
            "effective_sample_size": "\(effectiveSampleSize)", "weight_decay": "\(weightDecay)",
            "hessian_initialization": "\(hessianInitialization)",
            "posterior_variance_scale": "\(varianceScale)", "model": model, "mean": mean,
        ]
    }

    /// Reads a posterior and its Hessian (h) [count] for `parameters`.
    ///
    /// - Throws: `TensorFileError` or ``PosteriorFileError`` when the file is broken, of another
    ///   version, or belongs to another adapter.
    public static func read(
        _ file: URL,
        for parameters: FlatParameters
    ) throws -> (settings: PosteriorFile, hessian: Tensor) {
        let archive = try Safetensors(contentsOf: file)
        let settings = try PosteriorFile(archive)
        let parts = try parameters.entries.map { entry in
            let name = "hessian." + entry.name
            guard let stored = archive.entries[name] else {
                throw TensorFileError.missingTensor(file: file.path, tensor: name)
            }
            guard stored.shape == entry.shape, stored.elementType == .float32 else {
                throw PosteriorFileError.mismatch(
                    file,
                    name,
                    "F32 of shape \(entry.shape)",
                    "\(stored.elementType.rawValue) of shape \(stored.shape)"
                )
            }
            let bytes = try archive.bytes(of: name)
            return Tensor(
                viewing: bytes.pointer,
                shape: [entry.range.count],
                dtype: .float32,
                owner: bytes.owner
            )
        }
        if archive.names.count != parts.count {
            throw PosteriorFileError.mismatch(
                file,
                "tensors",
                "\(parts.count), one a matrix of the adapter",
                "\(archive.names.count)"
            )
        }
        let hessian = Tensor.concatenated(parts, along: 0).to(parameters.values.device)
        return (settings, hessian)
    }

    private init(_ archive: Safetensors) throws {
        let file = archive.url
        func text(_ key: String) throws -> String {
            guard let value = archive.metadata[key] else {
                throw TensorFileError.missingKey(file: file.path, key: key)
            }
            return value
        }
        func number(_ key: String, atLeast bound: Double) throws -> Double {
            let value = try text(key)
            guard let number = Double(value), number.isFinite, number >= bound else {
                throw PosteriorFileError.mismatch(file, key, "a number of at least \(bound)", value)
            }
            return number
        }
        let version = try text("version")
        guard version == Self.version else {
            throw PosteriorFileError.mismatch(file, "version", Self.version, version)
        }
        method = try text("method")
        guard method == "ivon" else {
            throw PosteriorFileError.mismatch(file, "method", "ivon", method)
        }
        effectiveSampleSize = try number("effective_sample_size", atLeast: 0)
        weightDecay = try number("weight_decay", atLeast: 0)
        hessianInitialization = try number("hessian_initialization", atLeast: 0)
        varianceScale = try number("posterior_variance_scale", atLeast: 0)
        model = try text("model")
        mean = try text("mean")
    }

    /// The posterior's standard deviation 1 / sqrt(λ (h + δ)) [count] at τ = 1.
    public func standardDeviation(hessian: Tensor) -> Tensor {
        ((hessian + weightDecay) * effectiveSampleSize).power(-0.5)
    }
}
