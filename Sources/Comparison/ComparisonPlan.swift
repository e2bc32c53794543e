import Foundation
import RunFiles
import Training

/// What a comparison is about: methods on tasks with seeds.
public struct ComparisonPlan: Sendable {
    /// A task with its recipes, before the seed.
    public struct Task: Equatable, Sendable {
        /// The task's name in folders and tables, such as `films` or `films-labels-64`.
        public let name: String
        /// Its place in a sweep; nil where nothing is swept.
        public let place: SweepPlace?
        /// The recipes of the trajectories.
        public let recipes: Trajectories

        /// A task by the name of its data, with values of a sweep.
        init(name: String, choice: [ComparisonRecipe.Setting], recipes: Trajectories) {
            self.name = ([name] + choice.map { "\($0.key)-\($0.value)" }).joined(separator: "-")
            let values = choice.compactMap { setting in
                Double(setting.value).map { (setting.key, $0) }
            }
            place =
                choice.isEmpty
                ? nil : SweepPlace(task: name, values: Dictionary(uniqueKeysWithValues: values))
            self.recipes = recipes
        }
    }

    /// A task with one seed: its methods start from each other's runs, and from no other cell's.
    public struct Cell: Sendable {
        /// The task.
        public let task: Task
        /// The seed.
        public let seed: Int
        /// Its number among the plan's cells, from 1.
        public let number: Int
        /// The number of its first run among all of the plan, from 1.
        let firstRun: Int

        /// The folder of its runs, relative to the comparison's.
        public var folder: String { "\(task.name)/seed-\(seed)" }
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

    /// The methods as they run on a task: where labels are held out, those that use them train on
    /// the rest, and the others on all.
    func methods(on task: Task) -> [Method] {
        methods.map { method in
            let holdsOut = task.recipes.adamw.heldOut > 0 && method.usesValidation(settings)
            return holdsOut ? method.holdingOut(as: method.name) : method
        }
    }

    /// The runs that a task needs, each after the one that it starts from.
    func runs(of task: Task) -> [Method] { Method.withSources(methods(on: task)) }

    /// What can run independently, in the order of tasks and seeds.
    public var cells: [Cell] {
        var (cells, firstRun): ([Cell], Int) = ([], 1)
        for task in tasks {
            let runs = runs(of: task).count
            for seed in seeds {
                let number = cells.count + 1
                cells.append(Cell(task: task, seed: seed, number: number, firstRun: firstRun))
                firstRun += runs
            }
        }
        return cells
    }

    /// The number of all runs.
    var runCount: Int { seeds.count * tasks.reduce(0) { $0 + runs(of: $1).count } }

    /// The recipes of a task with a seed, resolved.
    ///
    /// The AdamW run keeps the checkpoint that SWAG goes on from. Labels are held out for those
    /// methods alone that use them.
    public func recipes(_ task: Task, seed: Int, holdingOut: Bool = false) -> Trajectories {
        var recipes = task.recipes.map { recipe in
            var recipe = recipe
            if !holdingOut { recipe.heldOut = 0 }
            recipe.seed = seed
            return recipe
        }
        (recipes.adamw.method, recipes.ivon.method) = (.adamw, .ivon)
        recipes.automatic.method = .automaticIVON
        recipes.adamw.keepStep = settings.swagFirstStep(of: recipes.adamw.steps)
        return recipes.map { $0.resolved() }
    }

    /// The recipes that the methods train a task by with a seed, resolved.
    public func trainings(_ task: Task, seed: Int) -> [Recipe] {
        let trained = runs(of: task).compactMap(\.trains)
        return recipes(task, seed: seed).all.filter { trained.contains($0.method) }
    }

    /// A name for folders and tables: the last part of a path, without its ending.
    public static func name(of task: String) -> String {
        URL(fileURLWithPath: task).standardizedFileURL.deletingPathExtension().lastPathComponent
    }
}
