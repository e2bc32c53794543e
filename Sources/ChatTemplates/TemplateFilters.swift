import Foundation

/// The filters behind `|`.
extension TemplateRenderer {
    /// `value | name(arguments)`.
    mutating func filter(
        _ name: String,
        _ value: TemplateValue,
        _ arguments: TemplateExpression.Arguments
    ) throws -> TemplateValue {
        var values = try values(of: arguments, for: "the filter \"\(name)\"")
        return try filtered(name, value, &values)
    }

    private mutating func filtered(
        _ name: String,
        _ value: TemplateValue,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue {
        try allowance.spend(on: value)
        let result =
            try chosen(by: name, of: value, &arguments)
            ?? value.asText(filtered: name, &arguments)
            ?? value.asList(filtered: name, &arguments)
            ?? value.asNumber(filtered: name, &arguments)
        guard let result else { throw TemplateFault.unsupported("the filter \"\(name)\"") }
        try arguments.finish()
        try allowance.spend(result.length ?? 0)
        return result
    }

    /// Filters that apply others or tests to each element.
    private mutating func chosen(
        by name: String,
        of value: TemplateValue,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue? {
        switch name {
        case "map": return .generator(TemplateGenerator(try mapped(value, &arguments)))
        case "select", "reject", "selectattr", "rejectattr":
            let path = name.hasSuffix("attr") ? try arguments.required("attribute") : nil
            let test = try arguments.optionalText("test")?.string
            let rest = arguments.takeRest()
            let chosen = try value.elements().filter { element in
                try allowance.spend(1)
                let subject = try path.map { try element.value(at: $0) } ?? element
                var arguments = TemplateArguments(of: "the test \"\(test ?? "")\"", rest)
                let passes = try test.map { try subject.passes($0, &arguments) } ?? subject.isTrue
                return passes == name.hasPrefix("select")
            }
            return .generator(TemplateGenerator(chosen))
        default: return nil
        }
    }

    private mutating func mapped(
        _ value: TemplateValue,
        _ arguments: inout TemplateArguments
    ) throws -> [TemplateValue] {
        let elements = try value.elements()
        guard let name = arguments.nextPositional() else {
            let path = try arguments.required("attribute")
            let standard = try arguments.optional("default")
            return try elements.map { element in
                let value = try element.value(at: path)
                if case .undefined = value { return standard ?? value }
                return value
            }
        }
        guard case .text(let filter) = name else {
            throw TemplateFault("the filter \"map\": expected a filter's name")
        }
        let (rest, keywords) = (arguments.takeRest(), arguments.takeKeywords())
        return try elements.map { element in
            let callee = "the filter \"\(filter.string)\""
            var arguments = TemplateArguments(of: callee, rest, keywords)
            return try filtered(filter.string, element, &arguments)
        }
    }
}

extension TemplateValue {
    /// The value at a path of attributes such as `function.name`.
    func value(at path: TemplateValue) throws -> TemplateValue {
        guard case .text(let names) = path else { return try item(path) }
        return try names.split(by: ["."]).reduce(self) { value, name in
            try value.item(Int(name.string).map { .integer($0) } ?? .text(name))
        }
    }

    /// Filters of texts, which take other values as they print.
    fileprivate func asText(
        filtered name: String,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue? {
        switch name {
        case "string", "safe": return .text(try printed())
        case "upper": return .text(try printed().uppercased)
        case "lower": return .text(try printed().lowercased)
        case "capitalize": return .text(try printed().capitalized)
        case "title":
            let ends: Set<Unicode.Scalar> = ["-", "(", "{", "[", "<"]
            return .text(try printed().titled { !$0.isPythonSpace && !ends.contains($0) })
        case "trim":
            let kinds = try arguments.optionalText("chars").map(Set.init)
            return .text(
                try printed().stripped { kinds?.contains($0) ?? $0.isPythonSpace }
            )
        case "replace":
            let old = try arguments.required("old").printed()
            let new = try arguments.required("new").printed()
            let count = try arguments.optionalInteger("count") ?? -1
            return .text(try printed().replacingChecked(old, with: new, count: count))
        case "indent":
            let width = try arguments.optional("width") ?? .integer(4)
            let (first, blank) = (try arguments.flag("first"), try arguments.flag("blank"))
            return .text(try printed().indented(width.indentation(), first: first, blank: blank))
        case "tojson":
            let isASCII = try arguments.flag("ensure_ascii")
            let indent = try arguments.optional("indent")
            let separators = try arguments.optional("separators")?.elements() ?? []
            let indentation = try indent.flatMap { $0.equals(.none) ? nil : try $0.indentation() }
            let json = TemplateJSON(
                isASCII: isASCII,
                indentation: indentation,
                itemSeparator: try separators.first?.printed().string
                    ?? (indentation == nil ? ", " : ","),
                keySeparator: try separators.last?.printed().string ?? ": ",
                sortsKeys: try arguments.flag("sort_keys")
            )
            return .text(try json.text(of: self))
        default: return nil
        }
    }

    /// What a width stands for: so many spaces, or the text itself.
    private func indentation() throws -> TemplateText {
        if case .text(let text) = self { return text }
        guard let width = integer, width <= 1_000 else {
            throw TemplateFault("expected an indentation of at most 1000 spaces")
        }
        return TemplateText(repeating: " ", count: max(0, width))
    }

    /// Filters of lists and what else has elements.
    fileprivate func asList(
        filtered name: String,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue? {
        switch name {
        case "default", "d":
            let standard = try arguments.optional("default_value") ?? .text([])
            let replacesFalse = try arguments.flag("boolean")
            if case .undefined = self { return standard }
            return replacesFalse && !isTrue ? standard : self
        case "length", "count":
            guard let length else {
                throw TemplateFault("a value of type \(typeName) has no length")
            }
            return .integer(length)
        case "list": return .list(try elements())
        case "first": return try elements().first ?? .undefined("the list has no first element")
        case "last": return try elements().last ?? .undefined("the list has no last element")
        case "join":
            let separator = try arguments.optional("d")?.printed() ?? []
            let path = try arguments.optional("attribute")
            let texts = try elements().map {
                try path.map($0.value(at:))?.printed() ?? $0.printed()
            }
            return .text(Array(texts.joined(separator: separator)))
        case "reverse":
            if case .text(let text) = self { return .text(text.reversed()) }
            return .generator(TemplateGenerator(try elements().reversed()))
        case "unique":
            let ignoresCase = try !arguments.flag("case_sensitive")
            var seen: [TemplateValue] = []
            let values = try elements()
            guard values.count <= 1_000 else {
                throw TemplateFault("the filter \"unique\": expected at most 1000 elements")
            }
            return .generator(
                TemplateGenerator(
                    values.filter { value in
                        let key = ignoresCase ? value.withoutCase : value
                        if seen.contains(where: { $0.equals(key) }) { return false }
                        seen.append(key)
                        return true
                    }
                )
            )
        case "items":
            guard case .dictionary(let dictionary) = self else {
                return isTrue ? nil : .generator(TemplateGenerator([]))
            }
            return .generator(
                TemplateGenerator(dictionary.members.map { .tuple([$0.key, $0.value]) })
            )
        case "min", "max":
            return try elements().sorted(reversed: name == "max", by: \.withoutCase).first
                ?? .undefined("the list has no elements")
        case "dictsort": return .list(try sortedMembers(&arguments))
        case "sort":
            let isReversed = try arguments.flag("reverse")
            let ignoresCase = try !arguments.flag("case_sensitive")
            let path = try arguments.optional("attribute")
            return .list(
                try elements().sorted(reversed: isReversed) { value in
                    let key = try path.map(value.value(at:)) ?? value
                    return ignoresCase ? key.withoutCase : key
                }
            )
        default: return nil
        }
    }

    private var withoutCase: TemplateValue {
        if case .text(let text) = self { .text(text.lowercased) } else { self }
    }

    private func sortedMembers(_ arguments: inout TemplateArguments) throws -> [TemplateValue] {
        guard case .dictionary(let dictionary) = self else {
            throw TemplateFault("the filter \"dictsort\": expected a dictionary, found \(typeName)")
        }
        let ignoresCase = try !arguments.flag("case_sensitive")
        let byValue = try arguments.optionalText("by")?.string == "value"
        let isReversed = try arguments.flag("reverse")
        return try dictionary.members.map { TemplateValue.tuple([$0.key, $0.value]) }
            .sorted(reversed: isReversed) { member in
                let key = try member.item(.integer(byValue ? 1 : 0))
                return ignoresCase ? key.withoutCase : key
            }
    }

    /// Filters of numbers.
    fileprivate func asNumber(
        filtered name: String,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue? {
        switch name {
        case "int":
            let standard = try arguments.optional("default") ?? .integer(0)
            if let integer { return .integer(integer) }
            let text = try printed().stripped().string
            if case .text = self, let value = Int(text) { return .integer(value) }
            guard let value = number ?? Double(text), abs(value) < 9e18 else { return standard }
            return .integer(Int(value))
        case "float":
            let standard = try arguments.optional("default") ?? .float(0)
            return try (number ?? Double(printed().stripped().string)).map { .float($0) }
                ?? standard
        case "abs":
            guard number != nil else { throw TemplateFault("abs: expected a number") }
            return try isLess(than: .integer(0)) ? negated() : computed("+", .integer(0))
        case "round":
            let precision = try arguments.optionalInteger("precision") ?? 0
            let method = try arguments.optionalText("method")?.string ?? "common"
            guard let number else { throw TemplateFault("round: expected a number") }
            let rules: [String: FloatingPointRoundingRule] = ["ceil": .up, "floor": .down]
            let rule = rules[method]
            guard rule != nil || method == "common", (0...15).contains(precision) else {
                throw TemplateFault.unsupported("this way to round")
            }
            let factor = pow(10, Double(precision))
            if let rule { return .float((number * factor).rounded(rule) / factor) }
            // Python rounds the decimal digits, and halves to even; so does the C library.
            if let integer, precision == 0 { return .integer(integer) }
            return .float(Double(String(format: "%.\(precision)f", number)) ?? number)
        default: return nil
        }
    }
}

extension [TemplateValue] {
    /// Sorted by a key; equal ones keep their order, reversed or not, as in Python.
    fileprivate func sorted(
        reversed: Bool,
        by key: (TemplateValue) throws -> TemplateValue
    ) throws -> [TemplateValue] {
        let keyed = try map { (key: try key($0), value: $0) }
        return try keyed.sorted { a, b in
            try reversed ? b.key.isLess(than: a.key) : a.key.isLess(than: b.key)
        }
        .map(\.value)
    }
}

extension TemplateText {
    /// Each line but the first behind an indentation; empty ones only with `blank`.
    fileprivate func indented(
        _ indentation: TemplateText,
        first: Bool,
        blank: Bool
    ) -> TemplateText {
        let lines = split(by: ["\n"]).enumerated().map { index, line in
            (index == 0 ? first : blank || !line.isEmpty) ? indentation + line : line
        }
        return Array(lines.joined(separator: ["\n"]))
    }
}
