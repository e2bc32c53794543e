import Foundation
import Randomness
import Testing

@testable import Metrics

/// Numbers of `References/make_policies.py`.
struct PolicyGolden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible, Sendable {
        struct Outcome: Decodable, Sendable {
            var examples: Int
            var answered: Int
            var wrong: Int
            var coverage: [Double]
            var error: [Double]?
            var payoff: DecisionPolicy.MeanPayoffs?
        }

        var name: String
        var promise: DecisionPromise
        var validationRows: [Prediction]
        var testRows: [Prediction]
        var score: CertaintyScore
        var answers: DecisionRule.Answers
        var threshold: Double?
        var rowsNeeded: Int?
        var validation: Outcome
        var test: Outcome

        var testDescription: String { name }

        private enum CodingKeys: String, CodingKey {
            case name, promise, score, answers, threshold, validation, test
            case validationRows = "validation_rows"
            case testRows = "test_rows"
            case rowsNeeded = "rows_needed"
        }
    }

    var cases: [Case]
    /// Successes, trials, probability, P(X <= successes).
    var tails: [[Double]]
    /// Count, total, and the ends of the interval.
    var shares: [[Double]]

    static func load() throws -> PolicyGolden {
        let file = Golden.folder.appendingPathComponent("policies.json")
        return try JSONDecoder().decode(PolicyGolden.self, from: Data(contentsOf: file))
    }
}

@Suite("Policies of answering and abstaining")
struct PolicyTests {
    @Test("Tails of the binomial distribution match SciPy")
    func tails() throws {
        for row in try PolicyGolden.load().tails {
            let found = Binomial.lowerTail(Int(row[0]), of: Int(row[1]), at: row[2])
            let tolerance = max(1e-300, row[3] * 1e-10)
            #expect(abs(found - row[3]) <= tolerance, "\(row): \(found)")
        }
    }

    @Test("Exact intervals match the quantiles of SciPy's beta distribution")
    func shares() throws {
        for row in try PolicyGolden.load().shares {
            let found = try #require(Proportion(Int(row[0]), of: Int(row[1])))
            #expect(abs(found.lower - row[2]) < 1e-10, "\(row): \(found)")
            #expect(abs(found.upper - row[3]) < 1e-10, "\(row): \(found)")
        }
        #expect(Proportion(0, of: 0) == nil)
    }

    @Test(
        "Thresholds and what they lead to match the reference",
        arguments: try PolicyGolden.load().cases
    )
    func reference(_ golden: PolicyGolden.Case) throws {
        let policy = try DecisionPolicy(
            golden.promise,
            validation: golden.validationRows,
            test: golden.testRows
        )
        #expect(policy.rule.score == golden.score)
        #expect(policy.rule.answers == golden.answers)
        #expect(policy.rowsNeeded == golden.rowsNeeded)
        #expect((policy.rule.threshold == nil) == (golden.threshold == nil))
        if let found = policy.rule.threshold, let expected = golden.threshold {
            #expect(abs(found - expected) < 1e-12)
        }
        let test = try #require(policy.test)
        for (found, expected) in [(policy.validation, golden.validation), (test, golden.test)] {
            #expect(found.coverage.count == expected.answered)
            #expect(found.coverage.total == expected.examples)
            #expect(close([found.coverage.lower, found.coverage.upper], expected.coverage))
            #expect((found.error?.count ?? 0) == expected.wrong)
            #expect(close(found.error.map { [$0.lower, $0.upper] }, expected.error))
            #expect(close(found.payoff.map(numbers), expected.payoff.map(numbers)))
        }
    }

    private func close(_ found: [Double]?, _ expected: [Double]?) -> Bool {
        guard let found, let expected else { return found == nil && expected == nil }
        return zip(found, expected).allSatisfy { abs($0 - $1) < 1e-10 }
    }

    private func numbers(_ payoffs: DecisionPolicy.MeanPayoffs) -> [Double] {
        [payoffs.policy, payoffs.closedForm, payoffs.answeringAll]
    }

    @Test(
        "The promised error is exceeded in at most one of ten worlds, calibrated or not",
        arguments: [1.0, 4.0, 0.3]
    )
    func promiseHolds(sharpness: Double) throws {
        let (worlds, limit) = (200, 0.15)
        var broken = 0
        var answered = 0.0
        for world in 0..<worlds {
            let rows = World(seed: UInt64(world), sharpness: sharpness)
            let policy = try DecisionPolicy(
                .error(atMost: limit, confidence: 0.9),
                validation: rows.predictions(600, stream: 1)
            )
            let risk = rows.risk(of: policy.rule)
            answered += risk.coverage
            if risk.error > limit { broken += 1 }
        }
        // Three standard deviations above a tenth of the worlds.
        let slack = 3 * (0.1 * 0.9 * Double(worlds)).squareRoot()
        #expect(Double(broken) <= 0.1 * Double(worlds) + slack, "\(broken) of \(worlds)")
        // Never answering would keep every promise.
        #expect(answered / Double(worlds) > 0.2, "\(answered / Double(worlds))")
    }

