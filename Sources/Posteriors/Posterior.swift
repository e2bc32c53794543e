/// A distribution over the adapter's parameters.
///
/// To predict, run the model once with each draw in place over the whole data set and average the
/// probabilities.
public protocol Posterior {
    /// Number of draws; a point estimate has one.
    var drawCount: Int { get }

    /// Runs `body` with draw `index` in the parameters, then puts the mean back, also on throw.
    ///
    /// A draw depends on the posterior and `index` only: it is one model for a whole data set.
    func withDraw<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result
}

/// All mass on the parameters as they are: the mean, or a method that trains one model.
public struct PointEstimate: Posterior {
    /// One.
    public let drawCount = 1

    /// The parameters as they are.
    public init() {}

    /// Runs `body` with the parameters as they are.
    public func withDraw<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
        try body()
    }
}
