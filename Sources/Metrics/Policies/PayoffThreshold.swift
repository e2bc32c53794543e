/// The threshold with the highest mean payoff on given predictions.
struct PayoffThreshold {
    /// What is compared with the threshold.
    let score: CertaintyScore
    /// The certainty from which on answers are given; infinities stand for all and none.
    let certainty: Double

    /// Tries every threshold; of equals the one that answers most is taken.
    init(_ predictions: [Prediction], _ payoffs: DecisionPromise.Payoffs) throws {
        score = try CertaintyScore.best(for: predictions)
        let ranked = try RankedAnswers(predictions, by: score)
        let total = ranked.certainties.count
        func payoff(_ answered: Int) -> Double {
            let wrong = ranked.wrong[answered]
            return payoffs.sum(right: answered - wrong, wrong: wrong, abstained: total - answered)
        }
        var best = (answered: 0, payoff: payoff(0))
        for answered in 1...total
        // Equals are answered together.
        where answered == total
            || ranked.certainties[answered] != ranked.certainties[answered - 1]
        {
            let payoff = payoff(answered)
            if payoff >= best.payoff { best = (answered, payoff) }
        }
        certainty =
            switch best.answered {
            case 0: .infinity
            case total: -.infinity
            default: ranked.certainties[best.answered - 1]
            }
    }
}

extension DecisionPromise.Payoffs {
    func sum(right: Int, wrong: Int, abstained: Int) -> Double {
        Double(right) * self.right + Double(wrong) * self.wrong + Double(abstained) * abstain
    }
}
