import Foundation
import Metrics
import Randomness
import Torch

/// A normal distribution over the logits of an example's answers, up to a shift of all of them,
/// which no probability sees.
public struct LogitDistribution: Equatable, Sendable {
    /// Mean of the logits: [answers], centred.
    public let mean: [Double]
    /// Covariance of the centred logits at variance scale 1: [answers][answers].
    public let covariance: [[Double]]

    /// The distribution of centred logits `f_c - mean(f)`, from those of raw logits.
    ///
    /// `covariance` is that of the raw logits or of any shift of them, such as their differences to
    /// the first.
    public init(mean: [Double], covariance: [[Double]]) {
        let count = Double(max(1, mean.count))
        let shift = mean.reduce(0, +) / count
        self.mean = mean.map { $0 - shift }
        let rowMeans = covariance.map { $0.reduce(0, +) / count }
        let total = rowMeans.reduce(0, +) / count
        self.covariance = covariance.indices.map { row in
            covariance[row].indices.map {
                covariance[row][$0] - rowMeans[row] - rowMeans[$0] + total
            }
        }
    }

    /// The distribution of the logits divided by a temperature.
    func divided(by temperature: Double) -> LogitDistribution {
        if temperature == 1 { return self }
        return LogitDistribution(
            mean: mean.map { $0 / temperature },
            covariance: covariance.map { $0.map { $0 / (temperature * temperature) } }
        )
    }

    /// The softmax of the mean.
    public var meanProbabilities: [Double] { softmax(mean) }

    /// The softmax averaged over the logits with the covariance times τ.
    fileprivate func predictive(varianceScale: Double, _ nodes: NormalNodes) -> PredictiveAverage {
        let root = choleskyRoot(covariance)
        guard varianceScale > 0, !root.joined().allSatisfy({ $0 == 0 }) else {
            return PredictiveAverage(probabilities: meanProbabilities, mutualInformation: 0)
        }
        let scale = varianceScale.squareRoot()
        var average = [Double](repeating: 0, count: mean.count)
        var expectedEntropy = 0.0
        for (node, weight) in zip(nodes.places, nodes.weights) {
            let logs = logSoftmax(
                mean.indices.map { row in
                    zip(root[row], node).reduce(mean[row]) { $0 + scale * $1.0 * $1.1 }
                }
            )
            for (answer, log) in logs.enumerated() {
                let probability = exp(log)
                average[answer] += weight * probability
                if probability > 0 { expectedEntropy -= weight * probability * log }
            }
        }
        // The weights sum to 1 but for rounding.
        let sum = average.reduce(0, +)
        average = average.map { $0 / sum }
        let information = PredictiveUncertainty.entropy(of: average) - expectedEntropy
        return PredictiveAverage(probabilities: average, mutualInformation: max(0, information))
    }
}

extension Sequence<LogitDistribution> {
    /// The predictive distribution of each example at a variance scale (τ), which multiplies the
    /// covariances.
    ///
    /// The softmax is averaged over the distribution of the logits: for two answers by the
    /// trapezoidal rule, for more over 10,000 normal draws, the same for every example. At τ = 0
    /// the probabilities are those of the mean, exactly.
    public func predictive(varianceScale: Double) -> [PredictiveAverage] {
        precondition(varianceScale >= 0, "a variance scale of \(varianceScale) is below 0")
        var draws: [Int: NormalNodes] = [:]
        return map { distribution in
            let dimensions = distribution.mean.count - 1
            let nodes = draws[dimensions] ?? NormalNodes(dimensions: dimensions)
            draws[dimensions] = nodes
            return distribution.predictive(varianceScale: varianceScale, nodes)
        }
    }
}

/// What a distribution over logits says about the answer.
public struct PredictiveAverage: Equatable, Sendable {
    /// Probability of each answer.
    public let probabilities: [Double]
    /// Mutual information of answer and parameters, in nats.
    public let mutualInformation: Double
}

/// A lower triangular L with `L Lᵀ` = `matrix`, which may be singular: a pivot that only rounding
/// keeps from 0 gives a column of zeros.
func choleskyRoot(_ matrix: [[Double]]) -> [[Double]] {
    let count = matrix.count
    var root = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    let bound = 1e-12 * matrix.indices.reduce(0) { max($0, matrix[$1][$1]) }
    for column in 0..<count {
        let known = (0..<column).reduce(0) { $0 + root[column][$1] * root[column][$1] }
        let pivot = matrix[column][column] - known
        guard pivot > bound else { continue }
        root[column][column] = pivot.squareRoot()
        for row in (column + 1)..<count {
            let known = (0..<column).reduce(0) { $0 + root[row][$1] * root[column][$1] }
            root[row][column] = (matrix[row][column] - known) / root[column][column]
        }
    }
    return root
}

/// Places and weights whose weighted sums are expectations under a standard normal distribution.
private struct NormalNodes {
    let places: [[Double]]
    let weights: [Double]

    /// In one dimension 1,001 equidistant places within nine standard deviations, in more 5,000
    /// normal draws, always the same ones, and their negatives.
    ///
    /// The trapezoidal rule converges exponentially for analytic integrands: for two logits whose
    /// difference has standard deviation 100 it still errs by less than 1e-4.
    init(dimensions: Int) {
        if dimensions <= 1 {
            let line = (-500...500).map { Double($0) * 9 / 500 }
            let densities = line.map { exp(-0.5 * $0 * $0) }
            let sum = densities.reduce(0, +)
            places = line.map { [$0] }
            weights = densities.map { $0 / sum }
        } else {
            let half = 5000
            let seed = RandomStream.prediction.seed(from: 0)
            let values = Generator(seed: seed).normal([half, dimensions], dtype: .float64).doubles
            let draws = (0..<half).map { Array(values[$0 * dimensions..<($0 + 1) * dimensions]) }
            places = draws + draws.map { $0.map { -$0 } }
            weights = [Double](repeating: 1 / Double(2 * half), count: 2 * half)
        }
    }
}
