import Evaluation
import Foundation
import Metrics
import Testing

@testable import Training

@Suite("Calibrated runs")
struct CalibrationTests {
    @discardableResult
    private func calibrate(
        _ tiny: TinyRun,
        _ name: String = "run",
        to output: String = "calibrated",
        force: Bool = false
    ) throws -> (results: RunMetrics, record: CalibrationRecord) {
        let calibration = try RunCalibration(tiny.run(name), to: tiny.run(output), force: force)
        let calibrated = try #require(try calibration.calibrated(try tiny.model()))
        return (try calibration.write(calibrated), calibrated.record)
    }

    @Test(
        "The temperature lowers the NLL of validation, and every answer of the new run has it",
        arguments: [TrainingMethod.ivon, .adamw]
    )
    func lower(_ method: TrainingMethod) throws {
        try withTinyRun(method) { tiny in
            let before = try tiny.results("run")
            let (results, record) = try calibrate(tiny)
            func loss(_ metrics: RunMetrics) -> Double {
                (metrics.validation.draws ?? metrics.validation.mean).nll.value
            }
            #expect(loss(results) < loss(before) && record.temperature != 1)
            #expect(results.method == before.method && results.posterior == before.posterior)
            let calibrated = tiny.run("calibrated")
            #expect(try calibrated.readMetrics() == results)
            let model = try tiny.model()
            let own = try TrainedRun(tiny.run("run"), model: model)
            let test = try own.recipe.textTask().load(.test, seed: 0).examples
            let temperature = record.temperature
            let expected = try own.predict(test).map { answer in
                answer.draws.map { draw in
                    let weights = draw.map { exp($0 / temperature) }
                    return weights.map { $0 / weights.reduce(0, +) }
                }
            }
            let trained = try TrainedRun(calibrated, model: model)
            #expect(trained.temperature == temperature)
            for (answer, draws) in zip(try trained.predict(test), expected) {
                for (index, found) in answer.prediction.probabilities.enumerated() {
                    let mean = draws.reduce(0) { $0 + $1[index] } / Double(draws.count)
                    #expect(abs(found - mean) < 1e-5)
                }
            }
            let file = try Data(contentsOf: calibrated.calibration)
            let written = try JSONDecoder().decode(CalibrationRecord.self, from: file)
            #expect(written == record && record.examples == before.validation.mean.examples)
            // What is calibrated already is fitted anew.
            let again = try calibrate(tiny, "calibrated", to: "again").record
            #expect(abs(again.temperature / temperature - 1) < 1e-6)
        }
    }

    @Test("A run that cannot be calibrated is refused with the reason, and nothing is written")
    func refusals() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            let own = sentence { try calibrate(tiny, "run", to: "run") }
            #expect(own.contains("found the run to calibrate"), "\(own)")
            let run = tiny.run("run")
            let recipe = try String(contentsOf: run.recipe, encoding: .utf8)
            let orders = recipe.replacingOccurrences(of: "orders: 1", with: "orders: 2")
            #expect(orders != recipe)
            try Data(orders.utf8).write(to: run.recipe)
            let several = sentence { try calibrate(tiny) }
            #expect(several.contains("temperature: expected answers in one order"), "\(several)")
            try Data(recipe.utf8).write(to: run.recipe)
            try FileManager.default.removeItem(at: run.metrics)
            #expect(sentence { try calibrate(tiny) }.contains("is not finished"))
            #expect(!FileManager.default.fileExists(atPath: tiny.run("calibrated").recipe.path))
        }
    }

    @Test("A link to the run is the run, which is not replaced by its own calibration")
    func link() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            let before = try tiny.run("run").contents()
            try FileManager.default.createSymbolicLink(
                at: tiny.run("link").url,
                withDestinationURL: tiny.run("run").url
            )
            let text = sentence { try calibrate(tiny, to: "link", force: true) }
            #expect(text.contains("found the run to calibrate"), "\(text)")
            #expect(try tiny.run("run").contents() == before)
        }
    }
}
