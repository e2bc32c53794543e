/// How far IVON's posterior has moved from its initial value, and how its steps are bounded.
public struct PosteriorHealth: Codable, Equatable, Sendable {
    /// Mean share of the elements whose step the clip radius bounded, since the last line; absent
    /// from the state at the end of a run.
    public var clippedShare: Double?
    /// Quantiles of h / h₀ over the parameters at 5%, 50% and 95%.
    public var hessianRatio: [Double]
    /// Mean of the posterior's standard deviation over the parameters.
    public var standardDeviation: Double
    /// The same of each adapter matrix, in the order of the model; at the end of a run only.
    public var layers: [LayerHealth]?

    private enum CodingKeys: String, CodingKey {
        case layers
        case clippedShare = "clipped_share"
        case hessianRatio = "hessian_ratio"
        case standardDeviation = "standard_deviation"
    }

    /// The state of a posterior as a whole.
    package init(clippedShare: Double?, hessianRatio: [Double], standardDeviation: Double) {
        self.clippedShare = clippedShare
        self.hessianRatio = hessianRatio
        self.standardDeviation = standardDeviation
    }

    /// Reads the keys; throws `DecodingError` unless there are three quantiles.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clippedShare = try container.decodeIfPresent(Double.self, forKey: .clippedShare)
        hessianRatio = try container.threeNumbers(.hessianRatio)
        standardDeviation = try container.decode(Double.self, forKey: .standardDeviation)
        layers = try container.decodeIfPresent([LayerHealth].self, forKey: .layers)
    }
}

/// How far the posterior of one adapter matrix has moved from its initial value.
public struct LayerHealth: Codable, Equatable, Sendable {
    /// The number of the block, from 0; nil outside the blocks.
    public var layer: Int?
    /// The adapted projection, such as `q_proj`.
    public var projection: String
    /// `A` [rank, in] or `B` [out, rank].
    public var matrix: String
    /// Quantiles of h / h₀ over the matrix at 5%, 50% and 95%.
    public var hessianRatio: [Double]
    /// Mean of the posterior's standard deviation over the matrix.
    public var standardDeviation: Double

    private enum CodingKeys: String, CodingKey {
        case layer, projection, matrix
        case hessianRatio = "hessian_ratio"
        case standardDeviation = "standard_deviation"
    }

    /// The state of the posterior of a matrix.
    package init(
        layer: Int?,
        projection: String,
        matrix: String,
        hessianRatio: [Double],
        standardDeviation: Double
    ) {
        self.layer = layer
        self.projection = projection
        self.matrix = matrix
        self.hessianRatio = hessianRatio
        self.standardDeviation = standardDeviation
    }

    /// Reads the keys; throws `DecodingError` unless there are three quantiles.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        layer = try container.decodeIfPresent(Int.self, forKey: .layer)
        projection = try container.decode(String.self, forKey: .projection)
        matrix = try container.decode(String.self, forKey: .matrix)
        hessianRatio = try container.threeNumbers(.hessianRatio)
        standardDeviation = try container.decode(Double.self, forKey: .standardDeviation)
    }
}

extension KeyedDecodingContainer {
    /// A list of three numbers; throws `DecodingError` for another length.
    fileprivate func threeNumbers(_ key: Key) throws -> [Double] {
        let numbers = try decode([Double].self, forKey: key)
        guard numbers.count == 3 else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "expected 3 numbers, found \(numbers.count)"
            )
        }
        return numbers
    }
}
