import Foundation

/// Temperature scaling: probabilities p become those proportional to p^(1/T), with one T > 0.
///
/// Guo et al. 2017 (arXiv 1706.04599): T minimises the NLL on validation examples. In β = 1/T that
/// NLL is convex: its slope is the mean over examples of E[x] less the mean of x under the labels,
/// where x are the log probabilities and E is under the scaled distribution, and its curvature the
/// mean of Var[x]. So the root of the slope is found by Newton's method, inside a bracket that is
/// halved where a step would leave it.
public struct Temperature: Codable, Equatable, Sendable {
    /// The temperatures that are looked at.
    public static let bounds = 0.05...20.0

    /// The temperature (T).
    public var value: Double
    /// Whether the NLL still falls beyond ``value``, which is then an end of ``bounds``.
    public var isAtBound: Bool

    /// The temperature that changes nothing: 1.
    public static let unscaled = Temperature(value: 1, isAtBound: false)

    private enum CodingKeys: String, CodingKey {
        case value
        case isAtBound = "is_at_bound"
    }

    private init(value: Double, isAtBound: Bool) {
        self.value = value
        self.isAtBound = isAtBound
    }

    /// Fits a temperature to the cross-entropy with soft labels.
    ///
    /// An example of which an answer that may be right has probability 0 has an infinite NLL at
    /// every temperature and does not count. Where all temperatures are equally good, as with
    /// uniform probabilities, the result is 1.
    ///
    /// - Parameters:
    ///   - logProbabilities: log p of each answer for each example, at least one; -inf is p = 0.
    ///     A constant added to an example changes nothing, so logits will do.
    ///   - targets: Probability that each answer is right, for each example.
    /// - Throws: ``MetricError/noTemperature(reason:)`` where the two do not fit together or a
    ///   number is NaN or +inf.
    public init(fittedTo logProbabilities: [[Double]], targets: [[Double]]) throws {
        let examples = try Self.examples(logProbabilities, targets)
        var lower = 1 / Self.bounds.upperBound
        var upper = 1 / Self.bounds.lowerBound
        let ends = (Self.slope(examples, lower).value, Self.slope(examples, upper).value)
        if ends.0 == 0, ends.1 == 0 {
            self = .unscaled
            return
        }
        if ends.0 >= 0 || ends.1 <= 0 {
            let isLower = ends.1 <= 0
            value = isLower ? Self.bounds.lowerBound : Self.bounds.upperBound
            isAtBound = (isLower ? ends.1 : ends.0) != 0
            return
        }
        var inverse = 1.0
        // Halving alone needs 60 steps for the last bit; Newton's steps need about six.
        for _ in 0..<100 {
            let slope = Self.slope(examples, inverse)
            if slope.value < 0 { lower = inverse } else { upper = inverse }
            let step = slope.value / slope.derivative
            if abs(step) <= 1e-14 * inverse { break }
            inverse -= step
            if !(inverse > lower && inverse < upper) { inverse = (lower + upper) / 2 }
        }
        value = 1 / inverse
        isAtBound = false
    }

