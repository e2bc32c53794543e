import ArgumentParser
import Comparison
import Training

extension ParsableArguments {
    /// The options with a text that were given, by the names of their flags.
    var givenTexts: [(key: String, value: String)] {
        Mirror(reflecting: self).children.compactMap { child in
            guard let name = child.label, let option = child.value as? Option<String?>,
                let value = option.wrappedValue
            else { return nil }
            // A property wrapper's storage begins with an underscore.
            let words = name.dropFirst().replacing(/[A-Z]/) { "-" + $0.output.lowercased() }
            return (String(words), value)
        }
    }

    /// Checks the value of a flag as that of a recipe's key, by default the one called so.
    func check(_ flag: String, _ value: (some Any)?, as key: String? = nil) throws {
        guard let value else { return }
        var recipe = Recipe()
        do {
            try recipe.set(key ?? flag, to: "\(value)", place: "--\(flag)")
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

extension ArgumentHelp {
    /// The help of a key of a recipe or a comparison.
    static func of(_ key: String) -> ArgumentHelp {
        let help =
            Recipe.field(key)?.help ?? ComparisonRecipe.field(key)?.help
            ?? ComparisonSettings.field(key)?.help
        return ArgumentHelp(help ?? "")
    }
}
