import Foundation
import RecipeFiles

/// The recipes that come with the package.
public enum ShippedRecipes {
    /// Their names.
    public static var names: [String] { RecipeFiles.all.map(\.name) }

    /// The names of the comparisons of methods that come with the package.
    public static var comparisonNames: [String] { RecipeFiles.comparisons.map(\.name) }

    /// The text of a shipped recipe or comparison.
    ///
    /// - Throws: ``RecipeError`` for an unknown name.
    public static func yaml(of name: String) throws -> String {
        let all = RecipeFiles.all + RecipeFiles.comparisons
        guard let recipe = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw RecipeError("no recipe is called \(name); there are \(names)")
        }
        return recipe.yaml
    }

    /// The first sentence of a shipped recipe or comparison; empty for an unknown name.
    public static func summary(of name: String) -> String {
        let yaml = (try? yaml(of: name)) ?? ""
        return yaml.prefix { $0 != "\n" }.drop { "# ".contains($0) }.description
    }

    /// The shipped recipe of that name, or else the recipe in that file.
    ///
    /// - Throws: ``RecipeError``.
    public static func load(_ name: String) throws -> Recipe {
        if names.contains(name) { return try Recipe(yaml: try yaml(of: name), place: name) }
        guard FileManager.default.fileExists(atPath: name) else {
            throw RecipeError(
                "\(name): neither a file nor a shipped recipe (\(names.joined(separator: ", ")))"
            )
        }
        return try Recipe(contentsOf: URL(fileURLWithPath: name))
    }
}
