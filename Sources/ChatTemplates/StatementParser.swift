/// Puts the segments of a template together to statements.
struct StatementParser {
    /// Levels of statements, at most.
    private static let maximumDepth = 32

    private let segments: [TemplateSegment]
    private var index = 0
    private var depth = 0
    private var loops = 0

    /// The statements of a template; throws ``TemplateFaultAtLine``.
    static func statements(of source: String) throws -> [TemplateStatement] {
        var parser = StatementParser(segments: try TemplateLexer.segments(of: source))
        do {
            return try parser.body(until: []).statements
        } catch let fault as TemplateFault {
            throw TemplateFaultAtLine(line: parser.line, problem: fault.problem)
        }
    }

    private init(segments: [TemplateSegment]) { self.segments = segments }

    private var line: Int { segments.isEmpty ? 1 : segments[max(0, index - 1)].line }

    /// The statements before the next tag of one of `ends`, with that tag's name and its rest.
    private mutating func body(
        until ends: [String]
    ) throws -> (statements: [TemplateStatement], end: String, rest: ExpressionParser) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw TemplateFault("expected at most \(Self.maximumDepth) levels of blocks")
        }
        var statements: [TemplateStatement] = []
        while index < segments.count {
            let segment = segments[index]
            index += 1
            switch segment.kind {
            case .text(let text): statements.append(.init(line: segment.line, kind: .text(text)))
            case .output(let tokens):
                var parser = ExpressionParser(tokens)
                let value = try parser.tuple()
                try parser.expectEnd()
                statements.append(.init(line: segment.line, kind: .output(value)))
            case .statement(let tokens):
                var parser = ExpressionParser(tokens)
                let name = try parser.name()
                if ends.contains(name) { return (statements, name, parser) }
                let kind = try statement(name, &parser)
                statements.append(.init(line: segment.line, kind: kind))
            }
        }
        guard ends.isEmpty else {
            throw TemplateFault("expected \"\(ends.last ?? "")\", found the end of the template")
        }
        return (statements, "", ExpressionParser([.init(kind: .end, line: line)]))
    }

    /// The statements before the tag `end`.
    private mutating func body(before end: String) throws -> [TemplateStatement] {
        let (statements, _, rest) = try body(until: [end])
        try rest.expectEnd()
        return statements
    }

    private mutating func statement(
        _ name: String,
        _ parser: inout ExpressionParser
    ) throws -> TemplateStatement.Kind {
        switch name {
        case "if": return try branches(&parser)
        case "for": return try loop(&parser)
        case "set": return try set(&parser)
        case "macro": return try macro(&parser)
        case "generation":
            try parser.expectEnd()
            return .scope(try insideNoLoop { try $0.body(before: "endgeneration") })
        case "break", "continue":
            try parser.expectEnd()
            guard loops > 0 else { throw TemplateFault("\"\(name)\" outside a loop") }
            return name == "break" ? .leaveLoop : .nextTurn
        case let name where name.hasPrefix("end") || name == "else" || name == "elif":
            throw TemplateFault("expected no \"\(name)\" here")
        default: throw TemplateFault.unsupported("the statement \"\(name)\"")
        }
    }

    private mutating func branches(
        _ parser: inout ExpressionParser
    ) throws -> TemplateStatement.Kind {
        var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        while true {
            let condition = try parser.tuple(withConditions: false)
            try parser.expectEnd()
            let (statements, end, rest) = try body(until: ["elif", "else", "endif"])
            branches.append((condition, statements))
            parser = rest
            if end == "elif" { continue }
            try rest.expectEnd()
            let otherwise = end == "else" ? try body(before: "endif") : []
            return .branches(branches, otherwise: otherwise)
        }
    }

    private mutating func loop(_ parser: inout ExpressionParser) throws -> TemplateStatement.Kind {
        let names = try names(&parser)
        guard parser.takes(word: "in") else { throw parser.unexpected("\"in\"") }
        let values = try parser.tuple(withConditions: false)
        let condition = try parser.takes(word: "if") ? parser.expression() : nil
        if parser.takes(word: "recursive") { throw TemplateFault.unsupported("a recursive loop") }
        try parser.expectEnd()
        loops += 1
        let (statements, end, rest) = try body(until: ["else", "endfor"])
        loops -= 1
        try rest.expectEnd()
        return .loop(
            .init(
                names: names,
                values: values,
                condition: condition,
                body: statements,
                otherwise: end == "else" ? try body(before: "endfor") : []
            )
        )
    }

    /// Names with commas between, in brackets or not.
    private func names(_ parser: inout ExpressionParser) throws -> [String] {
        let isBracketed = parser.takes("(")
        var names = [try parser.name()]
        while parser.takes(",") { names.append(try parser.name()) }
        if isBracketed { try parser.expect(")") }
        return names
    }

    private mutating func set(_ parser: inout ExpressionParser) throws -> TemplateStatement.Kind {
        var target = TemplateStatement.Target.names(try names(&parser))
        if case .names(let names) = target, names.count == 1, parser.takes(".") {
            target = .attribute(object: names[0], name: try parser.name())
        }
        if parser.takes("=") {
            let value = try parser.tuple()
            try parser.expectEnd()
            return .set(target, value)
        }
        let filters = try parser.filters()
        try parser.expectEnd()
        return .capture(target, filters, try body(before: "endset"))
    }

    private mutating func macro(_ parser: inout ExpressionParser) throws -> TemplateStatement.Kind {
        let name = try parser.name()
        var parameters: [(name: String, standard: TemplateExpression?)] = []
        try parser.expect("(")
        while !parser.takes(")") {
            let parameter = try parser.name()
            let standard = try parser.takes("=") ? parser.expression() : nil
            if standard == nil, parameters.last?.standard != nil {
                throw TemplateFault("expected a default of \"\(parameter)\"")
            }
            parameters.append((parameter, standard))
            if !parser.takes(","), parser.current != .symbol(")") {
                throw parser.unexpected("\",\" or \")\"")
            }
        }
        try parser.expectEnd()
        let body = try insideNoLoop { try $0.body(before: "endmacro") }
        return .macro(.init(name: name, parameters: parameters, body: body))
    }

    /// Reads statements that cannot leave a loop around them.
    private mutating func insideNoLoop<Result>(
        _ read: (inout Self) throws -> Result
    ) rethrows -> Result {
        let outer = loops
        loops = 0
        defer { loops = outer }
        return try read(&self)
    }
}
