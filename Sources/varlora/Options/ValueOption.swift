import ArgumentParser

/// Options whose value is the next text, whatever that looks like: -1 is a value out of range and
/// not a flag.
extension Option {
    init<Text: ExpressibleByArgument>(_ help: ArgumentHelp) where Value == Text? {
        self.init(parsing: .unconditional, help: help)
    }

    init(_ help: ArgumentHelp) where Value: ExpressibleByArgument {
        self.init(parsing: .unconditional, help: help)
    }

    init(wrappedValue: Value, _ help: ArgumentHelp) where Value: ExpressibleByArgument {
        self.init(wrappedValue: wrappedValue, parsing: .unconditional, help: help)
    }

    /// The option of a key of a recipe or a comparison.
    init(of key: String) where Value == String? { self.init(.of(key)) }
}
