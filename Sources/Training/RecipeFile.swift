import Foundation
import Yams

extension Recipe {
    /// Reads a recipe from YAML and checks every value.
    ///
    /// `place` is what messages call the text, a file's path.
    ///
    /// - Throws: ``RecipeError`` for text that is not YAML, unknown or repeated keys and values out
    ///   of range.
    public init(yaml: String, place: String) throws {
        self.init()
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "\(error)"
            throw RecipeError("\(place): not valid YAML: \(reason)")
        }
        guard let root else { return }
        guard let mapping = root.mapping else {
            throw RecipeError(place, "the top level", expected: "keys and values", found: "others")
        }
        // Yams refuses a key that is there twice.
        for (key, value) in mapping { try set(key.string ?? "?", value, place: place) }
    }

    /// Reads a recipe file.
    ///
    /// - Throws: ``RecipeError``, also when the file cannot be read.
    public init(contentsOf url: URL) throws {
        guard let yaml = try? String(contentsOf: url, encoding: .utf8) else {
            let exists = FileManager.default.fileExists(atPath: url.path)
            throw RecipeError(
                "\(url.path): \(exists ? "not a readable text file" : "no such file")"
            )
        }
        try self.init(yaml: yaml, place: url.path)
    }

    /// Sets one key from its text, as `--set key=value` and the flags do.
    ///
    /// - Throws: ``RecipeError`` for an unknown key or a value out of range.
    public mutating func set(_ key: String, to text: String, place: String) throws {
        // Names are texts whatever they look like: a folder may be called 2024 or #1.
        if ["model", "task", "data", "device"].contains(key) {
            return try set(key, Node(text), place: place)
        }
        guard let node = try? Yams.compose(yaml: text) else {
            throw RecipeError(place, key, expected: "a value", found: "\"\(text)\"")
        }
        try set(key, node, place: place)
    }

    private mutating func set(_ key: String, _ node: Node, place: String) throws {
        guard let field = RecipeField.all.first(where: { $0.key == key }) else {
            let keys = RecipeField.all.map(\.key).joined(separator: ", ")
            throw RecipeError(place, key, expected: "one of the keys \(keys)", found: "no such key")
        }
        guard field.read(node, &self) else {
            let found = node.scalar.map { "\"\($0.string)\"" } ?? "a list or mapping"
            throw RecipeError(place, key, expected: field.expected, found: found)
        }
    }

    /// The recipe as YAML, one key a line; keys without value are left out.
    public var yaml: String {
        var mapping = Node.Mapping([])
        for field in RecipeField.all {
            if let value = field.write(self) { mapping[Node(field.key)] = value }
        }
        // Scalars and lists of scalars always serialise.
        return (try? Yams.serialize(node: Node.mapping(mapping), allowUnicode: true)) ?? ""
    }

    /// The values of all keys that have one, as texts.
    public var values: [String: String] {
        Dictionary(
            uniqueKeysWithValues: RecipeField.all.compactMap { field in
                field.write(self).map { (field.key, Self.text($0)) }
            }
        )
    }

    /// The first key whose value differs, with both values; nil for equal recipes.
    func firstDifference(to other: Recipe) -> (key: String, mine: String, theirs: String)? {
        for field in RecipeField.all {
            let (mine, theirs) = (Self.text(field.write(self)), Self.text(field.write(other)))
            if mine != theirs { return (field.key, mine, theirs) }
        }
        return nil
    }

    private static func text(_ node: Node?) -> String {
        guard let node else { return "none" }
        return node.string ?? node.sequence?.compactMap(\.string).joined(separator: ",") ?? "?"
    }
}
