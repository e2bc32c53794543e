import Foundation
import JSON
import Metrics
import Testing

@testable import Reporting

@Suite("Figures of a run")
struct FigureTests {
    @Test("The parts of a step are means over all steps, and add up to the time of the run")
    func stepTimes() throws {
        try withRun { run in
            try run.write("timings.jsonl", Texts.stepTimes)
            let figure = try #require(Figure.stepTimes(try run.record()))
            // 3.5 s for 20 steps: 2.2 s, 0.1 s, 0.08 s, 0.3 s, and what is left.
            #expect(
                figure.table.rows == [
                    ["forward, loss and backward", "110.00", "68.8%"], ["draw", "5.00", "3.1%"],
                    ["optimizer step", "4.00", "2.5%"],
                    ["the rest, such as checkpoints", "41.00", "25.6%"],
                    ["all", "160.00", "100.0%"], ["evaluation, besides", "15.00", ""],
                ]
            )
            #expect(figure.caption.contains("draw 5.0 ms (3.1%)"))
            // Not a run of IVON, as far as its history tells.
            #expect(!figure.caption.contains("RTX"))
            #expect(figure.svg.contains("A step takes 160.0 ms"))
        }
    }

    @Test("The clock of a run that was stopped begins anew; lines without parts do not count")
    func stoppedRun() throws {
        try withRun { run in
            let lines = [
                #"{"step":10,"seconds":9}"#,
                #"{"step":15,"seconds":2,"steps":5,"forward_backward_seconds":1,"#
                    + #""draw_seconds":0.1,"step_seconds":0.2}"#,
            ]
            try run.write("timings.jsonl", lines.joined(separator: "\n"))
            let table = try #require(Figure.stepTimes(try run.record())).table
            #expect(table.rows.map { $0[1] } == ["200.00", "20.00", "40.00", "140.00", "400.00"])
        }
    }

    @Test("Every matrix is in the table of layers, every projection has a panel")
    func layers() throws {
        try withRun { run in
            let metrics = Texts.metrics(method: "ivon", hasDraws: true, health: Texts.layeredHealth)
            try run.write("metrics.json", metrics)
            let figure = try #require(Figure.layers(try run.record()))
            #expect(figure.table.rows.count == 12)
            #expect(
                figure.table.rows[4] == [
                    "layer 1 q_proj A", "0.9000", "1.1000", "1.5000", "0.030000",
                ]
            )
            for name in ["q_proj", "v_proj"] { #expect(figure.svg.contains(">\(name)</text>")) }
            #expect(figure.caption.contains("most in layer 2 q_proj A (to 1.200)"))
            #expect(figure.caption.contains("least in layer 0 q_proj A (to 1.000)"))
        }
    }

    @Test("A layer without three quantiles is refused by its key")
    func brokenLayer() throws {
        try withRun { run in
            let health = Texts.layeredHealth.replacing("[0.9,1.0,1.5]", with: "[0.9]")
            try run.write(
                "metrics.json",
                Texts.metrics(method: "ivon", hasDraws: true, health: health)
            )
            let error = #expect(throws: JSONError.self) { try run.record() }
            let place = "metrics.json: posterior.layers[0].hessian_ratio: "
            #expect(error?.description.contains(place + "expected 3 numbers, found 1") == true)
        }
    }

    @Test("The gap between mean and draws is that of a calculation by hand")
    func gap() throws {
        func prediction(_ label: Int, _ probabilities: [Double]) -> Prediction {
            Prediction(id: "e", label: label, probabilities: probabilities)
        }
        let gap = try MeanDrawGap(
            mean: [prediction(0, [0.75, 0.25]), prediction(1, [0.5, 0.25, 0.25])],
            draws: [prediction(0, [0.5, 0.5]), prediction(1, [0.125, 0.5, 0.375])]
        )
        #expect(gap.distances == [0.25, 0.375])
        #expect(gap.meanDistance == 0.3125 && gap.changed == 1)
        #expect(gap.accuracy == (0.5, 1))
        #expect(abs(gap.nll.mean - (log(4.0 / 3) + log(4)) / 2) < 1e-12)
        #expect(abs(gap.nll.draws - log(2)) < 1e-12)
        #expect(gap.warnings.isEmpty)
        #expect(abs(gap.histogram.reduce(0) { $0 + $1.height } - 1) < 1e-12)
        #expect((gap.histogram.last?.upper ?? 0) >= 0.375)
    }

    @Test("Draws that change nothing, and draws that do harm, are called so")
    func gapWarnings() throws {
        let sure = Prediction(id: "e", label: 0, probabilities: [1, 0])
        let wrong = Prediction(id: "e", label: 0, probabilities: [0, 1])
        let none = try MeanDrawGap(mean: [sure, sure], draws: [sure, sure])
        #expect(none.warnings.count == 1 && none.warnings[0].contains("hardly change"))
        #expect(none.histogram.map(\.height).reduce(0, +) == 1)
        let harm = try MeanDrawGap(mean: [sure, sure], draws: [sure, wrong])
        #expect(harm.warnings.count == 1 && harm.warnings[0].contains("worse than the mean"))
        #expect(harm.meanDistance == 0.5)
    }

    @Test("Curves say where the NLL is lowest and how it changes with the draws")
    func curves() throws {
        try withRun { run in
            try run.write("curves.json", Texts.curves)
            let record = try run.record()
            let scales = try #require(Figure.varianceScale(record))
            #expect(scales.caption.contains("lowest at τ = 1.00, 0.500; at the mean it is 0.625."))
            #expect(scales.table.rows.map { $0[0] } == ["0.00", "1.00", "4.00"])
            let draws = try #require(Figure.drawCurve(record))
            #expect(draws.caption.contains("from 1 to 3 draws the NLL goes from 0.750 to 0.500"))
            #expect(draws.table.rows[1] == ["2", "validation", "0.7500", "infinite", "0.1000"])
        }
    }

    @Test("Variance scales that are no numbers, and a curve of one draw, break nothing")
    func extremeCurves() throws {
        try withRun { run in
            for scale in ["\"nan\"", "\"inf\"", "-1e308"] {
                let text = Texts.curves.replacing(
                    "\"variance_scale\":4.0",
                    with: "\"variance_scale\":\(scale)"
                )
                #expect(text != Texts.curves)
                try run.write("curves.json", text)
                let figure = try #require(Figure.varianceScale(try run.record()))
                #expect(isWellFormed(figure.svg, root: "svg"))
            }
            try run.write(
                "curves.json",
                #"{"split":"test","examples":1,"draws":1,"#
                    + #""draw_curve":[],"variance_scale_curve":[]}"#
            )
            #expect(Figure.drawCurve(try run.record()) == nil)
            #expect(Figure.varianceScale(try run.record()) == nil)
        }
    }

    @Test("Evaluations between two lines of the timings get their share of the time")
    func interpolatedTime() throws {
        try withRun { run in
            let evaluations = [4, 10, 15].map { step in
                Texts.evaluation(step: step)
            }
            try run.write("history.jsonl", Texts.history() + evaluations.joined())
            try run.write("timings.jsonl", Texts.timings)
            let figure = try #require(Figure.training(try run.record()))
            let seconds = Dictionary(
                figure.table.rows.map { ($0[0], $0[1]) },
                uniquingKeysWith: { $1 }
            )
            #expect(seconds == ["4": "0.6", "10": "1.5", "15": "2.2", "20": "3.0"])
            #expect(figure.svg.contains("Accuracy over time"))
        }
    }
}
