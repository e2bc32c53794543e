import Foundation
import Training

/// What a comparison is about: methods on tasks with seeds.
public struct ComparisonPlan: Sendable {
    /// A task with its recipes, before the seed.
    public struct Task: Equatable, Sendable {
        /// The task's name in folders and tables.
        public let name: String
        /// The recipes of the two trajectories.
        public let recipes: Trajectories
    }

    /// The tasks, in the order of the table.
    public let tasks: [Task]
    /// The methods, in the order of the table.
    public let methods: [Method]
    /// The seeds.
    public let seeds: [Int]
    /// Tasks that are only tested on, to see how methods do where they were not trained.
    public let shifts: [String]
    /// Settings of the methods.
    public let settings: ComparisonSettings
    /// The plan as YAML: a file that asks for the same.
    public let yaml: String

    /// The recipes of a task with a seed, resolved; the AdamW run keeps the checkpoint that SWAG
    /// goes on from.
    public func recipes(_ task: Task, seed: Int) -> Trajectories {
        var recipes = task.recipes
        (recipes.adamw.method, recipes.ivon.method) = (.adamw, .ivon)
        (recipes.adamw.seed, recipes.ivon.seed) = (seed, seed)
        recipes.adamw.keepStep = settings.swagFirstStep(of: recipes.adamw.steps)
        return Trajectories(adamw: recipes.adamw.resolved(), ivon: recipes.ivon.resolved())
    }

    /// The folder of all methods of a task and seed, relative to the comparison's.
    public func folder(_ task: Task, seed: Int) -> String { "\(task.name)/seed-\(seed)" }

    /// A name for folders and tables: the last part of a path, without its ending.
    public static func name(of task: String) -> String {
        URL(fileURLWithPath: task).standardizedFileURL.deletingPathExtension().lastPathComponent
    }
}
