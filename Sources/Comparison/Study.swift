import Evaluation
import Foundation
import LanguageModels
import Metrics
import Training

/// One method on one task with one seed: what it may use and where its files go.
struct Study {
    /// The method.
    let method: Method
    /// The recipes of the trajectories of the task and seed, resolved.
    let recipes: Trajectories
    /// The comparison's settings.
    let settings: ComparisonSettings
    /// The base model.
    let model: LoadedModel
    /// The task's parts: validation chooses, test only reports.
    let data: TrainingData
    /// The folder of all methods of this task and seed.
    let folder: URL
    /// Measures what the method takes.
    let meter: CostMeter
    /// Whether to stop; asked between steps of training.
    let shouldStop: () -> Bool
    /// Told what happens.
    let observer: (TrainingEvent) -> Void

    /// The method's own run.
    var run: RunFolder { run(of: method.name) }

    /// Another method's run.
    func run(of name: String) -> RunFolder { RunFolder(folder.appendingPathComponent(name)) }

    /// A training that the method goes through, of no use once its results are there.
    var branch: RunFolder { run(of: "\(method.name)-trajectory") }

    /// The run it starts from.
    var sourceRun: RunFolder {
        guard let source = method.source else {
            preconditionFailure("\(method.name) starts from no other method")
        }
        return run(of: source)
    }

    /// The run it starts from, in the model, with the recipe as it stands: it becomes the method's.
    func loadSource() throws -> TrainedRun {
        try TrainedRun(sourceRun, recipe: sourceRun.readRecipe(), model: model)
    }

    /// A training on the study's data, new or where that of the folder was stopped.
    func trainer(_ recipe: Recipe, of run: RunFolder) throws -> Trainer {
        try Trainer(
            recipe,
            model: model,
            objective: AnswerObjective(recipe, data: data),
            run: run,
            resume: true
        )
    }

    /// Answers to the validation part.
    func validationPredictions(_ trained: TrainedRun) throws -> [Prediction] {
        try trained.predictive().predictions(
            data.validation.examples,
            maximumTokens: trained.recipe.evalTokens
        ) {
            observer(.evaluating(done: $0, of: $1))
        }
        .map(\.prediction)
    }

    /// Counts the batches of a fit for the observer.
    func counter(_ total: Int) -> () -> Void {
        var done = 0
        return {
            done += 1
            observer(.evaluating(done: done, of: total))
        }
    }
}
