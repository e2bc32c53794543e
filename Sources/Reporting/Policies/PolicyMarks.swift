import Metrics

extension Figure {
    /// What a policy adds to the figure of risk and coverage.
    struct PolicyMarks {
        /// The promise, where the policy stands, and the curve of its score where that is no
        /// confidence.
        var marks: [Mark] = []
        /// Risks that the axis must reach.
        var heights: [Double] = []
        /// The policy's rule in words.
        var text = ""
        /// The broken promise in words.
        var warnings: [String] = []

        /// - Throws: `MetricError` where the predictions cannot be scored.
        init(_ run: RunRecord) throws {
            guard let policy = run.policy else { return }
            if case .error(let limit, _) = policy.promise {
                marks.append(
                    Mark(
                        name: "promise, at most \(limit.percent)",
                        shape: .line([Point(x: 0, y: limit), Point(x: 1, y: limit)]),
                        style: SeriesStyle(colour: 0, dash: 2)
                    )
                )
                heights.append(limit)
            }
            let score = policy.rule.score
            if score != .confidence {
                let risks = try SelectivePrediction(run.test, by: score).risks
                marks.append(
                    Mark(
                        name: "by \(score.text)",
                        shape: .line(Figure.points(risks)),
                        style: SeriesStyle(colour: 3, dash: 3)
                    )
                )
                heights += risks
            }
            // From the predictions that are drawn, whatever the file says.
            let outcome = try DecisionPolicy.Outcome(policy.rule, policy.promise, run.test)
            if let error = outcome.error {
                let place = Point(x: outcome.coverage.value, y: error.value)
                marks.append(
                    Mark(name: "policy", shape: .rings([place]), style: SeriesStyle(colour: 4))
                )
                heights.append(error.value)
            }
            text = " Policy: " + policy.ruleText
            if policy.isKept == false { warnings = policy.lines.suffix(1).map(\.text) }
        }
    }
}