    @Test("A promise holds where rows come in an order that repeats, every fourth of them hard")
    func promiseHoldsInTurns() throws {
        let (worlds, limit, chanceOfHard) = (200, 0.2, 0.5)
        var (broken, answered) = (0, 0.0)
        for world in 0..<worlds {
            let rows = World(seed: UInt64(world), sharpness: 1)
            let policy = try DecisionPolicy(
                .error(atMost: limit, confidence: 0.9),
                validation: rows.predictions(1600, stream: 2) { index, chance in
                    index.isMultiple(of: 4) ? chanceOfHard : chance
                }
            )
            let risk = rows.risk(of: policy.rule)
            answered += risk.coverage
            if risk.error * 0.75 + (1 - chanceOfHard) * 0.25 > limit, risk.coverage > 0 {
                broken += 1
            }
        }
        let slack = 3 * (0.1 * 0.9 * Double(worlds)).squareRoot()
        #expect(Double(broken) <= 0.1 * Double(worlds) + slack, "\(broken) of \(worlds)")
        #expect(answered / Double(worlds) > 0.1, "\(answered / Double(worlds))")
    }

    /// Rows whose chance to be right is known: two answers, of which the first is right with the
    /// probability of a level, and the model says a sharper or flatter one.
    private struct World {
        let seed: UInt64
        let sharpness: Double
        /// Chances to be right, equally frequent.
        private let levels = (0..<200).map { 0.5 + 0.5 * (Double($0) + 0.5) / 200 }

        init(seed: UInt64, sharpness: Double) {
            self.seed = seed
            self.sharpness = sharpness
        }

        private func given(_ chance: Double) -> Double {
            let odds = pow(chance / (1 - chance), sharpness)
            return odds / (1 + odds)
        }

        private func prediction(_ chance: Double, isRight: Bool, id: Int = 0) -> Prediction {
            let given = given(chance)
            return Prediction(
                id: "\(id)",
                label: isRight ? 0 : 1,
                probabilities: [given, 1 - given]
            )
        }

        /// Rows that are right with the chance they say, or with `chanceOf` their place and that.
        func predictions(
            _ count: Int,
            stream: Int,
            chanceOf: (Int, Double) -> Double = { $1 }
        ) -> [Prediction] {
            var generator = SplitMix64(seed: seed &* 1000 &+ UInt64(stream))
            return (0..<count).map { index in
                let chance = levels[generator.next(below: levels.count)]
                let drawn = Double(generator.next(below: 1_000_000))
                let isRight = drawn < chanceOf(index, chance) * 1_000_000
                return prediction(chance, isRight: isRight, id: index)
            }
        }

        /// The true error and coverage of a rule.
        func risk(of rule: DecisionRule) -> (error: Double, coverage: Double) {
            let answered = levels.filter { rule.answers(prediction($0, isRight: true)) }
            let wrong = answered.reduce(0) { $0 + 1 - $1 }
            return (
                answered.isEmpty ? 0 : wrong / Double(answered.count),
                Double(answered.count) / Double(levels.count)
            )
        }
    }

    @Test("A policy is written and read, and a rule without its threshold answers nothing")
    func coding() throws {
        for golden in try PolicyGolden.load().cases {
            let policy = try DecisionPolicy(
                golden.promise,
                validation: golden.validationRows,
                test: golden.testRows
            )
            let data = try JSONEncoder().encode(policy)
            #expect(try JSONDecoder().decode(DecisionPolicy.self, from: data) == policy)
        }
        let row = Prediction(id: "a", label: 0, probabilities: [1, 0])
        for (text, isAnswered) in [
            (#"{"score":"confidence","answers":"all"}"#, true),
            (#"{"score":"confidence","answers":"none"}"#, false),
            (#"{"score":"confidence","answers":"some"}"#, false),
            (#"{"score":"confidence","answers":"some","threshold":1}"#, true),
            (#"{"score":"entropy","answers":"some","threshold":0}"#, true),
            (#"{"score":"entropy","answers":"some","threshold":-0.1}"#, false),
        ] {
            let rule = try JSONDecoder().decode(DecisionRule.self, from: Data(text.utf8))
            #expect(rule.answers(row) == isAnswered, "\(text)")
        }
    }

    @Test("A promise that makes no sense is refused in a sentence, also in a file")
    func faults() throws {
        let rows = [Prediction](
            repeating: Prediction(id: "a", label: 0, probabilities: [1, 0]),
            count: 4
        )
        let payoffs = DecisionPromise.Payoffs(right: 1, wrong: 1, abstain: 0)
        let broken: [DecisionPromise] = [
            .error(atMost: 0, confidence: 0.9), .error(atMost: 1, confidence: 0.9),
            .error(atMost: .nan, confidence: 0.9), .error(atMost: 0.1, confidence: 1),
            .payoff(payoffs), .payoff(.init(right: .infinity, wrong: 0, abstain: 0)),
        ]
        for promise in broken {
            #expect(throws: MetricError.self) { try DecisionPolicy(promise, validation: rows) }
        }
        let promise = DecisionPromise.error(atMost: 0.1, confidence: 0.9)
        #expect(throws: MetricError.self) { try DecisionPolicy(promise, validation: [rows[0]]) }
        #expect(throws: MetricError.noLabel(id: "b")) {
            let unlabelled = Prediction(id: "b", label: nil, probabilities: [1, 0])
            _ = try DecisionPolicy(promise, validation: rows + [unlabelled])
        }
        for text in [
            #"{"error":2,"confidence":0.9}"#, #"{"error":0.1}"#, "{}",
            #"{"payoffs":{"right":0,"wrong":1,"abstain":0}}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(DecisionPromise.self, from: Data(text.utf8))
            }
        }
    }

    @Test("The break-even probability pays as much as abstaining")
    func breakEven() {
        let payoffs = DecisionPromise.Payoffs(right: 1, wrong: -5, abstain: 0)
        #expect(payoffs.breakEven == 5.0 / 6)
        let p = payoffs.breakEven
        #expect(abs(p * payoffs.right + (1 - p) * payoffs.wrong - payoffs.abstain) < 1e-15)
    }
}
