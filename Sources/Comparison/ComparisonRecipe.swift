import Files
import Foundation
import TextTasks
import Training
import Yams

/// A comparison as a file: the keys of a recipe, which hold for all runs, and these beside them.
///
/// `tasks` are named as in a recipe; `recipes` are shipped recipes or files, each a task with
/// settings of its own, over which the file's own keys go. Below `adamw` and `ivon` stand keys for
/// the runs of one of the two only, below `sweep` keys with several values, each of which makes a
/// task of its own. A plain recipe is a comparison of one task with one seed; its learning rate and
/// `beta2` are those of its own `method`.
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
    /// Keys with several values, for all runs.
    public var sweep = Sweep()

    /// An empty comparison.
    public init() {}

    /// Reads a comparison from YAML and checks every value; `place` is what messages call it.
    ///
    /// - Throws: `RecipeError` for text that is not YAML, unknown keys and values out of range.
    public init(yaml: String, place: String) throws {
        for (key, value) in try Self.pairs(yaml: yaml, place: place) {
            try set(key, value, place: place)
        }
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
        guard FileManager.default.fileExists(atPath: name) else {
            throw RecipeError(
                "\(name): neither a file nor shipped (\(names.joined(separator: ", ")))"
            )
        }
        try self.init(contentsOf: URL(fileURLWithPath: name))
    }

    /// Reads a file.
    ///
    /// - Throws: `RecipeError`, also when the file cannot be read.
    init(contentsOf file: URL) throws {
        do {
            try self.init(yaml: RegularFile.readText(file), place: file.relativePath)
        } catch let error as FileError {
            throw RecipeError("\(error)")
        }
    }

    /// Sets a key from its text, as a flag does; lists have commas between.
    ///
    /// - Throws: `RecipeError` for an unknown key or a value out of range.
    public mutating func set(_ key: String, to text: String, place: String) throws {
        let node = Self.field(key)?.node(of: text) ?? ComparisonSettings.field(key)?.node(of: text)
        try set(key, node ?? Node(text), place: place)
    }

    /// Sets `key=value,value` of the sweep.
    ///
    /// - Throws: `RecipeError` for another form, an unknown key or a value out of range.
    public mutating func setSweep(_ text: String, place: String) throws {
        guard let (key, values) = text.keyAndValue else {
            throw RecipeError("\(place): expected key=value,value, found \"\(text)\"")
        }
        let texts = values.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        try sweep.add(key, texts, place: place)
    }

    /// Sets `key=value` for the runs of `adamw` or `ivon`.
    ///
    /// - Throws: `RecipeError` for another form, an unknown key or a value out of range.
    public mutating func set(_ text: String, of trajectory: String, place: String) throws {
        guard let (key, value) = text.keyAndValue else {
            throw RecipeError("\(place): expected key=value, found \"\(text)\"")
        }
        let setting = try Self.ownSetting(key, Node(value), place: place)
        if trajectory == "adamw" { adamw.append(setting) } else { ivon.append(setting) }
    }

    private mutating func set(_ key: String, _ node: Node, place: String) throws {
        if Self.field(key) != nil {
            try read(key, node, place: place)
            let subject = place == "--\(key)" ? place : "\(place): \(key)"
            _ = try Method.named(methods, place: subject)
        } else if ComparisonSettings.field(key) != nil {
            try settings.read(key, node, place: place)
        } else if key == "adamw" {
            adamw = try Self.settings(node, place: "\(place): adamw")
        } else if key == "ivon" {
            ivon = try Self.settings(node, place: "\(place): ivon")
        } else if key == "sweep" {
            sweep = try Sweep(node, place: "\(place): sweep")
        } else {
            shared.append(try Self.setting(key, node, place: place))
        }
    }

    private static func settings(_ node: Node, place: String) throws -> [Setting] {
        guard let mapping = node.mapping else {
            throw RecipeError("\(place): expected keys of a recipe, found others")
        }
        return try mapping.map { try ownSetting($0.string ?? "?", $1, place: place) }
    }

    /// Keys in which trajectories must agree to be compared.
    private static let common = [
        "model", "task", "data", "method", "seed", "split-seed", "labels", "held-out", "max-length",
        "limit-train", "limit-validation", "limit-test", "device", "base-precision", "compute",
        "threads", "keep-step", "rank", "alpha", "rslora", "target-modules",
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

extension ComparisonRecipe: SettingsTable {
    /// Every key beside those of ``ComparisonSettings`` and of recipes, in the order of files.
    public static let fields: [SettingField<ComparisonRecipe>] = [
        .init("tasks", \.tasks, .texts),
        .init("recipes", \.recipes, .texts),
        .init("methods", \.methods, .texts).means("Methods, with commas between (default: all)"),
        // Those of an ensemble's members, up to 1000 times 1000 more, are seeds too.
        .init("seeds", \.seeds, .integers(0...ValueKind.most - 1_000_000))
            .means("Seeds, with commas between (default: the recipe's)"),
        .init("ood", \.shifts, .texts)
            .means("Tasks to test on without training, with commas between"),
    ]

    /// The comparison as YAML; keys without value are left out.
    public var yaml: String {
        func add(_ settings: [Setting], to mapping: inout Node.Mapping) {
            for setting in settings { mapping[Node(setting.key)] = Node(setting.value) }
        }
        var mapping = Node.Mapping((nodes + settings.nodes).map { (Node($0.key), $0.value) })
        add(shared, to: &mapping)
        for (key, settings) in [("adamw", adamw), ("ivon", ivon)] where !settings.isEmpty {
            var own = Node.Mapping([])
            add(settings, to: &own)
            mapping[Node(key)] = Node.mapping(own)
        }
        if let sweep = sweep.node { mapping["sweep"] = sweep }
        // Scalars, lists and mappings of scalars always serialise.
        return (try? Yams.serialize(node: Node.mapping(mapping), allowUnicode: true)) ?? ""
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
        try validate(place: place)
        try settings.validate(place: place)
        func last(_ key: String) -> String? { shared.last { $0.key == key }?.value }
        let (ownTask, ownMethod) = (last("task").map { [$0] } ?? [], last("method"))
        var starts = try recipes.map { try ShippedRecipes.load($0) }
        if recipes.isEmpty {
            starts += (tasks.isEmpty ? ownTask : tasks).map { Recipe(model: "", task: $0) }
        }
        let pairs = starts.flatMap { start in sweep.choices.map { (start, $0) } }
        let planned = try pairs.map { start, choice in
            func recipe(_ method: TrainingMethod, _ own: [Setting]) throws -> Recipe {
                var recipe = start
                // A rate that suits one optimizer is far from right for the other.
                let isOther =
                    method == .automaticIVON
                    ? ownMethod != method.rawValue
                    : (ownMethod ?? method.rawValue) != method.rawValue
                if start.method != method { (recipe.learningRate, recipe.beta2) = (nil, nil) }
                for setting in shared where setting.key != "task" {
                    if isOther, ["learning-rate", "beta2"].contains(setting.key) { continue }
                    try recipe.set(setting.key, to: setting.value, place: place)
                }
                for setting in choice + own {
                    try recipe.set(setting.key, to: setting.value, place: place)
                }
                return recipe
            }
            return ComparisonPlan.Task(
                name: ComparisonPlan.name(of: start.task),
                choice: choice,
                recipes: Trajectories(
                    adamw: try recipe(.adamw, adamw),
                    ivon: try recipe(.ivon, ivon),
                    automatic: try recipe(.automaticIVON, [])
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
