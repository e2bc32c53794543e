import Foundation
import TextTasks
import Training
import Yams

/// A comparison as a file: the keys of a recipe, which hold for all runs, and these beside them.
///
/// `tasks` are named as in a recipe; `recipes` are shipped recipes or files, each a task with
/// settings of its own, over which the file's own keys go. Below `adamw` and `ivon` stand keys for
/// the runs of one of the two only. A plain recipe is a comparison of one task with one seed; its
/// learning rate and `beta2` are those of its own `method`.
public struct ComparisonRecipe: Equatable, Sendable {
    /// A key of a recipe with its value as a text.
    public struct Setting: Equatable, Sendable {
        /// The key.
        public var key: String
        /// The value, as a flag would give it.
        public var value: String
    }

    /// Tasks by name or place.
    public var tasks: [String] = []
    /// Recipes that name a task each.
    public var recipes: [String] = []
    /// Names of methods; all when empty.
    public var methods: [String] = []
    /// Seeds; the recipe's when empty.
    public var seeds: [Int] = []
    /// Tasks to test on without training.
    public var shifts: [String] = []
    /// Settings of the methods.
    public var settings = ComparisonSettings()
    /// Keys for all runs.
    public var shared: [Setting] = []
    /// Keys for AdamW's runs.
    public var adamw: [Setting] = []
    /// Keys for IVON's runs.
    public var ivon: [Setting] = []

    /// An empty comparison.
    public init() {}

    /// Reads a comparison from YAML and checks every value; `place` is what messages call it.
    ///
    /// - Throws: `RecipeError` for text that is not YAML, unknown keys and values out of range.
    public init(yaml: String, place: String) throws {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "\(error)"
            throw RecipeError("\(place): not valid YAML: \(reason)")
        }
        guard let root else { return }
        guard let mapping = root.mapping else {
            throw RecipeError("\(place): expected keys and values at the top level, found others")
        }
        for (key, value) in mapping { try set(key.string ?? "?", value, place: place) }
        _ = try plan(place: place, checkingTasks: false)
    }

    /// The shipped comparison or recipe of that name, or else the one in that file.
    ///
    /// - Throws: `RecipeError`.
    public init(named name: String) throws {
        let names = ShippedRecipes.comparisonNames + ShippedRecipes.names
        if names.contains(name) {
            try self.init(yaml: try ShippedRecipes.yaml(of: name), place: name)
            return
        }
        guard let yaml = try? String(contentsOfFile: name, encoding: .utf8) else {
            throw RecipeError(
                "\(name): neither a readable file nor shipped (\(names.joined(separator: ", ")))"
            )
        }
        try self.init(yaml: yaml, place: name)
    }

    /// Sets a key from its text, as a flag does; lists have commas between.
    ///
    /// - Throws: `RecipeError` for an unknown key or a value out of range.
    public mutating func set(_ key: String, to text: String, place: String) throws {
        if Self.lists.contains(key) {
            return try set(
                key,
                Node(text.split(separator: ",").map { Node(String($0)) }),
                place: place
            )
        }
        try set(key, Node(text), place: place)
    }

    /// Sets `key=value` for the runs of `adamw` or `ivon`.
    ///
    /// - Throws: `RecipeError` for another form, an unknown key or a value out of range.
    public mutating func set(_ text: String, of trajectory: String, place: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw RecipeError("\(place): expected key=value, found \"\(text)\"")
        }
        let setting = try Self.ownSetting(parts[0], Node(parts[1]), place: place)
        if trajectory == "adamw" { adamw.append(setting) } else { ivon.append(setting) }
    }

    private static let lists = ["tasks", "recipes", "methods", "seeds", "ood", "variance-scales"]

    private mutating func set(_ key: String, _ node: Node, place: String) throws {
        let subject = place == "--\(key)" ? place : "\(place): \(key)"
        func fail(_ expected: String) -> RecipeError {
            let found = node.texts.map { "\"\($0.joined(separator: ","))\"" } ?? "others"
            return RecipeError("\(subject): expected \(expected), found \(found)")
        }
        func texts() throws -> [String] {
            guard let texts = node.texts, !texts.isEmpty else { throw fail("a list of names") }
            return texts
        }
        func numbers<Number: LosslessStringConvertible & Comparable>(
            _ range: ClosedRange<Number>
        ) throws -> [Number] {
            let expected = "numbers from \(range.lowerBound) to \(range.upperBound)"
            let values = node.texts?.map { Number($0.replacing("_", with: "")) } ?? []
            guard !values.isEmpty, values.allSatisfy({ $0.map(range.contains) ?? false }) else {
                throw fail(expected)
            }
            return values.compactMap { $0 }
        }
        func number<Number: LosslessStringConvertible & Comparable>(
            _ range: ClosedRange<Number>
        ) throws -> Number {
            let values = try numbers(range)
            guard values.count == 1 else { throw fail("one number") }
            return values[0]
        }
        func choice<Value: RawRepresentable<String> & CaseIterable>() throws -> Value {
            guard let value = node.string.flatMap(Value.init(rawValue:)) else {
                throw fail(Value.allCases.map(\.rawValue).joined(separator: " or "))
            }
            return value
        }
        switch key {
        case "tasks": tasks = try texts()
        case "recipes": recipes = try texts()
        case "methods":
            methods = try texts()
            _ = try Method.named(methods, place: subject)
        case "seeds": seeds = try numbers(0...Self.largestSeed)
        case "ood": shifts = try texts()
        case "limit-ood": settings.shiftLimit = try number(1...Int(Int32.max))
        case "ensemble-members": settings.members = try number(2...1000)
        case "swag-start": settings.swagStart = try number(0.0...0.99)
        case "swag-rate": settings.swagRate = try number(1e-6...1e6)
        case "swag-rank": settings.swagRank = try number(2...10_000)
        case "laplace-prior": settings.laplacePrior = try choice()
        case "laplace-predictive": settings.laplacePredictive = try choice()
        case "variance-scales":
            settings.varianceScales = try numbers(0.0...1e6)
            guard settings.varianceScales.contains(0) else { throw fail("0, the mean, among them") }
        case "adamw": adamw = try Self.settings(node, place: "\(place): adamw")
        case "ivon": ivon = try Self.settings(node, place: "\(place): ivon")
        default: shared.append(try Self.setting(key, node, place: place))
        }
    }

    private static func settings(_ node: Node, place: String) throws -> [Setting] {
        guard let mapping = node.mapping else {
            throw RecipeError("\(place): expected keys of a recipe, found others")
        }
        return try mapping.map { try ownSetting($0.string ?? "?", $1, place: place) }
    }

    /// The largest seed: those of an ensemble's members, up to 1000 times 1000 more, are seeds too.
    private static let largestSeed = Int(Int32.max) - 1_000_000

    /// Keys in which the two trajectories must agree to be compared.
    private static let common = [
        "model", "task", "data", "method", "seed", "split-seed", "max-length", "limit-train",
        "limit-validation", "limit-test", "device", "base-precision", "threads", "keep-step",
    ]

    /// A setting of one trajectory alone.
    private static func ownSetting(_ key: String, _ node: Node, place: String) throws -> Setting {
        if common.contains(key) {
            throw RecipeError(
                "\(place): \(key): expected a key in which AdamW's and IVON's runs may differ, "
                    + "found one of both"
            )
        }
        return try setting(key, node, place: place)
    }

    private static func setting(_ key: String, _ node: Node, place: String) throws -> Setting {
        guard let texts = node.texts else {
            throw RecipeError("\(place): \(key): expected a value, found a mapping")
        }
        let setting = Setting(key: key, value: texts.joined(separator: ","))
        var scratch = Recipe()
        try scratch.set(key, to: setting.value, place: place)
        return setting
    }
}

