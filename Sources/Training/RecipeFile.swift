import Files
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
        for (key, value) in try Self.pairs(yaml: yaml, place: place) {
            try read(key, value, place: place)
        }
    }

    /// Reads a recipe file.
    ///
    /// - Throws: ``RecipeError``, also when the file cannot be read.
    public init(contentsOf url: URL) throws {
        do {
            try self.init(yaml: RegularFile.readText(url), place: url.path)
        } catch let error as FileError {
            throw RecipeError("\(error)")
        }
    }

    /// The recipe as YAML, one key a line; keys without value are left out.
    public var yaml: String {
        let mapping = Node.Mapping(nodes.map { (Node($0.key), $0.value) })
        // Scalars and lists of scalars always serialise.
        return (try? Yams.serialize(node: Node.mapping(mapping), allowUnicode: true)) ?? ""
    }

    /// The keys that are set to other than their default, and that the method does not read.
    public var unreadKeys: [String] {
        let (found, usual) = (values, Recipe(model: "", task: "", method: method).resolved().values)
        return method.unread.filter { found[$0] != usual[$0] }
    }

    /// The values of all keys that have one, as texts.
    public var values: [String: String] {
        Dictionary(uniqueKeysWithValues: nodes.map { ($0.key, $0.value.text ?? "") })
    }
}
