/// Methods of strings and dictionaries.
extension TemplateValue {
    private static let textMethods: Set = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith",
        "replace", "upper", "lower", "title", "capitalize", "join", "find", "rfind", "count",
        "index", "isdigit", "isspace", "isalpha", "isalnum", "isupper", "islower", "removeprefix",
        "removesuffix", "format", "partition", "rpartition", "zfill", "encode", "swapcase",
        "casefold", "center", "ljust", "rjust", "format_map", "translate", "isnumeric",
        "isdecimal", "isidentifier", "istitle", "isascii", "isprintable", "expandtabs",
    ]
    private static let dictionaryMethods: Set = [
        "items", "keys", "values", "get", "update", "pop", "setdefault", "clear", "popitem",
        "copy",
    ]
    private static let listMethods: Set = [
        "append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear", "index",
        "count", "copy",
    ]

    /// Whether Python's type has a method of this name, be it served here or not.
    func hasMethod(_ name: String) -> Bool {
        switch self {
        case .text: Self.textMethods.contains(name)
        case .dictionary: Self.dictionaryMethods.contains(name)
        case .list: Self.listMethods.contains(name)
        default: false
        }
    }

    /// The result of a method.
    ///
    /// Throws ``TemplateFault`` for wrong arguments, and for what is not served, as all methods
    /// are that would change a value.
    func call(_ name: String, _ arguments: inout TemplateArguments) throws -> TemplateValue {
        switch self {
        case .text(let text): return try text.call(name, &arguments)
        case .dictionary(let dictionary): return try dictionary.call(name, &arguments)
        case .list(let values):
            if name == "copy" { return self }
            guard name == "index" || name == "count" else { break }
            let value = try arguments.required("value")
            if name == "count" { return .integer(values.count { $0.equals(value) }) }
            guard let index = values.firstIndex(where: { $0.equals(value) }) else {
                throw TemplateFault("list.index: there is no such element")
            }
            return .integer(index)
        case .loop(let loop):
            let values = arguments.takeRest()
            guard !values.isEmpty else { throw TemplateFault("loop.cycle: nothing to choose of") }
            return values[loop.index % values.count]
        default: break
        }
        throw TemplateFault.unsupported("the method \(typeName).\(name)")
    }
}

extension TemplateDictionary {
    fileprivate func call(
        _ name: String,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue {
        switch name {
        case "items": return .list(members.map { .tuple([$0.key, $0.value]) })
        case "keys": return .list(members.map(\.key))
        case "values": return .list(members.map(\.value))
        case "copy": return .dictionary(self)
        case "get":
            let key = try arguments.required("key")
            let standard = try arguments.optional("default") ?? .none
            return self[key] ?? standard
        default: throw TemplateFault.unsupported("the method dict.\(name)")
        }
    }
}

extension TemplateText {
    fileprivate func call(
        _ name: String,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue {
        switch name {
        case "strip", "lstrip", "rstrip":
            let kinds = try arguments.optionalText("chars").map(Set.init)
            return .text(
                stripped(start: name != "rstrip", end: name != "lstrip") { scalar in
                    kinds?.contains(scalar) ?? scalar.isPythonSpace
                }
            )
        case "split", "rsplit": return try .list(cut(name, &arguments).map { .text($0) })
        case "splitlines":
            var lines = split(by: ["\n"])
            if lines.last == [] { lines.removeLast() }
            return .list(lines.map { .text($0) })
        case "startswith", "endswith":
            let ends = try arguments.required("prefix")
            let texts = if case .tuple(let values) = ends { values } else { [ends] }
            return .boolean(
                try texts.contains { value in
                    guard case .text(let text) = value else {
                        throw TemplateFault("str.\(name): expected a string")
                    }
                    return name == "startswith" ? starts(with: text) : self.ends(with: text)
                }
            )
        case "replace":
            let (old, new) = (try arguments.text("old"), try arguments.text("new"))
            let count = try arguments.optionalInteger("count") ?? -1
            return .text(try replacingChecked(old, with: new, count: count))
        case "removeprefix", "removesuffix":
            let part = try arguments.text("part")
            if name == "removeprefix" {
                return .text(starts(with: part) ? Array(dropFirst(part.count)) : self)
            }
            return .text(ends(with: part) ? Array(dropLast(part.count)) : self)
        case "upper": return .text(uppercased)
        case "lower": return .text(lowercased)
        case "capitalize": return .text(capitalized)
        case "title": return .text(titled(\.properties.isCased))
        case "join":
            let texts = try arguments.required("values").elements().map { value in
                guard case .text(let text) = value else {
                    throw TemplateFault("str.join: expected strings, found \(value.typeName)")
                }
                return text
            }
            return .text(Array(texts.joined(separator: self)))
        case "find": return .integer(try place(of: arguments.text("sub")) ?? -1)
        case "index":
            guard let place = try place(of: arguments.text("sub")) else {
                throw TemplateFault("str.index: there is no such part")
            }
            return .integer(place)
        case "rfind":
            let part = try arguments.text("sub")
            let last = (0...Swift.max(0, count - part.count)).last {
                self[$0...].starts(with: part)
            }
            return .integer(last ?? -1)
        case "count":
            let part = try arguments.text("sub")
            return .integer(part.isEmpty ? count + 1 : split(by: part).count - 1)
        case "isdigit": return .boolean(all { $0.properties.numericType == .decimal })
        case "isspace": return .boolean(all(\.isPythonSpace))
        case "isalpha": return .boolean(all(\.isLetter))
        case "isalnum":
            return .boolean(all { $0.isLetter || $0.properties.numericType != nil })
        case "isupper":
            return .boolean(contains(where: \.properties.isUppercase) && self == uppercased)
        case "islower":
            return .boolean(contains(where: \.properties.isLowercase) && self == lowercased)
        default: throw TemplateFault.unsupported("the method str.\(name)")
        }
    }

    private func all(_ holds: (Unicode.Scalar) -> Bool) -> Bool { !isEmpty && allSatisfy(holds) }

    private func place(of part: TemplateText) -> Int? {
        part.isEmpty ? 0 : range(of: part)?.lowerBound
    }

    /// The pieces of `split` and `rsplit`.
    private func cut(
        _ name: String,
        _ arguments: inout TemplateArguments
    ) throws -> [TemplateText] {
        let separator = try arguments.optionalText("sep")
        let given = try arguments.optionalInteger("maxsplit") ?? -1
        let limit = given < 0 ? Int.max : given
        guard let separator else {
            guard limit == .max else {
                throw TemplateFault.unsupported("str.\(name) of words with a limit")
            }
            return words()
        }
        guard !separator.isEmpty else { throw TemplateFault("str.\(name): an empty separator") }
        if name == "split" || limit == .max { return split(by: separator, limit: limit) }
        // From the right: the same from the left of the text and separator turned around.
        return TemplateText(reversed()).split(by: separator.reversed(), limit: limit)
            .reversed().map { $0.reversed() }
    }

    /// As `str.replace`, of which an empty `old` is not served; a negative count means all.
    func replacingChecked(
        _ old: TemplateText,
        with new: TemplateText,
        count: Int
    ) throws -> TemplateText {
        guard !old.isEmpty else { throw TemplateFault.unsupported("a replacement of \"\"") }
        // Each occurrence takes a part of the text; what it becomes may be as long as the text.
        guard new.count <= 1_000 || new.count * (self.count / old.count) <= 10_000_000 else {
            throw TemplateFault("a replacement would make too long a text")
        }
        return replacing(old, with: new, limit: count < 0 ? .max : count)
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }
}
