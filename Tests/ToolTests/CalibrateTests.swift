import Foundation
import JSON
import Testing

@Suite("Calibrating runs")
struct CalibrateToolTests {
    @Test("A calibrated run is measured, decides and answers as any other")
    func calibrated() throws {
        try withTool { tool in
            let commands = [
                [
                    "train", "--model", "model", "--task", "task", "--threads", "1", "--steps",
                    "3", "--draws", "2", "--method", "ivon", "--output", "run",
                ],
                ["calibrate", "run", "--output", "calibrated", "--threads", "1"],
                ["decide-policy", "calibrated", "--error", "0.2"],
                ["inspect", "calibrated"], ["report", "calibrated"],
            ]
            for command in commands {
                let outcome = try tool.run(command)
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                guard command[0] == "calibrate" else { continue }
                #expect(outcome.output.hasPrefix("test, 6 examples"))
                #expect(outcome.errors.contains("fitted to"), "\(outcome.errors)")
            }
            let measured = try tool.run(["evaluate", "calibrated", "--threads", "1", "--json"])
            let metrics = tool.folder.appendingPathComponent("calibrated/metrics.json")
            let written = try JSONNode(contentsOf: metrics).required("test").required("draws")
            let found = try JSONNode(parsing: Data(measured.output.utf8), file: "output")
                .required("results").required("draws")
            for key in ["nll", "ece"] {
                let values = try [written, found].map { node in
                    let metric = try node.required(key)
                    return try (metric.member("value") ?? metric).number()
                }
                #expect(abs(values[0] - values[1]) < 1e-9, "\(key): \(values)")
            }
            let folds = try tool.run([
                "calibrate", "run", "--folds", "2", "--output", "by-folds", "--threads", "1",
            ])
            #expect(folds.exitCode == 0 && folds.output.hasPrefix("test, 6 examples"))
            for part in ["fold 1 of 2", "fold 2 of 2", "rows that their models had not seen"] {
                #expect(folds.errors.contains(part), "\(folds.errors)")
            }
            let one = try tool.run(["calibrate", "run", "--folds", "1", "--output", "one"])
            #expect(one.exitCode != 0 && one.errors.contains("expected an integer from 2"))
            let again = try tool.run(["calibrate", "run", "--output", "calibrated"])
            #expect(again.exitCode == 1 && again.errors.contains("--force"), "\(again.errors)")
        }
    }
}
