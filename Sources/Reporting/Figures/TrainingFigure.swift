import RunFiles

extension Figure {
    /// Loss and validation metrics over the run; nil without a history.
    static func training(_ run: RunRecord) -> Figure? {
        let intervals = run.history.filter { $0.loss != nil }
        let validation = Validation.all(of: run)
        guard !intervals.isEmpty || !validation.isEmpty else { return nil }
        let seconds = seconds(of: run)
        let loss = intervals.map { Point(x: Double($0.step), y: $0.loss ?? .nan) }
        var panels = [
            lossPanel("Loss over steps", stepLabel, loss, validation.map { ($0.x, $0.nll) })
        ]
        if validation.count > 1 {
            panels.append(
                accuracyPanel(
                    "Accuracy over steps",
                    stepLabel,
                    validation.map { ($0.x, $0.accuracy) }
                )
            )
        }
        let timed = loss.compactMap { point in
            seconds[point.x].map { Point(x: $0, y: point.y) }
        }
        if timed.count > 1 {
            let evaluations = validation.compactMap { point in
                seconds[point.x].map { (x: $0, nll: point.nll, accuracy: point.accuracy) }
            }
            let unit = "seconds since the start"
            panels.append(
                lossPanel("Loss over time", unit, timed, evaluations.map { ($0.x, $0.nll) })
            )
            if evaluations.count > 1 {
                panels.append(
                    accuracyPanel(
                        "Accuracy over time",
                        unit,
                        evaluations.map { ($0.x, $0.accuracy) }
                    )
                )
            }
        }
        return Figure(
            name: "training",
            title: "Training",
            caption: caption(
                isVariational: intervals.contains { $0.posterior != nil },
                evaluations: validation.count
            ),
            panels: panels,
            table: table(intervals, validation, seconds)
        )
    }

    private static func caption(isVariational: Bool, evaluations: Int) -> String {
        let draws = isVariational ? ", on the draws that were trained on" : ""
        let mean = isVariational ? " at the posterior mean" : ""
        let times = evaluations > 1 ? "" : ", here once, at the end of the run"
        return "The training loss is the mean since the point before it\(draws). "
            + "The validation part is measured\(mean)\(times)."
    }

    /// What the x axis of a figure over training says.
    static let stepLabel = "optimizer steps"

    /// A measurement of the validation part.
    private struct Validation {
        let x: Double
        let nll: Double
        let accuracy: Double

        /// Those of the history, and the one at the end.
        static func all(of run: RunRecord) -> [Validation] {
            var found = run.history.filter { $0.split == .validation }.compactMap { line in
                line.metrics.map {
                    Validation(x: Double(line.step), nll: $0.nll.value, accuracy: $0.accuracy.value)
                }
            }
            if let results = run.results, found.last?.x != Double(results.steps) {
                let mean = results.validation.mean
                found.append(
                    Validation(
                        x: Double(results.steps),
                        nll: mean.nll.value,
                        accuracy: mean.accuracy.value
                    )
                )
            }
            return found
        }
    }

    /// Seconds by step; none where the clock began anew, as in a run that was stopped.
    ///
    /// A step of the history between two lines of the timings gets its share of the time between.
    private static func seconds(of run: RunRecord) -> [Double: Double] {
        let times = run.timings.map { (step: Double($0.step), seconds: $0.seconds) }
        guard
            zip(times, times.dropFirst()).allSatisfy({
                $0.step < $1.step && $0.seconds <= $1.seconds
            })
        else { return [:] }
        var seconds = Dictionary(times.map { ($0.step, $0.seconds) }) { $1 }
        for step in Set(run.history.map { Double($0.step) }) where seconds[step] == nil {
            guard let next = times.firstIndex(where: { $0.step > step }) else { continue }
            let end = times[next]
            let start = next > 0 ? times[next - 1] : (step: 0, seconds: 0)
            guard start.step < step else { continue }
            let share = (step - start.step) / (end.step - start.step)
            seconds[step] = start.seconds + share * (end.seconds - start.seconds)
        }
        return seconds
    }

    private static func lossPanel(
        _ title: String,
        _ unit: String,
        _ loss: [Point],
        _ validation: [(x: Double, y: Double)]
    ) -> Chart {
        let evaluations = validation.map { Point(x: $0.x, y: $0.y) }
        let all = loss + evaluations
        return Chart(
            title: title,
            x: Axis(unit, upTo: all.map(\.x)),
            y: Axis("loss, NLL (nats)", around: [0] + all.map(\.y)),
            marks: series("training loss", loss, SeriesStyle(colour: 1))
                + series("validation NLL", evaluations, SeriesStyle(colour: 2, dash: 1))
        )
    }

    private static func accuracyPanel(
        _ title: String,
        _ unit: String,
        _ accuracy: [(x: Double, y: Double)]
    ) -> Chart {
        Chart(
            title: title,
            x: Axis(unit, upTo: accuracy.map(\.x)),
            y: Axis("accuracy (share of right answers)", around: accuracy.map(\.y)),
            marks: series(
                "validation",
                accuracy.map { Point(x: $0.x, y: $0.y) },
                SeriesStyle(colour: 2)
            )
        )
    }

    /// A line, or dots where there are few points; nothing for none.
    static func series(_ name: String, _ points: [Point], _ style: SeriesStyle) -> [Mark] {
        guard !points.isEmpty else { return [] }
        let dots = Mark(
            name: points.count > 1 ? nil : name,
            shape: .points(points),
            style: style
        )
        let line = Mark(name: name, shape: .line(points), style: style)
        return (points.count > 1 ? [line] : []) + (points.count <= 12 ? [dots] : [])
    }

    private static func table(
        _ intervals: [HistoryRecord],
        _ validation: [Validation],
        _ seconds: [Double: Double]
    ) -> DataTable {
        let loss = Dictionary(intervals.map { (Double($0.step), $0.loss) }) { $1 }
        let measured = Dictionary(validation.map { ($0.x, $0) }) { $1 }
        let steps = Set(loss.keys).union(measured.keys).sorted()
        return DataTable(
            ["step", "seconds", "training loss", "validation NLL", "validation accuracy"],
            steps.map { step in
                [
                    step.text(0), seconds[step]?.text(1) ?? "",
                    (loss[step] ?? nil)?.text(4) ?? "", measured[step]?.nll.text(4) ?? "",
                    measured[step]?.accuracy.text() ?? "",
                ]
            }
        )
    }
}
