import JSON

/// The added tokens of a tokenizer, ready to be found in text and to be decoded.
struct AddedVocabulary: Sendable {
    /// Finds tokens in the text as it comes.
    let matcher: AddedTokenMatcher
    /// Finds tokens in normalized text.
    let normalizedMatcher: AddedTokenMatcher
    /// How many tokens are not in the model's vocabulary.
    let newCount: Int
    private let ids: [[UInt8]: Int]
    private let tokens: [Int: AddedToken]
    /// What each id decodes to: a normalized token in its normalized form.
    private let spellings: [Int: [UInt8]]
    private let specialIDs: Set<Int>

    /// Checks `tokens` against the vocabulary; `key` tells where they stand in `file`.
    init(
        _ tokens: [AddedToken],
        vocabulary: Vocabulary,
        normalizer: Normalizer?,
        file: String,
        key: String
    ) throws {
        var ids: [[UInt8]: Int] = [:]
        var spellings: [Int: [UInt8]] = [:]
        var patterns: [Set<[UInt8]>] = [[], []]
        var raw: [(token: AddedToken, text: [UInt8])] = []
        var normalized: [(token: AddedToken, text: [UInt8])] = []
        // Tokens outside the vocabulary are numbered on from its size, in order, whatever the file
        // says; a file that says otherwise would give ids its author did not mean.
        var nextID = vocabulary.count
        var allowance = Allowance(tokens.reduce(0) { $0 + $1.content.utf8.count }, file: file)
        for (index, token) in tokens.enumerated() where !token.content.isEmpty {
            let content = Array(token.content.utf8)
            let id = vocabulary.id(of: content) ?? nextID
            func invalid(_ expected: String, _ found: String) -> TokenizationError {
                .invalid(file: file, key: "\(key)[\(index)]", expected: expected, found: found)
            }
            guard token.id == id else {
                throw invalid("the id \(id) for \(token.content.quoted)", "\(token.id)")
            }
            if vocabulary.id(of: content) == nil {
                guard vocabulary.token(for: id) == nil else {
                    throw invalid("an id of its own", "\(id), which another token has")
                }
                nextID += 1
            }
            let text =
                token.isNormalized
                ? try normalizer?.normalize(content, &allowance) ?? content : content
            try allowance.keep(bytes: text.count)
            guard !text.isEmpty else {
                throw invalid("a token that the normalizer leaves something of", "none left")
            }
            guard ids.updateValue(id, forKey: content) == nil,
                patterns[token.isNormalized ? 1 : 0].insert(text).inserted
            else { throw invalid("distinct tokens", token.content.quoted + " once more") }
            spellings[id] = text
            if token.isNormalized {
                normalized.append((token, text))
            } else {
                raw.append((token, text))
            }
        }
        matcher = AddedTokenMatcher(raw)
        normalizedMatcher = AddedTokenMatcher(normalized)
        newCount = nextID - vocabulary.count
        self.ids = ids
        self.tokens = Dictionary(tokens.map { ($0.id, $0) }) { first, _ in first }
        self.spellings = spellings
        // Special tokens are known by their spelling.
        let special = Set(tokens.filter(\.isSpecial).map { Array($0.content.utf8) })
        specialIDs = Set(spellings.filter { special.contains($0.value) }.keys)
    }

    func id(of token: [UInt8]) -> Int? { ids[token] }

    /// Whether there is a token that is found as `other` would be.
    func agrees(with other: AddedToken, isNormalizing: Bool) -> Bool {
        guard let token = tokens[other.id] else { return false }
        return token.content.utf8.elementsEqual(other.content.utf8)
            && token.stripsLeft == other.stripsLeft && token.stripsRight == other.stripsRight
            && token.isSingleWord == other.isSingleWord
            && (!isNormalizing || token.isNormalized == other.isNormalized)
    }

    func spelling(of id: Int) -> [UInt8]? { spellings[id] }

    func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }
}
