import RunFiles

extension Figure {
    /// Where the time of the steps went; nil where the run's timings do not say.
    static func stepTimes(_ run: RunRecord) -> Figure? {
        let lines = StepTimeLine.all(of: run.timings)
        let steps = lines.reduce(0) { $0 + $1.steps }
        guard steps > 0 else { return nil }
        let parts = StepTimePart.all(of: lines)
        let all = parts.reduce(0) { $0 + $1.milliseconds }
        var table = DataTable(
            ["part", "ms a step", "share"],
            parts.map { [$0.name, $0.milliseconds.text(2), $0.share(of: all)] }
        )
        table.rows.append(["all", all.text(2), "100.0%"])
        let evaluation = lines.reduce(0) { $0 + $1.evaluation } / steps * 1000
        if evaluation > 0 { table.rows.append(["evaluation, besides", evaluation.text(2), ""]) }
        let words = parts.map {
            "\($0.name) \($0.milliseconds.text(1)) ms (\($0.share(of: all)))"
        }
        let isVariational = run.history.contains { $0.posterior != nil }
        let paper =
            isVariational
            ? " The paper (arXiv 2411.04421) has 316.3 ms for the first, 1.8 ms for IVON's draw "
                + "and 1.0 ms for its step, on an RTX 6000 Ada."
            : ""
        return Figure(
            name: "step-times",
            title: "Time of a step",
            caption: "Mean over \(steps.text(0)) steps, without evaluations: "
                + "\(words.joined(separator: "; "))." + paper,
            panels: [bars(parts, all)] + overTime(lines),
            table: table
        )
    }

    private static func bars(_ parts: [StepTimePart], _ all: Double) -> Chart {
        let places = parts.indices.map { Double($0) + 0.5 }
        let most = parts.map(\.milliseconds).max() ?? 1
        var axis = Axis("part of a step", 0...Double(parts.count))
        axis.ticks = zip(places, parts).map { Axis.Tick(value: $0, label: $1.label) }
        let columns = zip(places, parts).map {
            Mark.Column(lower: $0 - 0.4, upper: $0 + 0.4, height: $1.milliseconds)
        }
        let labels = zip(places, parts).map {
            (
                at: Point(x: $0, y: $1.milliseconds),
                lines: ["\($1.milliseconds.text(1)) ms", $1.share(of: all)]
            )
        }
        return Chart(
            title: "A step takes \(all.text(1)) ms",
            x: axis,
            // Room for the texts above the highest column.
            y: Axis("milliseconds a step", around: [0, most * 1.25]),
            marks: [
                Mark(name: nil, shape: .columns(columns), style: SeriesStyle(colour: 1)),
                Mark(name: nil, shape: .labels(labels), style: SeriesStyle(colour: 0)),
            ]
        )
    }

    private static func overTime(_ lines: [StepTimeLine]) -> [Chart] {
        guard lines.count > 1 else { return [] }
        func points(_ seconds: (StepTimeLine) -> Double) -> [Point] {
            lines.map { Point(x: $0.step, y: seconds($0) / $0.steps * 1000) }
        }
        let whole = points { $0.forwardBackward + $0.draw + $0.update }
        let optimizer = points { $0.draw + $0.update }
        return [
            Chart(
                title: "Step time over the run",
                x: Axis(stepLabel, upTo: whole.map(\.x)),
                y: Axis("milliseconds a step", around: [0] + whole.map(\.y)),
                marks: series("whole step", whole, SeriesStyle(colour: 1))
                    + series("draw and update", optimizer, SeriesStyle(colour: 2, dash: 1))
            )
        ]
    }
}

/// A line of the timings with where its time went, in seconds.
private struct StepTimeLine {
    let step: Double
    let steps: Double
    let forwardBackward: Double
    let draw: Double
    let update: Double
    let evaluation: Double
    /// What is left of the time since the line before.
    let rest: Double

    /// The lines that tell parts; others are of another version.
    static func all(of timings: [Timing]) -> [StepTimeLine] {
        var last: Timing?
        return timings.compactMap { timing in
            // The clock of a process begins anew, and so does its first line's sum.
            let isSame = last.map { $0.step < timing.step && $0.seconds <= timing.seconds } ?? false
            let wall = timing.seconds - (isSame ? last?.seconds ?? 0 : 0)
            last = timing
            guard let times = timing.times, times.steps > 0 else { return nil }
            return StepTimeLine(
                step: Double(timing.step),
                steps: Double(times.steps),
                forwardBackward: times.forwardBackward,
                draw: times.draw,
                update: times.update,
                evaluation: times.evaluation ?? 0,
                rest: max(0, wall - times.total)
            )
        }
    }
}

/// A part of the mean step.
private struct StepTimePart {
    /// Its name in a sentence, and below a column.
    let name: String
    let label: String
    let milliseconds: Double

    func share(of all: Double) -> String {
        "\((all > 0 ? milliseconds / all * 100 : 0).text(1))%"
    }

    static func all(of lines: [StepTimeLine]) -> [StepTimePart] {
        let steps = lines.reduce(0) { $0 + $1.steps }
        func part(
            _ name: String,
            _ label: String,
            _ seconds: (StepTimeLine) -> Double
        ) -> StepTimePart {
            let sum = lines.reduce(0) { $0 + seconds($1) }
            return StepTimePart(name: name, label: label, milliseconds: sum / steps * 1000)
        }
        return [
            part("forward, loss and backward", "compute", \.forwardBackward),
            part("draw", "draw", \.draw),
            part("optimizer step", "update", \.update),
            part("the rest, such as checkpoints", "rest", \.rest),
        ]
    }
}
