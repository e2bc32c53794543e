import Foundation

/// Access and arithmetic as Python has them.
extension TemplateValue {
    /// `value.name`: a method or attribute, or else the item of that name.
    func attribute(_ name: String) throws -> TemplateValue {
        if case .undefined(let words) = self { throw TemplateFault(words) }
        if hasMethod(name) { return .method(name, of: self) }
        switch self {
        case .dictionary(let dictionary):
            if let value = dictionary[.text(name)] { return value }
        case .namespace(let namespace):
            if let value = namespace.members[name] { return value }
        case .loop(let loop):
            if let value = loop[name] { return value }
        default: break
        }
        return .undefined("a value of type \(typeName) has no attribute '\(name)'")
    }

    /// `value[key]`, or else the attribute of that name.
    func item(_ key: TemplateValue) throws -> TemplateValue {
        switch self {
        case .undefined(let words): throw TemplateFault(words)
        case .dictionary(let dictionary):
            if let value = dictionary[key] { return value }
        case .text, .list, .tuple:
            guard let index = key.integer else { break }
            let values = try elements()
            let position = index < 0 ? index + values.count : index
            if values.indices.contains(position) { return values[position] }
            return .undefined("a value of type \(typeName) has no element \(index)")
        default: break
        }
        if case .text(let name) = key { return try attribute(name.string) }
        return .undefined("a value of type \(typeName) has no such element")
    }

    func slice(from start: Int?, to stop: Int?, by step: Int?) throws -> TemplateValue {
        let step = step ?? 1
        guard step != 0 else { throw TemplateFault("a slice with a step of 0") }
        func cut<Element>(_ values: [Element]) -> [Element] {
            let count = values.count
            func place(_ bound: Int?, _ standard: Int) -> Int {
                guard let bound else { return standard }
                let lowest = step > 0 ? 0 : -1
                let place = bound < 0 ? max(bound, -count - 1) + count : bound
                return min(max(place, lowest), step > 0 ? count : count - 1)
            }
            let first = place(start, step > 0 ? 0 : count - 1)
            return stride(from: first, to: place(stop, step > 0 ? count : -1), by: step)
                .map { values[$0] }
        }
        switch self {
        case .undefined(let words): throw TemplateFault(words)
        case .text(let text): return .text(cut(text))
        case .list(let values): return .list(cut(values))
        case .tuple(let values): return .tuple(cut(values))
        default: throw TemplateFault("a value of type \(typeName) has no slices")
        }
    }

    func negated() throws -> TemplateValue {
        if case .float(let value) = self { return .float(-value) }
        return try TemplateValue.integer(0).computed("-", self)
    }

    /// The value of `self operation other`.
    func computed(_ operation: String, _ other: TemplateValue) throws -> TemplateValue {
        if let a = integer, let b = other.integer, operation != "/" {
            return try Self.computed(a, operation, b)
        }
        if let a = number, let b = other.number { return try Self.computed(a, operation, b) }
        switch (self, operation, other) {
        case (.undefined(let words), _, _), (_, _, .undefined(let words)):
            throw TemplateFault(words)
        case (.text(let a), "+", .text(let b)): return .text(a + b)
        case (.list(let a), "+", .list(let b)): return .list(a + b)
        case (.tuple(let a), "+", .tuple(let b)): return .tuple(a + b)
        case (.text, "%", _): throw TemplateFault.unsupported("formatting by \"%\"")
        case (_, "*", _):
            if let count = other.integer, let result = repeated(count) { return result }
            if let count = integer, let result = other.repeated(count) { return result }
        default: break
        }
        throw TemplateFault("cannot compute \(typeName) \(operation) \(other.typeName)")
    }

    private func repeated(_ count: Int) -> TemplateValue? {
        func copies<Element>(_ values: [Element]) -> [Element] {
            Array(repeatElement(values, count: values.isEmpty ? 0 : max(0, count)).joined())
        }
        return switch self {
        case .text(let text): .text(copies(text))
        case .list(let values): .list(copies(values))
        case .tuple(let values): .tuple(copies(values))
        default: nil
        }
    }

    private static func computed(_ a: Int, _ operation: String, _ b: Int) throws -> TemplateValue {
        func checked(_ result: (partialValue: Int, overflow: Bool)) throws -> TemplateValue {
            guard !result.overflow else { throw TemplateFault("a number beyond 64 bits") }
            return .integer(result.partialValue)
        }
        switch operation {
        case "+": return try checked(a.addingReportingOverflow(b))
        case "-": return try checked(a.subtractingReportingOverflow(b))
        case "*": return try checked(a.multipliedReportingOverflow(by: b))
        case "//", "%":
            guard b != 0 else { throw TemplateFault("a division by zero") }
            // The overflow of the one case is that of the other.
            let (quotient, overflow) = a.dividedReportingOverflow(by: b)
            guard !overflow else { throw TemplateFault("a number beyond 64 bits") }
            let remainder = a % b
            let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
            if operation == "%" { return .integer(isBelow ? remainder + b : remainder) }
            return .integer(isBelow ? quotient - 1 : quotient)
        default:
            guard b >= 0 else { return .float(pow(Double(a), Double(b))) }
            guard abs(Double(a)) > 1, b < 64 else {
                guard abs(Double(a)) <= 1 else { throw TemplateFault("a number beyond 64 bits") }
                return .integer(a == -1 && b % 2 == 0 || b == 0 ? 1 : a)
            }
            return try (0..<b).reduce(.integer(1)) { power, _ in
                try power.computed("*", .integer(a))
            }
        }
    }

    private static func computed(
        _ a: Double,
        _ operation: String,
        _ b: Double
    ) throws -> TemplateValue {
        if b == 0, ["/", "//", "%"].contains(operation) {
            throw TemplateFault("a division by zero")
        }
        switch operation {
        case "+": return .float(a + b)
        case "-": return .float(a - b)
        case "*": return .float(a * b)
        case "/": return .float(a / b)
        case "//": return .float((a / b).rounded(.down))
        case "%":
            let remainder = fmod(a, b)
            return .float(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
        default: return .float(pow(a, b))
        }
    }
}

extension TemplateExpression.Comparison {
    func holds(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
        switch self {
        case .equal: a.equals(b)
        case .unequal: !a.equals(b)
        case .less: try a.isLess(than: b)
        case .lessOrEqual: try a.equals(b) || a.isLess(than: b)
        case .greater: try b.isLess(than: a)
        case .greaterOrEqual: try a.equals(b) || b.isLess(than: a)
        case .within: try b.contains(a)
        case .notWithin: try !b.contains(a)
        }
    }
}
