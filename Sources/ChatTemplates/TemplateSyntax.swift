/// An expression of a template.
///
/// Chains of one operator are lists, so that long sums are not deep trees.
indirect enum TemplateExpression: Sendable {
    enum Comparison: String, Sendable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case within = "in"
        case notWithin = "not in"
    }

    struct Arguments: Sendable {
        var positional: [TemplateExpression] = []
        var keyword: [(name: String, value: TemplateExpression)] = []
    }

    case none
    case boolean(Bool)
    case integer(Int)
    case float(Double)
    case text(TemplateText)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, [TemplateExpression?])
    case call(TemplateExpression, Arguments)
    case filter(String, TemplateExpression, Arguments)
    case test(String, TemplateExpression, Arguments)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    case and([TemplateExpression])
    case or([TemplateExpression])
    case comparison(TemplateExpression, [(operation: Comparison, value: TemplateExpression)])
    case arithmetic(TemplateExpression, [(operation: String, value: TemplateExpression)])
    case joined([TemplateExpression])
    case conditional(
        TemplateExpression,
        condition: TemplateExpression,
        otherwise: TemplateExpression?
    )
}

/// A part of a template.
struct TemplateStatement: Sendable {
    enum Target: Sendable {
        case names([String])
        /// An attribute of a namespace.
        case attribute(object: String, name: String)
    }

    struct Loop: Sendable {
        var names: [String]
        var values: TemplateExpression
        var condition: TemplateExpression?
        var body: [TemplateStatement]
        var otherwise: [TemplateStatement]
    }

    struct Macro: Sendable {
        var name: String
        var parameters: [(name: String, standard: TemplateExpression?)]
        var body: [TemplateStatement]
    }

    enum Kind: Sendable {
        case text(TemplateText)
        case output(TemplateExpression)
        case branches(
            [(condition: TemplateExpression, body: [TemplateStatement])],
            otherwise: [TemplateStatement]
        )
        case loop(Loop)
        case set(Target, TemplateExpression)
        case capture(Target, [(filter: String, TemplateExpression.Arguments)], [TemplateStatement])
        case macro(Macro)
        /// `{% generation %}`, which marks what a model said.
        case scope([TemplateStatement])
        case leaveLoop
        case nextTurn
    }

    let line: Int
    let kind: Kind
}