    /// Fits a temperature to the cross-entropy of averages over draws, each tempered before.
    ///
    /// With one draw it is the fit of ``init(fittedTo:targets:)``. Over several the NLL need not be
    /// convex: the best of 200 temperatures, evenly spaced in log T, is refined between its
    /// neighbours by golden sections.
    ///
    /// - Parameters:
    ///   - draws: log p of each answer under each draw for each example [examples][draws][answers],
    ///     with as many draws each, at least one.
    ///   - targets: Probability that each answer is right, for each example.
    /// - Throws: as for one draw.
    public init(fittedToDraws draws: [[[Double]]], targets: [[Double]]) throws {
        let ofFirst = try Temperature(fittedTo: draws.map { $0.first ?? [] }, targets: targets)
        guard draws.contains(where: { $0.count > 1 }) else {
            self = ofFirst
            return
        }
        func loss(_ logarithm: Double) -> Double {
            let temperature = Temperature(value: exp(logarithm), isAtBound: false)
            return zip(draws, targets).reduce(0) { $0 + temperature.crossEntropy($1.0, $1.1) }
        }
        let ends = (low: log(Self.bounds.lowerBound), high: log(Self.bounds.upperBound))
        let width = (ends.high - ends.low) / 199
        let grid = (0..<200).map { ends.low + width * Double($0) }
        let losses = grid.map(loss)
        guard let least = losses.min(), let best = losses.firstIndex(of: least),
            losses.contains(where: { $0 > least })
        else {
            self = .unscaled
            return
        }
        var (low, high) = (max(ends.low, grid[best] - width), min(ends.high, grid[best] + width))
        let golden = (5.0.squareRoot() - 1) / 2
        while high - low > 1e-9 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low))
            if loss(left) <= loss(right) { high = right } else { low = left }
        }
        let found = (low + high) / 2
        value = exp(found)
        isAtBound = found - ends.low < 1e-8 || ends.high - found < 1e-8
    }

    /// The cross-entropy of the average over an example's tempered draws; 0 where a right answer
    /// has probability 0 under all of them.
    private func crossEntropy(_ draws: [[Double]], _ targets: [Double]) -> Double {
        let tempered = draws.map(scaled)
        return targets.indices.reduce(0) { sum, answer in
            guard targets[answer] > 0 else { return sum }
            let logs = tempered.map { $0[answer] }
            guard let largest = logs.max(), largest > -.infinity else { return sum }
            let total = logs.reduce(0) { $0 + exp($1 - largest) }
            return sum - targets[answer] * (largest + log(total / Double(logs.count)))
        }
    }

    /// Fits a temperature to the NLL of examples that have one right answer each.
    ///
    /// - Parameters:
    ///   - logProbabilities: as for soft labels.
    ///   - labels: Index of the right answer of each example.
    /// - Throws: as for soft labels.
    public init(fittedTo logProbabilities: [[Double]], labels: [Int]) throws {
        let targets = try zip(logProbabilities, labels).enumerated().map { index, example in
            let (values, label) = example
            guard values.indices.contains(label) else {
                throw MetricError.noTemperature(
                    reason: "the label of example \(index) is \(label) among "
                        + "\(values.count) answers"
                )
            }
            return values.indices.map { $0 == label ? 1.0 : 0 }
        }
        // `zip` leaves out what only one of them has.
        let surplus = [[Double]](repeating: [], count: labels.count - targets.count)
        try self.init(fittedTo: logProbabilities, targets: targets + surplus)
    }

    /// The log probabilities at this temperature: log p / T, normalised.
    ///
    /// - Parameter logProbabilities: Log probabilities (or logits) of one example's answers, of
    ///   which one at least is finite.
    /// - Returns: As many log probabilities.
    public func scaled(_ logProbabilities: [Double]) -> [Double] {
        guard let largest = logProbabilities.max() else { return [] }
        // The largest is taken off first, so that no exponential overflows.
        let scaled = logProbabilities.map { ($0 - largest) / value }
        let logSum = log(scaled.reduce(0) { $0 + exp($1) })
        return scaled.map { $0 - logSum }
    }

    /// Targets for a fit to few examples: as if of n + 2 alike one were wrong.
    ///
    /// Of n examples that are all right no temperature is low enough. So a right answer counts
    /// (n + 1) / (n + 2), and the rest is spread evenly over its example's others, which after
    /// hundreds of examples changes nothing: Platt 1999, who had two answers.
    ///
    /// - Parameter targets: Probability that each answer is right, for each example.
    /// - Returns: What is to be fitted to in their place, of the same shape.
    public static func smoothed(_ targets: [[Double]]) -> [[Double]] {
        let share = 1 / Double(targets.count + 2)
        return targets.map { target in
            guard target.count > 1 else { return target }
            let others = share / Double(target.count - 1)
            return target.map { $0 * (1 - share) + (1 - $0) * others }
        }
    }

    /// The log probabilities of an example's possible answers, less the mean of the right ones.
    private typealias Margins = [Double]

    private static func examples(
        _ logProbabilities: [[Double]],
        _ targets: [[Double]]
    ) throws -> [Margins] {
        func failure(_ reason: String) -> MetricError { .noTemperature(reason: reason) }
        guard !targets.isEmpty, targets.count == logProbabilities.count else {
            throw failure(
                "the log probabilities are of \(logProbabilities.count) examples and the labels of "
                    + "\(targets.count), and at least one is needed"
            )
        }
        return try zip(logProbabilities, targets).enumerated().compactMap { index, example in
            let (values, targets) = example
            guard targets.count == values.count else {
                throw failure(
                    "the labels of example \(index) are \(targets.count) numbers for "
                        + "\(values.count) answers"
                )
            }
            if let stray = values.first(where: { $0.isNaN || $0 == .infinity }) {
                throw failure("a log probability of example \(index) is \(stray)")
            }
            let right = zip(targets, values).filter { $0.0 > 0 }
            guard right.allSatisfy(\.1.isFinite) else { return nil }
            let mean = right.reduce(0) { $0 + $1.0 * $1.1 }
            return values.filter(\.isFinite).map { $0 - mean }
        }
    }

    /// Slope and curvature of the summed NLL at β = 1/T.
    private static func slope(
        _ examples: [Margins],
        _ inverse: Double
    ) -> (value: Double, derivative: Double) {
        var (value, derivative) = (0.0, 0.0)
        for margins in examples {
            let largest = margins.max() ?? 0
            var (total, first, second) = (0.0, 0.0, 0.0)
            for margin in margins {
                let weight = exp(inverse * (margin - largest))
                total += weight
                first += weight * margin
                second += weight * margin * margin
            }
            let mean = first / total
            value += mean
            derivative += second / total - mean * mean
        }
        return (value, derivative)
    }
}
