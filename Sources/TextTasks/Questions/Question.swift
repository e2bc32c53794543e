import JSON

/// A question with a fixed set of answers, in the form that decision models are asked in.
///
///     {"type": "noul", "instructions": TEXT, "criteria": {"true": TEXT, "false": TEXT}}
///     {"type": "choice", "instructions": TEXT, "criteria": {OPTION: TEXT, ...}}
///     {"type": "score", "instructions": TEXT, "criteria": [LEVEL, ...]}
///
/// A TEXT is a string, an object or an array, or null where there is nothing to say. A LEVEL is a
/// TEXT that is not null. A noul, which is either true or false, may leave out one of `criteria`
/// and `instructions`.
public struct Question: Equatable, Sendable {
    /// What sort of answer is asked for.
    public enum Kind: String, CaseIterable, Sendable {
        /// Whether something is so.
        case noul
        /// One of 2 to 255 options.
        case choice
        /// One of 2 to 10 levels of a scale.
        case score
    }

    /// One of the answers.
    public struct Option: Equatable, Sendable {
        /// What answers call it: the option, "false" or "true", or a level's number from "0".
        public let name: String
        /// What the question says of it, as it was given; nil for nothing.
        public let criterion: JSONValue?

        /// An option from its parts.
        public init(name: String, criterion: JSONValue? = nil) {
            self.name = name
            self.criterion = criterion
        }
    }

    /// What sort of answer is asked for.
    public let kind: Kind
    /// What is asked, as the model reads it; nil where the options say it.
    public let instructions: String?
    /// The possible answers, in the order of the question; false and true for a noul, the lowest
    /// level first for a score.
    public let options: [Option]

    /// Whether the options are levels of a scale.
    public var isOrdered: Bool { kind == .score }

    /// A choice from its parts, of any number of options.
    init(choiceOf options: [String], instructions: String) {
        kind = .choice
        self.instructions = instructions
        self.options = options.map { Option(name: $0) }
    }

    /// Reads a question.
    ///
    /// - Throws: `JSONError` that names the key, what was expected and what was found.
    public init(_ node: JSONNode) throws {
        let type = try node.required("type")
        guard let kind = Kind(rawValue: try type.string()) else {
            throw type.unsupported(try type.string(), Kind.allCases.map(\.rawValue))
        }
        self.kind = kind
        instructions = try node.member("instructions")?.outline()
        options =
            switch kind {
            case .noul: try Self.outcomes(of: node)
            case .choice: try Self.choices(of: node.required("criteria"))
            case .score: try Self.levels(of: node.required("criteria"))
            }
    }

    private static func outcomes(of node: JSONNode) throws -> [Option] {
        let criteria = try node.member("criteria")
        for (name, outcome) in try criteria?.children() ?? [] where name != "true" {
            guard name == "false" else {
                throw outcome.invalid(expected: "\"true\" or \"false\"", found: name.quoted)
            }
        }
        let options = try ["false", "true"].map {
            Option(name: $0, criterion: try criteria?.member($0).map(criterion))
        }
        let isAsked = try node.member("instructions") != nil
        guard isAsked || options.contains(where: { $0.criterion != nil }) else {
            throw node.invalid(
                expected: "\"instructions\" or a description in \"criteria\"",
                found: "neither"
            )
        }
        return options
    }

    private static func choices(of node: JSONNode) throws -> [Option] {
        let children = try node.children()
        try check(children.count, within: 2...255, "options", of: node)
        return try children.map { name, description in
            guard !name.isEmpty else {
                throw description.invalid(expected: "an option with a name", found: "\"\"")
            }
            let isNull = description.value == .null
            return Option(name: name, criterion: isNull ? nil : try criterion(description))
        }
    }

    private static func levels(of node: JSONNode) throws -> [Option] {
        let levels = try node.elements()
        try check(levels.count, within: 2...10, "levels", of: node)
        var numbers: [String: Int] = [:]
        return try levels.enumerated().map { number, level in
            let text = try level.outline()
            guard !text.isEmpty else { throw level.invalid(expected: "a level", found: "\"\"") }
            if let other = numbers.updateValue(number, forKey: text) {
                throw level.invalid(expected: "another level than [\(other)]", found: text.quoted)
            }
            return Option(name: "\(number)", criterion: level.value)
        }
    }

    private static func criterion(_ node: JSONNode) throws -> JSONValue {
        _ = try node.outline()
        return node.value
    }

    private static func check(
        _ count: Int,
        within range: ClosedRange<Int>,
        _ what: String,
        of node: JSONNode
    ) throws {
        guard range.contains(count) else {
            throw node.invalid(
                expected: "\(range.lowerBound) to \(range.upperBound) \(what)",
                found: "\(count)"
            )
        }
    }
}