extension Node {
    /// A scalar's text, or those of a list of scalars.
    fileprivate var texts: [String]? {
        if let text = scalar?.string { return [text] }
        guard let sequence else { return nil }
        let texts = sequence.compactMap { $0.scalar?.string }
        return texts.count == sequence.count ? texts : nil
    }
}

extension ComparisonRecipe {
    /// The plan that the recipe describes.
    ///
    /// `place` is what messages call the recipe.
    ///
    /// - Throws: `RecipeError` or ``ComparisonError`` where there is no task or model, a name is
    ///   unknown, or two tasks would share a folder.
    public func plan(place: String) throws -> ComparisonPlan {
        try plan(place: place, checkingTasks: true)
    }

    private func plan(place: String, checkingTasks: Bool) throws -> ComparisonPlan {
        func last(_ key: String) -> String? { shared.last { $0.key == key }?.value }
        let (ownTask, ownMethod) = (last("task").map { [$0] } ?? [], last("method"))
        var starts = try recipes.map { try ShippedRecipes.load($0) }
        if recipes.isEmpty {
            starts += (tasks.isEmpty ? ownTask : tasks).map { Recipe(model: "", task: $0) }
        }
        let planned = try starts.map { start in
            func recipe(_ method: TrainingMethod, _ own: [Setting]) throws -> Recipe {
                var recipe = start
                // A rate that suits one optimizer is far from right for the other.
                let isOther = (ownMethod ?? method.rawValue) != method.rawValue
                if start.method != method { (recipe.learningRate, recipe.beta2) = (nil, nil) }
                for setting in shared where setting.key != "task" {
                    if isOther, ["learning-rate", "beta2"].contains(setting.key) { continue }
                    try recipe.set(setting.key, to: setting.value, place: place)
                }
                for setting in own { try recipe.set(setting.key, to: setting.value, place: place) }
                return recipe
            }
            return ComparisonPlan.Task(
                name: ComparisonPlan.name(of: start.task),
                recipes: Trajectories(
                    adamw: try recipe(.adamw, adamw),
                    ivon: try recipe(.ivon, ivon)
                )
            )
        }
        if checkingTasks { try check(planned, place) }
        let ownSeed = last("seed").flatMap { Int($0) }
        return ComparisonPlan(
            tasks: planned,
            methods: methods.isEmpty ? Method.all : try Method.named(methods, place: place),
            seeds: seeds.isEmpty ? [ownSeed ?? Recipe().seed] : seeds,
            shifts: shifts,
            settings: settings,
            yaml: yaml
        )
    }

    private func check(_ planned: [ComparisonPlan.Task], _ place: String) throws {
        guard !planned.isEmpty else {
            throw ComparisonError("\(place): tasks: expected at least one, found none")
        }
        for task in planned where task.recipes.adamw.model.isEmpty {
            throw ComparisonError("\(place): model: expected one for \(task.name), found none")
        }
        let shiftNames = shifts.map(ComparisonPlan.name)
        if let taken = shiftNames.first(where: { Split(rawValue: $0) != nil }) {
            throw ComparisonError(
                "\(place): ood: expected a name that is no part of a task, found \(taken)"
            )
        }
        let names = planned.map(\.name) + shiftNames
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ComparisonError(
                "\(place): tasks: expected different names, found \(twice) more than once"
            )
        }
        if let twice = seeds.first(where: { seed in seeds.count { $0 == seed } > 1 }) {
            throw ComparisonError("\(place): seeds: expected each once, found \(twice) again")
        }
    }
}
