/// The tests behind `is`.
extension TemplateValue {
    /// Whether `self is name(arguments)` holds.
    ///
    /// Throws ``TemplateFault`` for tests that are not served.
    func passes(_ name: String, _ arguments: inout TemplateArguments) throws -> Bool {
        let result = try result(of: name, &arguments)
        try arguments.finish()
        return result
    }

    private static let comparisons: [String: TemplateExpression.Comparison] = [
        "eq": .equal, "equalto": .equal, "ne": .unequal, "lt": .less, "lessthan": .less,
        "le": .lessOrEqual, "gt": .greater, "greaterthan": .greater, "ge": .greaterOrEqual,
        "in": .within,
    ]

    private func result(of name: String, _ arguments: inout TemplateArguments) throws -> Bool {
        let comparison = Self.comparisons[name] ?? .init(rawValue: name)
        if let comparison { return try comparison.holds(self, arguments.required("other")) }
        switch (name, self) {
        case ("defined", .undefined), ("none", .none), ("boolean", .boolean),
            ("undefined", .undefined), ("true", .boolean(true)), ("false", .boolean(false)),
            ("integer", .integer), ("float", .float), ("string", .text), ("mapping", .dictionary),
            ("callable", .macro), ("callable", .function), ("callable", .method),
            ("number", .boolean), ("number", .integer), ("number", .float):
            return name != "defined"
        case ("defined", _): return true
        case ("sequence", .undefined), ("sequence", .text), ("sequence", .list),
            ("sequence", .tuple), ("sequence", .dictionary), ("iterable", .undefined),
            ("iterable", .text), ("iterable", .list), ("iterable", .tuple),
            ("iterable", .dictionary), ("iterable", .generator):
            return true
        case ("none", _), ("boolean", _), ("undefined", _), ("true", _), ("false", _),
            ("integer", _), ("float", _), ("string", _), ("mapping", _), ("callable", _),
            ("number", _), ("sequence", _), ("iterable", _):
            return false
        case ("odd", _): return try computed("%", .integer(2)).equals(.integer(1))
        case ("even", _): return try computed("%", .integer(2)).equals(.integer(0))
        case ("divisibleby", _):
            return try computed("%", arguments.required("num")).equals(.integer(0))
        case ("lower", _):
            let text = try printed()
            return text.contains(where: \.properties.isLowercase) && text == text.lowercased
        case ("upper", _):
            let text = try printed()
            return text.contains(where: \.properties.isUppercase) && text == text.uppercased
        default: throw TemplateFault.unsupported("the test \"\(name)\"")
        }
    }
}
