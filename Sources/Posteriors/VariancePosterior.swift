import Torch

/// A posterior that says how certain each parameter is.
public protocol VariancePosterior: Posterior {
    /// Variance of each parameter at variance scale 1 [count].
    var variance: Tensor { get }

    /// How often the posterior counts the loss of one of `count` training examples.
    func weight(ofOneAmong count: Int) -> Double
}

extension VariancePosterior {
    /// Once.
    public func weight(ofOneAmong count: Int) -> Double { 1 }
}
