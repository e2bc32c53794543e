import Evaluation
import Foundation
import Metrics
import TestSupport
import Testing

@testable import Training

@Suite("Curves of a run")
struct RunCurvesTests {
    private func curves(_ tiny: TinyRun, draws: Int? = nil) throws -> RunCurves {
        let folder = tiny.run("run")
        let run = try TrainedRun(folder, model: try tiny.model())
        let data = try TrainingData(run.recipe, tokenizer: run.adapted.base.tokenizer)
        var batches: [Int] = []
        var total = 0
        let curves = try RunCurves(
            run,
            folder: folder,
            data.validation,
            split: .validation,
            draws: draws
        ) {
            batches.append($0)
            total = $1
        }
        #expect(batches == Array(1...total))
        return curves
    }

    @Test("Every point is that of an evaluation with its draws and variance scale")
    func points() throws {
        try withTinyRun {
            ($0.varianceScale, $0.draws) = (2, 3)
        } _: { tiny in
            let metrics = try tiny.results("run")
            let curves = try curves(tiny)
            #expect(curves.split == .validation && curves.examples == 6 && curves.draws == 3)
            #expect(curves.drawCurve == metrics.validation.drawCurve)
            let scales = curves.varianceScaleCurve
            #expect(scales.map(\.varianceScale) == RunCurves.varianceScales)
            #expect(scales.map(\.draws) == [1] + [Int](repeating: 3, count: 7))
            #expect(scales[0].nll == metrics.validation.mean.nll.value)
            #expect(abs(scales[6].nll - curves.drawCurve[2].nll) < 1e-12)
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let data = try TrainingData(run.recipe, tokenizer: run.adapted.base.tokenizer)
            let evaluation = try PartEvaluation(
                data.validation,
                run.predictive(varianceScale: 4),
                recipe: run.recipe
            )
            #expect(scales[7].nll == evaluation.results.draws?.nll.value)
            #expect(scales[7].nll != scales[6].nll)
        }
    }

    @Test("A scale that is not in the grid gets a point, and one draw is no curve")
    func ownScale() throws {
        try withTinyRun {
            ($0.varianceScale, $0.draws) = (3, 2)
        } _: { tiny in
            try tiny.train("run")
            let curves = try curves(tiny, draws: 1)
            #expect(curves.drawCurve.isEmpty && curves.draws == 1)
            let scales = curves.varianceScaleCurve.map(\.varianceScale)
            #expect(scales == [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4])
        }
    }

    @Test("A point estimate is refused, and what is written is read back")
    func files() throws {
        try withTinyRun(.adamw) { tiny in
            try tiny.train("run")
            let text = sentence { _ = try curves(tiny) }
            #expect(text.contains("run: expected a run with a posterior"), "\(text)")
        }
        try withTinyRun { tiny in
            try tiny.train("run")
            var curves = try curves(tiny)
            curves.drawCurve[0].nll = .infinity
            let file = tiny.run("run").curves
            try curves.write(to: file)
            #expect(try String(contentsOf: file, encoding: .utf8).contains("\"nll\" : \"inf\""))
            let decoder = JSONDecoder()
            decoder.nonConformingFloatDecodingStrategy = .convertFromString(
                positiveInfinity: "inf",
                negativeInfinity: "-inf",
                nan: "nan"
            )
            #expect(try decoder.decode(RunCurves.self, from: Data(contentsOf: file)) == curves)
        }
    }
}
