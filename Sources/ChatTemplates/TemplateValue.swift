/// A value of a template, which behaves as its namesake in Python.
indirect enum TemplateValue {
    /// What is not there, with words that say what was looked for.
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case float(Double)
    case text(TemplateText)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case dictionary(TemplateDictionary)
    case generator(TemplateGenerator)
    case namespace(TemplateNamespace)
    case loop(TemplateLoop)
    case macro(TemplateStatement.Macro)
    case function(TemplateFunction)
    case method(String, of: TemplateValue)

    static func text(_ string: String) -> Self { .text(TemplateText(string)) }
}

/// A dictionary in the order of its insertions; those of templates are small.
struct TemplateDictionary {
    struct Member {
        let key: TemplateValue
        var value: TemplateValue
    }

    private(set) var members: [Member] = []

    subscript(key: TemplateValue) -> TemplateValue? {
        get { members.first { $0.key.equals(key) }?.value }
        set {
            guard let newValue else { return }
            if let index = members.firstIndex(where: { $0.key.equals(key) }) {
                members[index].value = newValue
            } else {
                members.append(Member(key: key, value: newValue))
            }
        }
    }
}

/// Values that can be walked through once, such as those that a filter chooses.
final class TemplateGenerator {
    private(set) var values: [TemplateValue]

    init(_ values: [TemplateValue]) { self.values = values }

    func take() -> [TemplateValue] {
        defer { values = [] }
        return values
    }
}

/// The one kind of value that a template can change.
final class TemplateNamespace {
    var members: [String: TemplateValue]

    init(_ members: [String: TemplateValue]) { self.members = members }
}

/// The variable `loop` of a turn.
struct TemplateLoop {
    let values: [TemplateValue]
    let index: Int

    subscript(name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(values.count - index)
        case "revindex0": .integer(values.count - index - 1)
        case "first": .boolean(index == 0)
        case "last": .boolean(index == values.count - 1)
        case "length": .integer(values.count)
        // Only a recursive loop is deeper.
        case "depth": .integer(1)
        case "depth0": .integer(0)
        case "previtem":
            index > 0 ? values[index - 1] : .undefined("there is no previous item")
        case "nextitem":
            index + 1 < values.count ? values[index + 1] : .undefined("there is no next item")
        case "cycle": .method(name, of: .loop(self))
        default: nil
        }
    }
}

/// A function that is there in every template.
enum TemplateFunction: String, CaseIterable {
    case range, dict, namespace
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}

/// Names and their values; those of the scopes around it can be read, not set.
final class TemplateScope {
    private var values: [String: TemplateValue]
    private let outer: TemplateScope?

    init(_ values: [String: TemplateValue] = [:], in outer: TemplateScope? = nil) {
        self.values = values
        self.outer = outer
    }

    subscript(name: String) -> TemplateValue? {
        get { values[name] ?? outer?[name] }
        set { values[name] = newValue }
    }
}

extension TemplateValue {
    /// What Python calls the type.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "None"
        case .boolean: "bool"
        case .integer: "int"
        case .float: "float"
        case .text: "str"
        case .list: "list"
        case .tuple: "tuple"
        case .dictionary: "dict"
        case .generator: "generator"
        case .namespace: "namespace"
        case .loop: "loop"
        case .macro: "macro"
        case .function, .method: "function"
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let values), .tuple(let values): !values.isEmpty
        case .dictionary(let dictionary): !dictionary.members.isEmpty
        case .generator, .namespace, .loop, .macro, .function, .method: true
        }
    }

    /// The value as an integer, as which Python's truth values count; nil for others.
    var integer: Int? {
        switch self {
        case .boolean(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// The value as a number; nil for what is none.
    var number: Double? {
        if case .float(let value) = self { return value }
        return integer.map(Double.init)
    }

    /// The number of elements; nil for values that have none.
    var length: Int? {
        switch self {
        case .undefined: 0
        case .text(let text): text.count
        case .list(let values), .tuple(let values): values.count
        case .dictionary(let dictionary): dictionary.members.count
        case .loop(let loop): loop.values.count
        default: nil
        }
    }

    /// What a loop walks through.
    ///
    /// Throws ``TemplateFault`` for values without elements.
    func elements() throws -> [TemplateValue] {
        switch self {
        case .undefined: return []
        case .text(let text): return text.map { .text([$0]) }
        case .list(let values), .tuple(let values): return values
        case .dictionary(let dictionary): return dictionary.members.map(\.key)
        case .generator(let generator): return generator.take()
        default: throw TemplateFault("expected a list, found a value of type \(typeName)")
        }
    }

    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let a), .text(let b)): return a == b
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.dictionary(let a), .dictionary(let b)):
            return a.members.count == b.members.count
                && a.members.allSatisfy { b[$0.key]?.equals($0.value) == true }
        case (.namespace(let a), .namespace(let b)): return a === b
        default:
            if let a = integer, let b = other.integer { return a == b }
            guard let a = number, let b = other.number else { return false }
            return a == b
        }
    }

    /// Whether the value stands before another one.
    ///
    /// Throws ``TemplateFault`` for values that have no order.
    func isLess(than other: TemplateValue) throws -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): return a.lexicographicallyPrecedes(b)
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
            guard let (a, b) = zip(a, b).first(where: { !$0.equals($1) }) else {
                return a.count < b.count
            }
            return try a.isLess(than: b)
        default:
            if let a = integer, let b = other.integer { return a < b }
            guard let a = number, let b = other.number else {
                throw TemplateFault("cannot order values of types \(typeName), \(other.typeName)")
            }
            return a < b
        }
    }

    /// Whether `element in self` holds.
    ///
    /// Throws ``TemplateFault`` for values that hold nothing.
    func contains(_ element: TemplateValue) throws -> Bool {
        if case .text(let text) = self {
            guard case .text(let part) = element else {
                throw TemplateFault("expected a string within a string, found \(element.typeName)")
            }
            return part.isEmpty || text.range(of: part) != nil
        }
        return try elements().contains { $0.equals(element) }
    }
}
