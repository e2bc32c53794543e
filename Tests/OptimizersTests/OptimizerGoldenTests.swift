import JSON
import TestSupport
import Testing
import Torch

@testable import Optimizers

/// A quadratic loss of two parameters, whose gradient is curvature · (θ - target).
private struct Quadratic {
    let parameters: FlatParameters
    let curvature: Tensor
    let target: Tensor

    init(_ dtype: DType) throws {
        let file = try Golden.json("Optimizers/problem.json")
        let shapes = try file.required("shapes").elements().map { try $0.integers() }
        parameters = FlatParameters(
            shapes.enumerated().map { ("parameter\($0)", $1) },
            dtype: dtype
        )
        func vector(_ name: String) throws -> Tensor {
            Tensor(try file.required(name).numbers()).to(dtype)
        }
        curvature = try vector("curvature")
        target = try vector("target")
        parameters.values.copyInPlace(try vector("initial"))
    }

    func loss() -> Double {
        let difference = parameters.values.detached() - target
        parameters.gradients.addInPlace(curvature * difference)
        return (curvature * difference * difference * 0.5).sum().item
    }
}

/// A run of ten steps by the reference implementation.
struct GoldenRun: CustomTestStringConvertible {
    let name: String
    let settings: JSONNode
    let steps: [JSONNode]

    var testDescription: String { name }

    static func all(_ file: String, steps: String) throws -> [GoldenRun] {
        try Golden.json("Optimizers/\(file)").elements().map {
            GoldenRun(
                name: try $0.required("name").string(),
                settings: try $0.required("settings"),
                steps: try $0.required(steps).elements()
            )
        }
    }
}

@Suite("Ten steps of the optimizers agree with their reference implementations")
struct OptimizerGoldenTests {
    private func expectClose(
        _ vector: Tensor,
        _ step: JSONNode,
        _ key: String,
        _ tolerance: Double,
        _ comment: Comment
    ) throws {
        let expected = try step.required(key).numbers()
        for (found, expected) in zip(vector.doubles, expected) {
            #expect(abs(found - expected) <= tolerance * max(1, abs(expected)), comment)
        }
        #expect(vector.count == expected.count)
    }

    @Test(
        "IVON in float64 equals ivon-opt",
        arguments: try GoldenRun.all("ivon-float64.json", steps: "steps")
    )
    func ivonFloat64(_ run: GoldenRun) throws { try ivon(run, .float64, tolerance: 1e-8) }

    @Test(
        "IVON in float32 equals ivon-opt",
        arguments: try GoldenRun.all("ivon-float32.json", steps: "steps")
    )
    func ivonFloat32(_ run: GoldenRun) throws { try ivon(run, .float32, tolerance: 1e-6) }

    private func ivon(_ run: GoldenRun, _ dtype: DType, tolerance: Double) throws {
        let problem = try Quadratic(dtype)
        let noise = try Golden.json("Optimizers/ivon-noise.json").elements().map {
            try $0.elements().map { try $0.numbers() }
        }
        func number(_ key: String) throws -> Double { try run.settings.required(key).number() }
        var settings = IVON.Settings(effectiveSampleSize: try number("ess"))
        // ivon-opt fills the Hessian with a float32 number whatever the type of the parameters.
        settings.hessianInitialization = Double(Float(try number("hess_init")))
        settings.beta1 = try number("beta1")
        settings.beta2 = try number("beta2")
        settings.weightDecay = try number("weight_decay")
        settings.clipRadius = try run.settings.member("clip_radius")?.number() ?? .infinity
        settings.draws = Int(try number("mc_samples"))
        settings.debiases = try run.settings.required("debias").boolean()
        settings.rescalesLearningRate = try run.settings.required("rescale_lr").boolean()
        let optimizer = IVON(problem.parameters, learningRate: 0, settings: settings) {
            Tensor(noise[$0][$1]).to(dtype)
        }
        for (index, step) in run.steps.enumerated() {
            optimizer.learningRate = try step.required("lr").number()
            var draws: [Tensor] = []
            _ = try optimizer.step {
                draws.append(problem.parameters.values.clone())
                return problem.loss()
            }
            for (draw, expected) in zip(draws, try step.required("draws").elements()) {
                try expectClose(draw, expected, "parameters", tolerance, "draw of step \(index)")
            }
            let values = problem.parameters.values
            try expectClose(values, step, "parameters", tolerance, "step \(index)")
            let state = optimizer.state
            try expectClose(
                try #require(state["hessian"]),
                step,
                "hessian",
                tolerance,
                "h \(index)"
            )
            try expectClose(
                try #require(state["momentum"]),
                step,
                "momentum",
                tolerance,
                "momentum \(index)"
            )
        }
        #expect(run.steps.count == 10)
    }

    @Test("AdamW equals PyTorch's", arguments: try GoldenRun.all("adamw.json", steps: "float64"))
    func adamW(_ run: GoldenRun) throws {
        let problem = try Quadratic(.float64)
        var settings = AdamW.Settings()
        let betas = try run.settings.required("betas").numbers()
        (settings.beta1, settings.beta2) = (betas[0], betas[1])
        settings.epsilon = try run.settings.required("eps").number()
        settings.weightDecay = try run.settings.required("weight_decay").number()
        let optimizer = AdamW(
            problem.parameters,
            learningRate: try run.settings.required("lr").number(),
            settings: settings
        )
        for (index, step) in run.steps.enumerated() {
            _ = try optimizer.step { problem.loss() }
            try expectClose(problem.parameters.values, step, "parameters", 1e-12, "step \(index)")
        }
        #expect(run.steps.count == 10)
    }

    @Test("SGD equals PyTorch's", arguments: try GoldenRun.all("sgd.json", steps: "float64"))
    func sgd(_ run: GoldenRun) throws {
        let problem = try Quadratic(.float64)
        func number(_ key: String) throws -> Double { try run.settings.required(key).number() }
        let optimizer = SGD(
            problem.parameters,
            learningRate: try number("lr"),
            momentum: try number("momentum"),
            weightDecay: try number("weight_decay")
        )
        for (index, step) in run.steps.enumerated() {
            _ = try optimizer.step { problem.loss() }
            try expectClose(problem.parameters.values, step, "parameters", 1e-12, "step \(index)")
        }
        #expect(run.steps.count == 10)
    }

    @Test("Learning rates equal Transformers' schedules")
    func schedules() throws {
        for run in try Golden.json("Optimizers/schedules.json").elements() {
            let name = try run.required("name").string()
            let warmup = try run.required("warmup").integer()
            let shape = try #require(
                LearningRateSchedule.Shape.allCases.first { name.hasPrefix($0.rawValue) }
            )
            let schedule = LearningRateSchedule(
                shape: shape,
                peak: 2,
                warmupSteps: name == "constant" ? 0 : warmup,
                steps: try run.required("total").integer()
            )
            for (step, factor) in try run.required("factors").numbers().enumerated() {
                #expect(abs(schedule(step) - 2 * factor) < 1e-12, "\(name) at step \(step)")
            }
        }
    }
}
