/// An example as tokens: a prompt, and the tokens that each answer puts behind it.
public struct EncodedExample: Equatable, Sendable {
    /// A prompt and what each answer puts behind it.
    public struct Wording: Equatable, Sendable {
        /// The prompt.
        public var tokens: [Int]
        /// The tokens of each answer, in the order of the example's.
        public var answers: [[Int]]

        /// A wording from its parts.
        public init(tokens: [Int], answers: [[Int]]) {
            self.tokens = tokens
            self.answers = answers
        }
    }

    /// The example's name.
    public var id: String
    /// The prompt; the answer is what the model expects after the last of these.
    public var tokens: [Int]
    /// The tokens of each answer, at least one; no answer begins with all of another.
    public var answers: [[Int]]
    /// The same question with its options in other orders.
    public var otherOrders: [Wording] = []
    /// Index of the right answer, or of the most probable one; nil where it is not known.
    public var label: Int?
    /// Probability that each answer is right; nil where ``label`` says all.
    public var targets: [Double]?
    /// Whether the answers are levels of a scale, lowest first.
    public var isOrdered: Bool
    /// What examples have in common that are questions about one thing and stand behind each
    /// other; nil for an example by itself.
    public var state: String?
    /// Whether the prompt was too long and lost tokens.
    public var isTruncated: Bool

    /// An encoded example from its parts.
    public init(
        id: String,
        tokens: [Int],
        answers: [[Int]],
        label: Int?,
        targets: [Double]? = nil,
        isOrdered: Bool = false,
        state: String? = nil,
        isTruncated: Bool = false
    ) {
        self.id = id
        self.tokens = tokens
        self.answers = answers
        self.label = label
        self.targets = targets
        self.isOrdered = isOrdered
        self.state = state
        self.isTruncated = isTruncated
    }

    /// The example in each order of its options, one in each.
    public var inAllOrders: [EncodedExample] {
        var first = self
        first.otherOrders = []
        return [first]
            + otherOrders.map { wording in
                var other = first
                (other.tokens, other.answers) = (wording.tokens, wording.answers)
                return other
            }
    }

    /// Number of tokens that a model reads to answer: the prompt, and what different answers have
    /// before their last token.
    public var length: Int {
        guard answers.contains(where: { $0.count > 1 }) else { return tokens.count }
        var beginnings: Set<ArraySlice<Int>> = []
        for answer in answers {
            for count in 1..<answer.count { beginnings.insert(answer.prefix(count)) }
        }
        return tokens.count + beginnings.count
    }
}

extension [EncodedExample] {
    /// The examples by what they are about: neighbours with the same state together, in order.
    public var units: [Range<Int>] { runsOfStates(map(\.state)) }
}

/// Numbers about encoded examples.
public struct EncodingReport: Codable, Equatable, Sendable {
    /// Number of examples.
    public var examples: Int
    /// Number of examples whose prompt was too long and lost tokens.
    public var truncated: Int
    /// Tokens of the longest prompt, before truncation.
    public var longest: Int
}
