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

/// `posterior.safetensors` of a run: what is needed to predict beside the mean in the adapter file.
public struct PosteriorFile {
    /// The file's name in a run folder.
    public static let name = "posterior.safetensors"
    /// Every kind of posterior that a file can hold.
    public static let kinds: [any (Posterior & SendableMetatype).Type] = [
        IVONPosterior.self, NormalPosterior.self, DropoutPosterior.self, SWAGPosterior.self,
        EnsemblePosterior.self, LaplaceDiagonalPosterior.self, LaplaceKroneckerPosterior.self,
        TFBPosterior.self,
    ]
    /// The method of a file that holds a temperature and no posterior.
    private static let pointEstimate = "point-estimate"
    private static let format = "varlora-posterior"
    private static let version = "2"
    private static let (linearised, drawn) = ("linearised", "draws")

    /// How draws deviate from the mean; nil for a point estimate.
    public var kind: (any Posterior)?
    /// Variance scale (τ) used unless another is asked for.
    public var varianceScale: Double
    /// What logits are divided by before the softmax; 1 leaves them as they are.
    public var temperature: Double
    /// Whether predictions are those of the linearised model, for kinds that allow it, and not
    /// averaged over draws.
    public var isLinearised: Bool
    /// Fingerprint of the base model.
    public var model: String
    /// Hash of the mean, the adapter's values; see ``hash(of:)``.
    public var mean: String

    /// What the file calls the kind.
    public var method: String { kind.map { type(of: $0).name } ?? Self.pointEstimate }

    /// The posterior of a base model and a mean.
    public init(
        _ kind: (any Posterior)?,
        varianceScale: Double = 1,
        temperature: Double = 1,
        isLinearised: Bool = false,
        model: String,
        mean: String
    ) {
        self.kind = kind
        self.varianceScale = varianceScale
        self.temperature = temperature
        self.isLinearised = isLinearised
        self.model = model
        self.mean = mean
    }

    /// The hash of a mean: of the bytes of its float32 values [count].
    public static func hash(of mean: Tensor) -> String {
        var hash = StableHash()
        mean.floats.withUnsafeBytes { hash.add($0) }
        return hash.text
    }

    /// Whether a file says that predictions are those of the linearised model.
    ///
    /// - Throws: `TensorFileError` when it cannot be read.
    public static func isLinearised(_ file: URL) throws -> Bool {
        try Safetensors(contentsOf: file).metadata["predictive"] == linearised
    }

    /// Writes the posterior of `parameters`.
    ///
    /// - Throws: `TensorFileError` when the file cannot be written; an old one is then intact.
    public func write(for parameters: FlatParameters, to file: URL) throws {
        var contents = PosteriorContents(for: parameters, file: file)
        kind?.write(to: &contents)
        try contents.write([
            "format": Self.format, "version": Self.version, "method": method,
            "posterior_variance_scale": "\(varianceScale)", "temperature": "\(temperature)",
            "predictive": isLinearised ? Self.linearised : Self.drawn, "model": model,
            "mean": mean,
        ])
    }

    /// Reads a posterior of `parameters`.
    ///
    /// - Throws: `TensorFileError` or ``PosteriorFileError`` when the file is broken, of another
    ///   version, or belongs to another adapter.
    public init(contentsOf file: URL, for parameters: FlatParameters) throws {
        let contents = try PosteriorContents(try Safetensors(contentsOf: file), for: parameters)
        for (key, expected) in [("format", Self.format), ("version", Self.version)] {
            let found = try contents.text(key)
            guard found == expected else {
                throw PosteriorFileError.mismatch(file, key, expected, found)
            }
        }
        let method = try contents.text("method")
        let type = Self.kinds.first { $0.name == method }
        guard type != nil || method == Self.pointEstimate else {
            let names = (Self.kinds.map { $0.name } + [Self.pointEstimate]).joined(separator: ", ")
            throw PosteriorFileError.mismatch(file, "method", "one of \(names)", method)
        }
        kind = try type?.init(contents)
        varianceScale = try contents.number("posterior_variance_scale", atLeast: 0)
        temperature = try contents.positive("temperature")
        let predictive = try contents.text("predictive")
        let ways = kind is any LaplacePosterior ? [Self.linearised, Self.drawn] : [Self.drawn]
        guard ways.contains(predictive) else {
            let expected = ways.joined(separator: " or ")
            throw PosteriorFileError.mismatch(file, "predictive", expected, predictive)
        }
        isLinearised = predictive == Self.linearised
        model = try contents.text("model")
        mean = try contents.text("mean")
        try contents.checkAllRead()
    }
}
