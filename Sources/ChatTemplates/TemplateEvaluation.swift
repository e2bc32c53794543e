import JSON

/// The values of expressions.
extension TemplateRenderer {
    mutating func evaluate(_ expression: TemplateExpression) throws -> TemplateValue {
        try allowance.enter()
        defer { allowance.leave() }
        switch expression {
        case .none: return .none
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .float(let value): return .float(value)
        case .text(let text): return .text(text)
        case .name(let name): return scope[name] ?? .undefined("'\(name)' is undefined")
        case .list(let elements): return try made(.list(evaluate(elements)))
        case .tuple(let elements): return try made(.tuple(evaluate(elements)))
        case .dictionary(let members): return try dictionary(members)
        case .attribute(let object, let name): return try evaluate(object).attribute(name)
        case .item(let object, let key): return try evaluate(object).item(evaluate(key))
        case .slice(let object, let bounds): return try slice(object, bounds)
        case .call(let callee, let arguments): return try call(callee, arguments)
        case .filter(let name, let value, let arguments):
            return try filter(name, evaluate(value), arguments)
        case .test(let name, let value, let arguments):
            var arguments = try values(of: arguments, for: "the test \"\(name)\"")
            return .boolean(try evaluate(value).passes(name, &arguments))
        case .not(let value): return .boolean(!(try evaluate(value).isTrue))
        case .negative(let value): return try evaluate(value).negated()
        case .positive(let value): return try evaluate(value).computed("+", .integer(0))
        case .and(let values): return try first(of: values) { !$0.isTrue }
        case .or(let values): return try first(of: values, where: \.isTrue)
        case .comparison(let value, let rest): return .boolean(try compare(value, rest))
        case .arithmetic(let first, let rest): return try compute(first, rest)
        case .joined(let values):
            let texts = try evaluate(values).map { try $0.printed() }
            try allowance.spend(texts.reduce(0) { $0 + $1.count })
            return .text(Array(texts.joined()))
        case .conditional(let value, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            return try otherwise.map { try evaluate($0) }
                ?? .undefined("a condition without \"else\" does not hold")
        }
    }

    private mutating func evaluate(_ expressions: [TemplateExpression]) throws -> [TemplateValue] {
        try expressions.map { try evaluate($0) }
    }

    /// A value made of others; that none is deep or endless is checked where it is made.
    private mutating func made(_ value: TemplateValue) throws -> TemplateValue {
        try allowance.spend(on: value)
        return value
    }

    private mutating func dictionary(
        _ members: [(key: TemplateExpression, value: TemplateExpression)]
    ) throws -> TemplateValue {
        var dictionary = TemplateDictionary()
        try allowance.spend(members.count * members.count)
        for (key, value) in members { dictionary[try evaluate(key)] = try evaluate(value) }
        return try made(.dictionary(dictionary))
    }

    /// The first value that ends a chain of `and` or `or`, or else the last.
    private mutating func first(
        of values: [TemplateExpression],
        where ends: (TemplateValue) -> Bool
    ) throws -> TemplateValue {
        for expression in values.dropLast() {
            let value = try evaluate(expression)
            if ends(value) { return value }
        }
        return try evaluate(values[values.count - 1])
    }

    private mutating func compare(
        _ first: TemplateExpression,
        _ rest: [(operation: TemplateExpression.Comparison, value: TemplateExpression)]
    ) throws -> Bool {
        var left = try evaluate(first)
        for (operation, expression) in rest {
            let right = try evaluate(expression)
            try allowance.spend(on: left)
            try allowance.spend(on: right)
            guard try operation.holds(left, right) else { return false }
            left = right
        }
        return true
    }

    private mutating func compute(
        _ first: TemplateExpression,
        _ rest: [(operation: String, value: TemplateExpression)]
    ) throws -> TemplateValue {
        // 2 ** 3 ** 2 is (2 ** 3) ** 2 in Jinja.
        var value = try evaluate(first)
        for (operation, expression) in rest {
            let right = try evaluate(expression)
            if operation == "*" {
                let (count, overflows) = (value.length ?? right.length ?? 0)
                    .multipliedReportingOverflow(
                        by: max(0, value.integer ?? right.integer ?? 0)
                    )
                try allowance.spend(overflows ? .max : count)
            }
            value = try value.computed(operation, right)
            try allowance.spend(value.length ?? 0)
        }
        return value
    }

    private mutating func slice(
        _ object: TemplateExpression,
        _ bounds: [TemplateExpression?]
    ) throws -> TemplateValue {
        let value = try evaluate(object)
        let integers = try bounds.map { bound -> Int? in
            guard let bound = try bound.map({ try evaluate($0) }), !bound.equals(.none) else {
                return nil
            }
            guard let integer = bound.integer else {
                throw TemplateFault("expected an integer in a slice, found \(bound.typeName)")
            }
            return integer
        }
        try allowance.spend(value.length ?? 0)
        return try value.slice(
            from: integers[0],
            to: integers.count > 1 ? integers[1] : nil,
            by: integers.count > 2 ? integers[2] : nil
        )
    }

    /// The values of arguments.
    mutating func values(
        of arguments: TemplateExpression.Arguments,
        for callee: String
    ) throws -> TemplateArguments {
        let positional = try evaluate(arguments.positional)
        let keyword = try arguments.keyword.map { ($0.name, try evaluate($0.value)) }
        return TemplateArguments(of: callee, positional, keyword)
    }

    private mutating func call(
        _ callee: TemplateExpression,
        _ arguments: TemplateExpression.Arguments
    ) throws -> TemplateValue {
        switch try evaluate(callee) {
        case .macro(let macro):
            return .text(try call(macro, values(of: arguments, for: macro.name)))
        case .function(let function):
            var values = try values(of: arguments, for: function.rawValue)
            let result = try call(function, &values)
            try values.finish()
            return result
        case .method(let name, let object):
            var values = try values(of: arguments, for: "\(object.typeName).\(name)")
            try allowance.spend(on: object)
            let result = try object.call(name, &values)
            try values.finish()
            try allowance.spend(result.length ?? 0)
            return result
        case .undefined(let words): throw TemplateFault(words)
        case let value: throw TemplateFault("a value of type \(value.typeName) cannot be called")
        }
    }

    private mutating func call(
        _ function: TemplateFunction,
        _ arguments: inout TemplateArguments
    ) throws -> TemplateValue {
        switch function {
        case .range:
            let first = try arguments.integer("start")
            let second = try arguments.optionalInteger("stop")
            let step = try arguments.optionalInteger("step") ?? 1
            guard step != 0 else { throw TemplateFault("range: a step of 0") }
            let numbers = stride(from: second == nil ? 0 : first, to: second ?? first, by: step)
            // As in Jinja's sandbox.
            let limit = 100_000
            let values = numbers.prefix(limit + 1).map(TemplateValue.integer)
            guard values.count <= limit else {
                throw TemplateFault("range: expected at most \(limit) numbers")
            }
            try allowance.spend(values.count)
            return .list(values)
        case .dict:
            let members = try members(of: &arguments)
            return try made(.dictionary(members))
        case .namespace:
            var members: [String: TemplateValue] = [:]
            for member in try self.members(of: &arguments).members {
                members[try member.key.printed().string] = member.value
            }
            return .namespace(TemplateNamespace(members))
        case .raiseException:
            let message = try arguments.required("message").printed().string
            throw TemplateFault("the template refuses this conversation: \(message.quoted)")
        case .strftimeNow: return .text(try date.formatted(arguments.text("format")))
        }
    }

    /// What `dict` and `namespace` are made of: another dictionary, then names with values.
    private mutating func members(
        of arguments: inout TemplateArguments
    ) throws -> TemplateDictionary {
        var dictionary = TemplateDictionary()
        if let base = try arguments.optional("") {
            guard case .dictionary(let members) = base else {
                throw TemplateFault("expected a dictionary, found a value of type \(base.typeName)")
            }
            dictionary = members
        }
        for (name, value) in arguments.takeKeywords() {
            if case .namespace = value {
                throw TemplateFault.unsupported("a namespace within another value")
            }
            dictionary[.text(name)] = value
        }
        return dictionary
    }
}
