import Optimizers
import Torch

/// Monte Carlo dropout: the dropout on the adapters' inputs stays on when predicting.
///
/// Gal and Ghahramani 2016, arXiv 1506.02142. A draw is one model for a whole data set, so its
/// mask is over the input features of an adapter, the same for every token: `A · diag(mask) /
/// (1 - p)`, a change of the columns of A. The mean of the draws is A, the variance of an element
/// `A² p / (1 - p)`.
public struct DropoutPosterior: Posterior {
    /// `mc-dropout`.
    public static let name = "mc-dropout"

    /// Share of the features set to zero (p), above 0 and below 1.
    public let probability: Double
    private let places: [(range: Range<Int>, shape: [Int])]  // every A [rank, in]

    /// Dropout of the inputs of every matrix A among the parameters.
    public init(probability: Double, of entries: [FlatParameters.Entry]) {
        self.probability = probability
        places = entries.matricesA.map { ($0.range, $0.shape) }
    }

    /// A · (mask / (1 - p) - 1) at every A and 0 elsewhere.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        let result = Tensor.zeros(like: mean)
        for (range, shape) in places {
            let kept = generator.uniform([shape[1]], 0..<1).greater(than: probability)
            let factor = kept.to(.float32) * (1 / (1 - probability)) + -1  // [in]
            let values = mean.narrowed(0, start: range.lowerBound, length: range.count).view(shape)
            result.narrowed(0, start: range.lowerBound, length: range.count).view(shape)
                .copyInPlace(values * factor)
        }
        return result
    }

    /// The probability.
    public func write(to contents: inout PosteriorContents) {
        contents.add(probability, as: "dropout")
    }

    /// Reads the probability.
    public init(_ contents: PosteriorContents) throws {
        let range = Double.leastNormalMagnitude...1.0.nextDown
        self.init(probability: try contents.number("dropout", in: range), of: contents.entries)
    }
}
