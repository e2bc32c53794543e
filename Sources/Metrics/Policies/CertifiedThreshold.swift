import Randomness

/// The largest coverage whose share of wrong answers is certified to be at most a limit.
///
/// Learn then Test (Angelopoulos et al. 2021, arXiv 2110.01052) with its split fixed-sequence
/// testing. A quarter of the rows, drawn by chance, chooses what is tested: the score, candidate
/// thresholds, and the candidate to begin with, the one that promises the smallest p-value. The
/// other rows test the candidates from there on, each letting more answers through than the one
/// before, and stop at the first that fails. As the sequence does not depend on the rows that test
/// it, the probability that any candidate passes whose true error is above the limit is at most
/// 1 - confidence, however many are tested. Each test is exact: of n answers k are wrong, and
/// P(Bin(n, limit) <= k) is the p-value.
struct CertifiedThreshold {
    /// Answers of the testing rows at a threshold.
    struct Tally: Equatable {
        var answered: Int
        var wrong: Int
    }

    /// One row in so many chooses.
    static let choosingShare = 4
    /// Candidates at most.
    static let candidateCount = 50

    /// What is compared with the threshold.
    let score: CertaintyScore
    /// The certainty from which on answers are given; infinite where none can be certified.
    let certainty: Double
    /// The testing rows at the threshold, or, without one, at the first candidate.
    let tally: Tally
    /// Rows that tested.
    let testingRows: Int
    /// Validation rows with which the first candidate would pass at the error observed there; nil
    /// where it passed, or where that error is not below the limit.
    let rowsNeeded: Int?

    init(_ predictions: [Prediction], limit: Double, confidence: Double) throws {
        let folds = Self.folds(predictions)
        score = try CertaintyScore.best(for: folds.choosing)
        let chosen = try RankedAnswers(folds.choosing, by: score)
        let tested = try RankedAnswers(folds.testing, by: score)
        let candidates = chosen.thresholds(atMost: Self.candidateCount)
        let tallies = candidates.map { tested.tally(from: $0) }
        let start = Self.start(candidates.map { chosen.tally(from: $0) }, limit: limit)
        let passing = tallies[start...].prefix {
            Binomial.lowerTail($0.wrong, of: $0.answered, at: limit) <= 1 - confidence
        }
        testingRows = folds.testing.count
        certainty = passing.isEmpty ? .infinity : candidates[passing.endIndex - 1]
        tally = passing.last ?? tallies[start]
        rowsNeeded =
            passing.isEmpty
            ? Self.rowsNeeded(tally, of: testingRows, limit: limit, confidence: confidence) : nil
    }

    /// The rows that choose, and those that test; as many rows are always divided the same way.
    ///
    /// They are drawn: rows may come in an order that repeats, such as the questions about each
    /// state, and those at even distances would then all be of one kind.
    static func folds(
        _ predictions: [Prediction]
    ) -> (choosing: [Prediction], testing: [Prediction]) {
        var generator = RandomStream.split.generator(seed: 0)
        let drawn = generator.permutation(of: predictions.count)
        let choosing = Set(drawn.prefix((predictions.count + choosingShare - 1) / choosingShare))
        let all = predictions.enumerated()
        return (
            all.filter { choosing.contains($0.offset) }.map(\.element),
            all.filter { !choosing.contains($0.offset) }.map(\.element)
        )
    }

    /// The candidate that is likely to have the smallest p-value among the testing rows; of equals
    /// the one that answers most.
    private static func start(_ choosing: [Tally], limit: Double) -> Int {
        let values = choosing.map { tally in
            // Laplace's rule: few answers without a mistake promise little.
            let error = Double(tally.wrong + 1) / Double(tally.answered + 2)
            let answered = tally.answered * (choosingShare - 1)
            let wrong = Int(error * Double(answered))
            return Binomial.lowerTail(wrong, of: answered, at: limit)
        }
        return values.indices.reduce(0) { values[$1] <= values[$0] ? $1 : $0 }
    }

    private static func rowsNeeded(
        _ tally: Tally,
        of rows: Int,
        limit: Double,
        confidence: Double
    ) -> Int? {
        guard tally.answered > 0 else { return nil }
        let error = Double(tally.wrong) / Double(tally.answered)
        func passes(_ answered: Int) -> Bool {
            let wrong = Int((error * Double(answered)).rounded(.up))
            return Binomial.lowerTail(wrong, of: answered, at: limit) <= 1 - confidence
        }
        // Beyond a thousand million rows the error is the limit for all purposes.
        guard error < limit else { return nil }
        var upper = tally.answered
        while !passes(upper) {
            guard upper < 1_000_000_000 else { return nil }
            upper *= 2
        }
        var lower = upper / 2
        while upper - lower > 1 {
            let middle = (lower + upper) / 2
            if passes(middle) { upper = middle } else { lower = middle }
        }
        let testing = Double(upper) * Double(rows) / Double(tally.answered)
        return Int((testing * Double(choosingShare) / Double(choosingShare - 1)).rounded(.up))
    }
}

/// Answers from the surest to the least sure.
struct RankedAnswers {
    /// Falling certainties.
    let certainties: [Double]
    /// Wrong answers among the first k, for k from 0 to all.
    let wrong: [Int]

    init(_ predictions: [Prediction], by score: CertaintyScore) throws {
        let correct = predictions.isEmpty ? [] : try Scores(predictions).correct
        let order = zip(predictions.map(score.certainty), correct).sorted { $0.0 > $1.0 }
        certainties = order.map(\.0)
        wrong = order.reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1.1 == 0 ? 1 : 0)) }
    }

    /// At most so many certainties at even distances in rank, falling, and the one that lets
    /// everything through.
    func thresholds(atMost count: Int) -> [Double] {
        let steps = Swift.min(count, certainties.count)
        var result: [Double] = []
        for step in 0..<steps {
            let rank = ((step + 1) * certainties.count + steps - 1) / steps - 1
            if result.last != certainties[rank] { result.append(certainties[rank]) }
        }
        return result + [-.infinity]
    }

    /// Number of answers at least this sure.
    func count(from certainty: Double) -> Int {
        var (first, end) = (0, certainties.count)
        while first < end {
            let middle = (first + end) / 2
            if certainties[middle] >= certainty { first = middle + 1 } else { end = middle }
        }
        return first
    }

    /// Answers at least this sure, and the wrong ones among them.
    func tally(from certainty: Double) -> CertifiedThreshold.Tally {
        let count = count(from: certainty)
        return .init(answered: count, wrong: wrong[count])
    }
}
