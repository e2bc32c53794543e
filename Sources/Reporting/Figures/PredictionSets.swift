import Metrics
import RunFiles

/// The test part as answered by the mean and, where there are draws, averaged over them.
struct PredictionSets {
    /// One way to answer.
    struct Answers {
        let name: String
        let predictions: [Prediction]
        let style: SeriesStyle
    }

    let all: [Answers]

    init(_ run: RunRecord) {
        let mean = run.test.compactMap(\.atMean)
        guard mean.count == run.test.count else {
            let style = SeriesStyle(colour: 1)
            let answers = Answers(name: "point estimate", predictions: run.test, style: style)
            all = [answers]
            return
        }
        let draws = run.results.map { "\($0.drawCount) draws" } ?? "draws"
        all = [
            Answers(
                name: "posterior mean",
                predictions: mean,
                style: SeriesStyle(colour: 2, dash: 1)
            ),
            Answers(name: draws, predictions: run.test, style: SeriesStyle(colour: 1)),
        ]
    }
}
