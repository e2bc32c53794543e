/// What rendering a template may take, so that a small file asks neither for hours nor for all
/// memory.
struct TemplateAllowance {
    /// Levels of lists in lists, at most.
    private static let maximumDepth = 32

    /// Statements, expressions and elements that may still be worked on.
    private var steps: Int
    /// Levels of expressions, statements and macros that may still be entered.
    private var levels = 160

    /// What a template with such variables may take: so much for each of their scalars.
    init(for variables: some Sequence<TemplateValue>) throws {
        steps = .max
        for variable in variables { try spend(on: variable) }
        steps = 1_000_000 + 200 * (.max - steps)
    }

    mutating func spend(_ count: Int) throws {
        steps -= count
        guard steps >= 0 else {
            throw TemplateFault("takes more steps than a conversation of its length may")
        }
    }

    /// Takes off as many steps as a value has scalars and elements.
    ///
    /// A value that holds too many levels of others is refused, or one that holds a namespace,
    /// which could hold it again.
    mutating func spend(on value: TemplateValue, depth: Int = 0) throws {
        guard depth <= Self.maximumDepth else {
            throw TemplateFault("expected at most \(Self.maximumDepth) levels of lists in lists")
        }
        try spend(1)
        switch value {
        case .text(let text): try spend(text.count)
        case .list(let values), .tuple(let values):
            for value in values { try spend(on: value, depth: depth + 1) }
        case .dictionary(let dictionary):
            for member in dictionary.members {
                try spend(on: member.key, depth: depth + 1)
                try spend(on: member.value, depth: depth + 1)
            }
        case .generator(let generator):
            for value in generator.values { try spend(on: value, depth: depth + 1) }
        case .loop(let loop):
            for value in loop.values { try spend(on: value, depth: depth + 1) }
        case .method(_, let object): try spend(on: object, depth: depth + 1)
        case .namespace where depth > 0:
            throw TemplateFault.unsupported("a namespace within another value")
        default: break
        }
    }

    mutating func enter() throws {
        try spend(1)
        levels -= 1
        guard levels >= 0 else { throw TemplateFault("nests calls too deeply") }
    }

    mutating func leave() { levels += 1 }
}
