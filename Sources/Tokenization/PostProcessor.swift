import JSON

/// The `post_processor` stage: puts special tokens around the ids of a text.
struct PostProcessor: Sendable {
    private(set) var prefix: [Int] = []
    private(set) var suffix: [Int] = []

    static let supported = [
        "Sequence", "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing",
    ]

    private var addsTokens: Bool { !prefix.isEmpty || !suffix.isEmpty }

    init(prefix: [Int], suffix: [Int]) {
        self.prefix = prefix
        self.suffix = suffix
    }

    init(_ node: JSONNode) throws {
        let type = try node.required("type").string()
        switch type {
        case "ByteLevel": break  // Trims offsets only.
        case "Sequence":
            for processor in try node.required("processors").elements() {
                let inner = try Self(processor)
                guard !inner.addsTokens || !addsTokens else {
                    throw processor.unsupported("a second TemplateProcessing", Self.supported)
                }
                if inner.addsTokens { self = inner }
            }
        case "TemplateProcessing": try readTemplate(node)
        case "RobertaProcessing", "BertProcessing":
            prefix = [try Self.id(node.required("cls"))]
            suffix = [try Self.id(node.required("sep"))]
        default: throw node.unsupported(type, Self.supported)
        }
    }

    /// The id in a pair of a token and its id.
    private static func id(_ node: JSONNode) throws -> Int {
        let pair = try node.elements()
        guard pair.count == 2 else { throw node.invalid(expected: "a token and its id") }
        return try pair[1].integer()
    }

    private mutating func readTemplate(_ node: JSONNode) throws {
        let special = try node.required("special_tokens")
        var seesSequence = false
        let template = try node.required("single")
        for piece in try template.elements() {
            if let token = try piece.member("SpecialToken") {
                let name = try token.required("id").string()
                let ids = try special.required(name).required("ids").elements()
                    .map { try $0.integer() }
                if seesSequence { suffix += ids } else { prefix += ids }
                // Names that stand for long lists of ids would make gigabytes of a small file.
                let count = prefix.count + suffix.count
                guard count <= 1000 else {
                    throw template.invalid(expected: "at most 1000 special ids", found: "\(count)")
                }
            } else if let sequence = try piece.member("Sequence") {
                guard try sequence.required("id").string() == "A", !seesSequence else {
                    throw sequence.invalid(expected: "the sequence \"A\" once")
                }
                seesSequence = true
            } else {
                throw piece.invalid(expected: "a SpecialToken or a Sequence")
            }
        }
        guard seesSequence else { throw template.invalid(expected: "the sequence \"A\" once") }
    }
}
