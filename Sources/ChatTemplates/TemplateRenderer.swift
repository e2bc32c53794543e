/// Runs the statements of a template.
///
/// Names are found as in Jinja: the body of a loop, of a macro and of a block that is captured has
/// a scope of its own; the branches of an `if` have not.
struct TemplateRenderer {
    /// What the statements are to do next.
    private enum Flow {
        case goesOn
        case leavesLoop
        case endsTurn
    }

    private(set) var output: TemplateText = []
    private(set) var scope: TemplateScope
    /// The scope of what stands in no loop or macro.
    private let root: TemplateScope
    var allowance: TemplateAllowance
    /// The day that `strftime_now` prints.
    let date: TemplateDate
    private var line = 1

    init(_ variables: [String: TemplateValue], date: TemplateDate, allowance: TemplateAllowance) {
        let functions = TemplateFunction.allCases.map {
            ($0.rawValue, TemplateValue.function($0))
        }
        let globals = TemplateScope(Dictionary(uniqueKeysWithValues: functions))
        root = TemplateScope(variables, in: globals)
        scope = root
        self.date = date
        self.allowance = allowance
    }

    /// The text that statements make; throws ``TemplateFaultAtLine``.
    static func text(of statements: [TemplateStatement], _ start: TemplateRenderer) throws -> String
    {
        var renderer = start
        do {
            _ = try renderer.run(statements)
        } catch let fault as TemplateFault {
            throw TemplateFaultAtLine(line: renderer.line, problem: fault.problem)
        }
        return renderer.output.string
    }

    private mutating func run(_ statements: [TemplateStatement]) throws -> Flow {
        for statement in statements {
            line = statement.line
            try allowance.enter()
            let flow = try run(statement.kind)
            allowance.leave()
            if flow != .goesOn { return flow }
        }
        return .goesOn
    }

    private mutating func run(_ statement: TemplateStatement.Kind) throws -> Flow {
        switch statement {
        case .text(let text): try write(text)
        case .output(let value):
            let value = try evaluate(value)
            try allowance.spend(on: value)
            try write(value.printed())
        case .branches(let branches, let otherwise): return try run(branches, otherwise)
        case .loop(let loop): return try run(loop)
        case .set(let target, let value): try assign(evaluate(value), to: target)
        case .capture(let target, let filters, let body):
            var value = TemplateValue.text(try captured(body, in: TemplateScope(in: scope)))
            for (name, arguments) in filters { value = try filter(name, value, arguments) }
            try assign(value, to: target)
        case .macro(let macro):
            guard scope === root else {
                throw TemplateFault.unsupported("a macro inside a loop or a macro")
            }
            scope[macro.name] = .macro(macro)
        case .scope(let body): try write(captured(body, in: TemplateScope(in: scope)))
        case .leaveLoop: return .leavesLoop
        case .nextTurn: return .endsTurn
        }
        return .goesOn
    }

    private mutating func write(_ text: TemplateText) throws {
        try allowance.spend(text.count)
        output += text
    }

    private mutating func run(
        _ branches: [(condition: TemplateExpression, body: [TemplateStatement])],
        _ otherwise: [TemplateStatement]
    ) throws -> Flow {
        for (condition, body) in branches where try evaluate(condition).isTrue {
            return try run(body)
        }
        return try run(otherwise)
    }

    private mutating func run(_ loop: TemplateStatement.Loop) throws -> Flow {
        let outer = scope
        defer { scope = outer }
        var values = try evaluate(loop.values).elements()
        try allowance.spend(values.count)
        if let condition = loop.condition {
            values = try values.filter { value in
                scope = TemplateScope(in: outer)
                try assign(value, to: .names(loop.names))
                return try evaluate(condition).isTrue
            }
        }
        for (index, value) in values.enumerated() {
            let turn = TemplateLoop(values: values, index: index)
            scope = TemplateScope(["loop": .loop(turn)], in: outer)
            try assign(value, to: .names(loop.names))
            if try run(loop.body) == .leavesLoop { break }
        }
        scope = outer
        return values.isEmpty ? try run(loop.otherwise) : .goesOn
    }

    private mutating func assign(
        _ value: TemplateValue,
        to target: TemplateStatement.Target
    ) throws {
        switch target {
        case .names(let names) where names.count == 1: scope[names[0]] = value
        case .names(let names):
            let values = try value.elements()
            guard values.count == names.count else {
                throw TemplateFault("expected \(names.count) values, found \(values.count)")
            }
            for (name, value) in zip(names, values) { scope[name] = value }
        case .attribute(let object, let name):
            guard case .namespace(let namespace)? = scope[object] else {
                throw TemplateFault("expected a namespace to set \"\(name)\" of, found \(object)")
            }
            if case .namespace = value {
                throw TemplateFault.unsupported("a namespace within another value")
            }
            namespace.members[name] = value
        }
    }

    /// What statements write, apart from the output.
    private mutating func captured(
        _ body: [TemplateStatement],
        in inner: TemplateScope
    ) throws -> TemplateText {
        let (outerOutput, outerScope) = (output, scope)
        output = []
        scope = inner
        defer {
            output = outerOutput
            scope = outerScope
        }
        _ = try run(body)
        return output
    }

    /// The text that a macro makes of its arguments.
    mutating func call(
        _ macro: TemplateStatement.Macro,
        _ arguments: TemplateArguments
    ) throws -> TemplateText {
        var arguments = arguments
        let inner = TemplateScope(in: root)
        let (callerScope, callerLine) = (scope, line)
        defer { (scope, line) = (callerScope, callerLine) }
        scope = inner
        for (name, standard) in macro.parameters {
            inner[name] =
                try arguments.optional(name) ?? standard.map { try evaluate($0) }
                ?? .undefined("parameter '\(name)' was not provided")
        }
        try arguments.finish()
        return try captured(macro.body, in: inner)
    }
}
