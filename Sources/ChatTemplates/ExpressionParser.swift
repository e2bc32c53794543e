import JSON

/// Reads the expressions of one tag, with the precedence of Jinja 3.1.
struct ExpressionParser {
    /// Levels of brackets, prefixes and conditions, at most.
    private static let maximumDepth = 32

    private let tokens: [TemplateToken]
    private var index = 0
    private var depth = 0

    init(_ tokens: [TemplateToken]) { self.tokens = tokens }

    var current: TemplateToken.Kind { tokens[index].kind }
    var line: Int { tokens[index].line }

    mutating func take() -> TemplateToken.Kind {
        defer { if index < tokens.count - 1 { index += 1 } }
        return current
    }

    mutating func takes(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        _ = take()
        return true
    }

    mutating func takes(word: String) -> Bool {
        guard current == .name(word) else { return false }
        _ = take()
        return true
    }

    mutating func expect(_ symbol: String) throws {
        guard takes(symbol) else { throw unexpected("\"\(symbol)\"") }
    }

    mutating func name() throws -> String {
        guard case .name(let name) = current else { throw unexpected("a name") }
        _ = take()
        return name
    }

    func expectEnd() throws {
        guard current == .end else { throw unexpected("the end of the tag") }
    }

    func unexpected(_ expected: String) -> TemplateFault {
        let found =
            switch current {
            case .name(let name): "\"\(name)\""
            case .text(let text): "the string " + text.string.quoted
            case .integer(let number): "\(number)"
            case .float(let number): "\(number)"
            case .symbol(let symbol): "\"\(symbol)\""
            case .end: "the end of the tag"
            }
        return TemplateFault("expected \(expected), found \(found)")
    }

