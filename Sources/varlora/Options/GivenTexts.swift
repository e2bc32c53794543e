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

    /// The value of a flag, read and checked as that of a recipe's key, by default the one called
    /// so; nil where the flag was not given.
    func value<Value>(
        _ flag: String,
        _ text: String?,
        _ path: KeyPath<Recipe, Value>,
        as key: String? = nil
    ) throws -> Value? {
        guard let text else { return nil }
        var recipe = Recipe()
        do {
            try recipe.set(key ?? flag, to: text, place: "--\(flag)")
        } catch {
            throw ValidationError("\(error)")
        }
        return recipe[keyPath: path]
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
