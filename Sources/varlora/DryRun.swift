import Comparison
import Torch
import Training

/// What a comparison would train, with what each training will take.
struct DryRun {
    private let plan: ComparisonPlan

    init(_ plan: ComparisonPlan) {
        self.plan = plan
    }

    /// A row a training.
    ///
    /// A task's trainings take the same for every seed, so they are estimated
    /// once; where model or data are not on this machine, a last line says why.
    var text: String {
        var table = TextTable([
            "run", "method", "steps", "rate", "memory GB", "s a step", "training h",
        ])
        var reasons: [String] = []
        for task in plan.tasks {
            let first = plan.trainings(task, seed: plan.seeds[0])
            let estimates = first.map { recipe -> [String] in
                Engine.threads = recipe.threads ?? Engine.threads
                do {
                    return Self.cells(try RunEstimate(recipe))
                } catch {
                    if !reasons.contains("\(error)") { reasons.append("\(error)") }
                    return ["?", "?", "?"]
                }
            }
            for cell in plan.cells where cell.task == task {
                let trainings = plan.trainings(task, seed: cell.seed)
                for (recipe, estimate) in zip(trainings, estimates) {
                    table.add(
                        [
                            cell.folder, recipe.method.rawValue,
                            "\(recipe.steps)", "\(recipe.learningRate ?? 0)",
                        ] + estimate
                    )
                }
            }
        }
        return ([table.text] + reasons.map { "no estimate: \($0)" }).joined(separator: "\n")
    }

    private static func cells(_ estimate: RunEstimate) -> [String] {
        [
            (Double(estimate.memory.total) / 1e9).fixed(2), estimate.stepSeconds.fixed(2),
            ((estimate.searchSeconds + estimate.trainingSeconds) / 3600).fixed(2),
        ]
    }
}
