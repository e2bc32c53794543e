import Randomness
import Testing

@testable import Training

@Suite("Rates of steps")
struct StepRateTests {
    /// Steps with momentum down a quadratic loss, in plain numbers.
    private struct Descent {
        let curvature: [Double]
        let rate: Double
        let beta1: Double
        var values: [Double]
        var momentum: [Double]

        init(_ curvature: [Double], rate: Double, beta1: Double) {
            (self.curvature, self.rate, self.beta1) = (curvature, rate, beta1)
            values = curvature.map { _ in 1 }
            momentum = curvature.map { _ in 0 }
        }

        /// `noise` is added to the gradient.
        mutating func step(_ noise: (Int) -> Double = { _ in 0 }) {
            for index in curvature.indices {
                let gradient = curvature[index] * values[index] + noise(index)
                momentum[index] = beta1 * momentum[index] + (1 - beta1) * gradient
                values[index] -= rate * momentum[index]
            }
        }
    }

    @Test("Four times the stable rate is where steps begin to diverge", arguments: [0, 0.5, 0.9])
    func stable(beta1: Double) {
        func end(_ factor: Double) -> Double {
            let rate = factor * StepRate.stable(under: 7, beta1: beta1)
            var descent = Descent([7], rate: rate, beta1: beta1)
            for _ in 0..<2000 { descent.step() }
            return abs(descent.values[0])
        }
        #expect(end(3.9) < 1e-6)
        #expect(end(4.1) > 1e6)
    }

    // 200,000 steps forget the past in a hundred: the mean is known to some 2%. The law is the
    // first order in the rate, here 2% and less of the largest stable one.
    @Test("At the quiet rate the noise of gradients spreads as far as asked", arguments: [0, 0.9])
    func quiet(beta1: Double) {
        let fisher = [0.04, 0.02, 0.01, 0.01]  // of a term
        let (terms, batch, variance) = (256.0, 8.0, 0.05)
        let rate = StepRate.quiet(variance, batches: terms / batch)
        var descent = Descent(fisher.map { $0 * terms }, rate: rate, beta1: beta1)
        var random = SplitMix64(seed: 1)
        let deviation = fisher.map { terms * ($0 / batch).squareRoot() }
        var total = 0.0
        let steps = 200_000
        for _ in 0..<steps {
            descent.step { random.next().isMultiple(of: 2) ? deviation[$0] : -deviation[$0] }
            total += descent.values.reduce(0) { $0 + $1 * $1 } / Double(fisher.count)
        }
        let found = total / Double(steps)
        #expect(abs(found / variance - 1) < 0.06, "\(found)")
    }
}
