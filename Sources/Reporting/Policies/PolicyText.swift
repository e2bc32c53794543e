import Foundation
import Metrics

extension DecisionPolicy {
    /// What the policy is, and how it does, for people: a name and a sentence in each line.
    public var lines: [(name: String, text: String)] {
        var lines = [("promise", promiseText), ("rule", ruleText)]
        lines.append(("validation", outcomeText(validation) + testedText))
        guard let test else { return lines }
        lines.append(("test", outcomeText(test)))
        if let verdict { lines.append(("verdict", verdict)) }
        return lines
    }

    private var promiseText: String {
        switch promise {
        case .error(let limit, let confidence):
            "At most \(limit.percent) of the answers given are wrong, with \(confidence.percent) "
                + "confidence."
        case .payoff(let payoffs):
            "The highest mean payoff where a right answer brings \(payoffs.right.short()), a wrong "
                + "one \(payoffs.wrong.short()) and none \(payoffs.abstain.short())."
        }
    }

    /// Which rows are answered.
    var ruleText: String {
        switch (rule.answers, rule.threshold) {
        case (.all, _): return "Answer always."
        case (.some, let threshold?):
            let side = rule.score.isSurerHigher ? "at least" : "at most"
            return "Answer where the \(rule.score.text) is \(side) \(threshold.short(6))."
        case (.none, _), (.some, nil):
            guard case .error = promise else {
                return "Abstain always: no threshold pays more."
            }
            let needed = rowsNeeded.map { "about \($0) rows of validation" } ?? "no number of rows"
            return "Abstain always: no threshold is certified to keep the promise. At the error of "
                + "the first one tried, \(needed) would do."
        }
    }

    private var testedText: String {
        guard case .error = promise else { return "" }
        return " The rest of the part chose what was tested."
    }

    private func outcomeText(_ outcome: Outcome) -> String {
        let coverage = outcome.coverage
        var text =
            "\(coverage.count) of \(coverage.total) rows answered, \(coverage.percent)"
        if let error = outcome.error { text += "; \(error.count) wrong, \(error.percent)" }
        if let payoff = outcome.payoff, case .payoff(let payoffs) = promise {
            text +=
                "; mean payoff \(payoff.policy.text()), of a confidence from "
                + "\(payoffs.breakEven.text()) on (which pays if calibrated) "
                + "\(payoff.closedForm.text()), of answering always \(payoff.answeringAll.text())"
        }
        return text + "."
    }

    private var verdict: String? {
        guard case .error(let limit, _) = promise, let test else { return nil }
        guard let isKept, let error = test.error else {
            return "No row of the test part is answered, so nothing can be wrong."
        }
        if isKept { return "Kept on the test part: \(error.share) wrong." }
        let chance = error.lower <= limit ? "may explain" : "hardly explains"
        return "Not kept on the test part: \(error.share) wrong, which chance \(chance)."
    }
}

extension CertaintyScore {
    /// The name in a sentence.
    var text: String {
        switch self {
        case .confidence: "confidence"
        case .entropy: "entropy (nats)"
        case .mutualInformation: "mutual information (nats)"
        }
    }
}

extension Proportion {
    fileprivate var share: String { "\((value * 100).text(1))%" }

    /// The share with its interval.
    fileprivate var percent: String {
        "\(share) [\((lower * 100).text(1)), \((upper * 100).text(1))]"
    }
}

extension Double {
    /// A share of people's making, with all its digits: 0.05 is 5%.
    var percent: String { (self * 100).short() + "%" }

    /// The number without needless digits.
    fileprivate func short(_ digits: Int = 10) -> String { String(format: "%.\(digits)g", self) }
}
