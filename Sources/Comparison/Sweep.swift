import Training
import Yams

/// Keys of a recipe with several numbers each: every choice of one number a key makes tasks of its
/// own.
public struct Sweep: Equatable, Sendable {
    /// A key with its numbers as texts, as flags would give them.
    private var axes: [(key: String, values: [String])] = []

    /// Nothing to choose.
    public init() {}

    /// The mapping of a file.
    init(_ node: Node, place: String) throws {
        guard let mapping = node.mapping else {
            throw RecipeError("\(place): expected keys of a recipe with lists, found others")
        }
        for (key, values) in mapping {
            try add(key.string ?? "?", values.texts ?? [], place: place)
        }
    }

    /// Keys that a comparison sets by itself, and what does so.
    private static let others = ["seed": "seeds", "method": "methods", "keep-step": "swag-start"]

    /// Adds a key, or gives it other values.
    ///
    /// - Throws: `RecipeError` for unknown keys, and values that are out of range, no numbers, none
    ///   at all or there twice.
    mutating func add(_ key: String, _ values: [String], place: String) throws {
        if let other = Self.others[key] {
            throw RecipeError("\(place): \(key): a comparison sets it by itself; see \(other)")
        }
        var scratch = Recipe()
        for value in values {
            try scratch.set(key, to: value, place: place)
            guard Double(value) != nil else {
                throw RecipeError("\(place): \(key): expected numbers, found \"\(value)\"")
            }
        }
        guard !values.isEmpty, Set(values.compactMap(Double.init)).count == values.count else {
            let found = values.isEmpty ? "none" : values.joined(separator: ", ")
            throw RecipeError("\(place): \(key): expected different numbers, found \(found)")
        }
        axes.removeAll { $0.key == key }
        axes.append((key, values))
    }

    /// Every choice of a value a key, the last key changing first; a single empty one without keys.
    var choices: [[ComparisonRecipe.Setting]] {
        axes.reduce([[]]) { choices, axis in
            choices.flatMap { choice in
                axis.values.map { choice + [.init(key: axis.key, value: $0)] }
            }
        }
    }

    /// The sweep as YAML; nil where nothing is swept.
    var node: Node? {
        guard !axes.isEmpty else { return nil }
        return .mapping(
            Node.Mapping(
                axes.map { axis in
                    (Node(axis.key), Node.sequence(.init(axis.values.map { Node($0) })))
                }
            )
        )
    }

    /// Whether two sweeps have the same choices.
    public static func == (one: Sweep, other: Sweep) -> Bool { one.choices == other.choices }
}
