import Foundation
import JSON
import Metrics
import RunFiles

extension Figure {
    /// Validation metrics of AdamW and IVON against time, with the first seed; nil where no run was
    /// measured on the way.
    ///
    /// - Throws: `JSONLinesError` where a history or its timings cannot be read.
    static func progress(_ compared: ComparedTask) throws -> Figure? {
        let seed = compared.record.results(of: ComparisonMethod.reference, on: compared.task)
            .first?.seed
        guard let seed = seed ?? compared.record.results(of: "ivon", on: compared.task).first?.seed
        else { return nil }
        let runs = try [ComparisonMethod.reference, "ivon"].map { key in
            try MeasuredRun(ComparisonMethod.named(key)) { name in
                try compared.record.file(name, of: key, on: compared.task, seed: seed)
            }
        }
        .filter { !$0.measurements.isEmpty }
        guard !runs.isEmpty else { return nil }
        let quantities: [(String, String, (MeasuredRun.Measurement) -> Double)] = [
            ("Accuracy over time", "accuracy (share of right answers)", \.accuracy),
            ("NLL over time", "NLL (nats)", \.nll),
        ]
        let panels = quantities.map { title, label, value in
            let lines = runs.map { run in
                (run.method, run.measurements.map { Point(x: $0.seconds, y: value($0)) })
            }
            let points = lines.flatMap(\.1)
            return Chart(
                title: title,
                x: Axis("seconds since the start of training", upTo: points.map(\.x)),
                y: Axis(label, around: points.map(\.y)),
                marks: lines.flatMap { series($0.title, $1, $0.style) }
            )
        }
        return Figure(
            name: compared.name("time"),
            title: compared.title("Training over time, on validation"),
            caption: """
                AdamW and IVON with seed \(seed), measured during training; IVON at the mean of \
                its posterior. Seconds between two lines of the timings are interpolated.
                """,
            panels: panels,
            table: DataTable(
                ["method", "step", "seconds", "accuracy", "NLL"],
                runs.flatMap { run in
                    run.measurements.map {
                        [
                            run.method.title, "\($0.step)", $0.seconds.text(1),
                            $0.accuracy.text(4), $0.nll.text(4),
                        ]
                    }
                }
            )
        )
    }
}

/// What a run reached on validation, and when.
private struct MeasuredRun {
    struct Measurement {
        let step: Int
        let seconds: Double
        let accuracy: Double
        let nll: Double
    }

    let method: ComparisonMethod
    let measurements: [Measurement]

    /// Reads history and timings; nothing where they are not there, or where the clock began anew
    /// since the run was stopped and went on.
    init(_ method: ComparisonMethod, _ file: (_ name: String) throws -> URL?) throws {
        self.method = method
        guard let history = try file("history.jsonl"), let timings = try file("timings.jsonl")
        else {
            measurements = []
            return
        }
        let times = try JSONLines.read(Timing.self, from: timings).map(\.row)
        let lines = try JSONLines.read(HistoryRecord.self, from: history).map(\.row)
        measurements = lines.compactMap { line in
            guard line.split == .validation, let metrics = line.metrics,
                let seconds = Self.seconds(at: line.step, times)
            else { return nil }
            return Measurement(
                step: line.step,
                seconds: seconds,
                accuracy: metrics.accuracy.value,
                nll: metrics.nll.value
            )
        }
    }

    /// The seconds at a step, between two known ones in proportion; nil outside of the times, and
    /// where the clock began anew.
    private static func seconds(at step: Int, _ times: [Timing]) -> Double? {
        let pairs = zip(times, times.dropFirst())
        guard pairs.allSatisfy({ $0.seconds <= $1.seconds && $0.step < $1.step }),
            let next = times.first(where: { $0.step >= step })
        else { return nil }
        if next.step == step { return next.seconds }
        guard let last = times.last(where: { $0.step < step }) else { return nil }
        let share = (Double(step) - Double(last.step)) / (Double(next.step) - Double(last.step))
        return last.seconds + share * (next.seconds - last.seconds)
    }
}