    private mutating func nested<Result>(_ body: (inout Self) throws -> Result) throws -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw TemplateFault("expected at most \(Self.maximumDepth) levels of nesting")
        }
        return try body(&self)
    }

    /// Counts one more link of a chain such as `a.b.c`, which is as deep a tree.
    private func link(_ count: inout Int) throws {
        count += 1
        guard count <= Self.maximumDepth else {
            throw TemplateFault("expected a chain of at most \(Self.maximumDepth) links")
        }
    }

    /// An expression, or a tuple without brackets.
    mutating func tuple(withConditions: Bool = true) throws -> TemplateExpression {
        func element(_ parser: inout Self) throws -> TemplateExpression {
            try withConditions ? parser.expression() : parser.disjunction()
        }
        let first = try element(&self)
        guard current == .symbol(",") else { return first }
        var elements = [first]
        while takes(","), current != .end { elements.append(try element(&self)) }
        return .tuple(elements)
    }

    mutating func expression() throws -> TemplateExpression {
        try nested { parser in
            var value = try parser.disjunction()
            var links = 0
            while parser.takes(word: "if") {
                try parser.link(&links)
                let condition = try parser.disjunction()
                let otherwise = try parser.takes(word: "else") ? parser.expression() : nil
                value = .conditional(value, condition: condition, otherwise: otherwise)
            }
            return value
        }
    }

    mutating func disjunction() throws -> TemplateExpression {
        var values = [try conjunction()]
        while takes(word: "or") { values.append(try conjunction()) }
        return values.count == 1 ? values[0] : .or(values)
    }

    private mutating func conjunction() throws -> TemplateExpression {
        var values = [try negation()]
        while takes(word: "and") { values.append(try negation()) }
        return values.count == 1 ? values[0] : .and(values)
    }

    private mutating func negation() throws -> TemplateExpression {
        guard takes(word: "not") else { return try comparison() }
        return .not(try nested { try $0.negation() })
    }

    private mutating func comparison() throws -> TemplateExpression {
        let first = try operation(level: 0)
        var rest: [(operation: TemplateExpression.Comparison, value: TemplateExpression)] = []
        while let comparison = takeComparison() {
            rest.append((comparison, try operation(level: 0)))
        }
        return rest.isEmpty ? first : .comparison(first, rest)
    }

    private mutating func takeComparison() -> TemplateExpression.Comparison? {
        switch current {
        case .symbol(let symbol):
            guard let comparison = TemplateExpression.Comparison(rawValue: symbol) else {
                return nil
            }
            _ = take()
            return comparison
        case .name("in"):
            _ = take()
            return .within
        case .name("not") where tokens[index + 1].kind == .name("in"):
            _ = take()
            _ = take()
            return .notWithin
        default: return nil
        }
    }

    /// The operators between two values, those that bind least first.
    private static let operators = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]]

    private mutating func operation(level: Int) throws -> TemplateExpression {
        guard level < Self.operators.count else { return try prefixed(withFilters: true) }
        let first = try operation(level: level + 1)
        var rest: [(operation: String, value: TemplateExpression)] = []
        while case .symbol(let symbol) = current, Self.operators[level].contains(symbol) {
            _ = take()
            rest.append((symbol, try operation(level: level + 1)))
        }
        if rest.isEmpty { return first }
        if rest[0].operation == "~" { return .joined([first] + rest.map(\.value)) }
        return .arithmetic(first, rest)
    }

    private mutating func prefixed(withFilters: Bool) throws -> TemplateExpression {
        var value: TemplateExpression
        if takes("-") {
            value = .negative(try nested { try $0.prefixed(withFilters: false) })
        } else if takes("+") {
            value = .positive(try nested { try $0.prefixed(withFilters: false) })
        } else {
            value = try postfixed(try primary())
        }
        guard withFilters else { return value }
        var links = 0
        while true {
            try link(&links)
            if takes("|") {
                let name = try name()
                value = .filter(name, value, try optionalArguments())
            } else if takes(word: "is") {
                value = try test(of: value)
            } else if current == .symbol("(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    /// The filters behind `{% set name`.
    mutating func filters() throws -> [(filter: String, TemplateExpression.Arguments)] {
        var filters: [(filter: String, TemplateExpression.Arguments)] = []
        while takes("|") {
            let name = try name()
            filters.append((name, try optionalArguments()))
        }
        return filters
    }

    private mutating func test(of value: TemplateExpression) throws -> TemplateExpression {
        let isNegated = takes(word: "not")
        let name = try name()
        var arguments = TemplateExpression.Arguments()
        switch current {
        case .symbol("("): arguments = try self.arguments()
        case .name("is"): throw TemplateFault.unsupported("a test of a test")
        case .name("else"), .name("or"), .name("and"), .name("if"), .name("in"), .name("not"): break
        case .name, .text, .integer, .float, .symbol("["), .symbol("{"):
            arguments.positional = [try postfixed(try primary())]
        default: break
        }
        let test = TemplateExpression.test(name, value, arguments)
        return isNegated ? .not(test) : test
    }

    private mutating func postfixed(_ first: TemplateExpression) throws -> TemplateExpression {
        var value = first
        var links = 0
        while true {
            try link(&links)
            if takes(".") {
                switch current {
                case .name(let name): value = .attribute(value, name)
                case .integer(let number): value = .item(value, .integer(number))
                default: throw unexpected("a name behind \".\"")
                }
                _ = take()
            } else if takes("[") {
                value = try subscripted(value)
            } else if current == .symbol("(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
        var parts: [TemplateExpression?] = []
        while !takes("]") {
            guard parts.count < 3 else { throw unexpected("\"]\"") }
            let isOpen = current == .symbol(":") || current == .symbol("]")
            parts.append(isOpen ? nil : try expression())
            if takes(":") {
                if current == .symbol("]") { parts.append(nil) }
            } else if let only = parts[0], parts.count == 1 {
                try expect("]")
                return .item(value, only)
            } else if current != .symbol("]") {
                throw unexpected("\"]\"")
            }
        }
        guard !parts.isEmpty else { throw TemplateFault("expected an index, found \"[]\"") }
        return .slice(value, parts)
    }

    private mutating func optionalArguments() throws -> TemplateExpression.Arguments {
        current == .symbol("(") ? try arguments() : .init()
    }

    private mutating func arguments() throws -> TemplateExpression.Arguments {
        try expect("(")
        var arguments = TemplateExpression.Arguments()
        while !takes(")") {
            if current == .symbol("*") || current == .symbol("**") {
                throw TemplateFault.unsupported("unpacking of arguments by \"*\"")
            }
            if case .name(let name) = current, tokens[index + 1].kind == .symbol("=") {
                index += 2
                arguments.keyword.append((name, try expression()))
            } else if arguments.keyword.isEmpty {
                arguments.positional.append(try expression())
            } else {
                throw unexpected("a keyword and its value")
            }
            if !takes(","), current != .symbol(")") { throw unexpected("\",\" or \")\"") }
        }
        return arguments
    }

    private static let words: [String: TemplateExpression] = [
        "true": .boolean(true), "True": .boolean(true), "false": .boolean(false),
        "False": .boolean(false), "none": .none, "None": .none,
    ]

    private mutating func primary() throws -> TemplateExpression {
        switch current {
        case .name(let name):
            _ = take()
            return Self.words[name] ?? .name(name)
        case .text(var text):
            _ = take()
            while case .text(let next) = current {
                text += next
                _ = take()
            }
            return .text(text)
        case .integer(let number):
            _ = take()
            return .integer(number)
        case .float(let number):
            _ = take()
            return .float(number)
        case .symbol("("): return try parenthesized()
        case .symbol("["):
            _ = take()
            return .list(try elements(before: "]").elements)
        case .symbol("{"):
            _ = take()
            return .dictionary(try members())
        default: throw unexpected("a value")
        }
    }

    private mutating func parenthesized() throws -> TemplateExpression {
        _ = take()
        let (elements, hasComma) = try elements(before: ")")
        return elements.count == 1 && !hasComma ? elements[0] : .tuple(elements)
    }

    private mutating func elements(
        before close: String
    ) throws -> (elements: [TemplateExpression], hasComma: Bool) {
        var elements: [TemplateExpression] = []
        var hasComma = false
        while !takes(close) {
            elements.append(try expression())
            if takes(",") {
                hasComma = true
            } else if current != .symbol(close) {
                throw unexpected("\",\" or \"\(close)\"")
            }
        }
        return (elements, hasComma)
    }

    private mutating func members() throws -> [(
        key: TemplateExpression, value: TemplateExpression
    )] {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !takes("}") {
            let key = try expression()
            try expect(":")
            members.append((key, try expression()))
            if !takes(","), current != .symbol("}") { throw unexpected("\",\" or \"}\"") }
        }
        return members
    }
}
