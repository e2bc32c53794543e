/// The values of a call, taken by position or name.
struct TemplateArguments {
    private let callee: String
    private var positional: ArraySlice<TemplateValue>
    private var keyword: [(name: String, value: TemplateValue)]

    init(
        of callee: String,
        _ positional: [TemplateValue],
        _ keyword: [(name: String, value: TemplateValue)] = []
    ) {
        self.callee = callee
        self.positional = positional[...]
        self.keyword = keyword
    }

    /// The next argument, which may be given by its name; nil where it is not given.
    mutating func optional(_ name: String) throws -> TemplateValue? {
        let named = keyword.firstIndex { $0.name == name }
        guard let value = positional.popFirst() else {
            return named.map { keyword.remove(at: $0).value }
        }
        if named != nil { throw TemplateFault("\(callee): \(name) is given twice") }
        return value
    }

    mutating func required(_ name: String) throws -> TemplateValue {
        guard let value = try optional(name) else {
            throw TemplateFault("\(callee): expected a value for \"\(name)\", found none")
        }
        return value
    }

    mutating func text(_ name: String) throws -> TemplateText {
        let value = try required(name)
        guard case .text(let text) = value else { throw invalid(name, "a string", value) }
        return text
    }

    mutating func optionalText(_ name: String) throws -> TemplateText? {
        guard let value = try optional(name), !value.equals(.none) else { return nil }
        guard case .text(let text) = value else { throw invalid(name, "a string", value) }
        return text
    }

    mutating func integer(_ name: String) throws -> Int {
        let value = try required(name)
        guard let integer = value.integer else { throw invalid(name, "an integer", value) }
        return integer
    }

    mutating func optionalInteger(_ name: String) throws -> Int? {
        guard let value = try optional(name), !value.equals(.none) else { return nil }
        guard let integer = value.integer else { throw invalid(name, "an integer", value) }
        return integer
    }

    mutating func flag(_ name: String) throws -> Bool { try optional(name)?.isTrue ?? false }

    private func invalid(
        _ name: String,
        _ expected: String,
        _ found: TemplateValue
    )
        -> TemplateFault
    {
        TemplateFault("\(callee): \(name): expected \(expected), found \(found.typeName)")
    }

    /// The next argument by position, if there is one.
    mutating func nextPositional() -> TemplateValue? { positional.popFirst() }

    /// Every argument by position that is left.
    mutating func takeRest() -> [TemplateValue] {
        defer { positional = [] }
        return Array(positional)
    }

    /// Every argument by name that is left.
    mutating func takeKeywords() -> [(name: String, value: TemplateValue)] {
        defer { keyword = [] }
        return keyword
    }

    /// Refuses arguments that nobody has taken.
    func finish() throws {
        if let name = keyword.first?.name {
            throw TemplateFault("\(callee): expected no argument \"\(name)\"")
        }
        guard positional.isEmpty else {
            throw TemplateFault("\(callee): \(positional.count) arguments too many")
        }
    }
}
