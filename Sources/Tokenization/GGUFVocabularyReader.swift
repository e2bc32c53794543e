import JSON

/// Reads the parts of a tokenizer out of GGUF metadata.
struct GGUFVocabularyReader {
    let source: GGUFVocabulary

    /// How a byte-level model cuts words.
    struct Words {
        var normalizer: Normalizer?
        let cut: Cut
        var ignoresMerges = false
        var addsBOS = false
    }

    enum Cut {
        case gpt2
        /// Each digit is a word, whatever stands around it.
        case digitsThenGPT2
        case scanner(WordScanner)
        /// As `Split` of a `tokenizer.json` has it.
        case pattern(String)
    }

    /// A word has capitals at its start or all through; behind it may stand a contraction.
    private static let cased = ["*", "+"].map { capitals in
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"# + capitals
            + #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"# + (capitals == "*" ? "+" : "*")
    }
    private static let uncased = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"

    static let tekkenPattern = cased.joined(separator: "|") + #"|\p{N}"# + uncased
    static let gpt4oPattern =
        cased.map { $0 + contraction + "?" }.joined(separator: "|") + #"|\p{N}{1,3}"# + uncased
    static let qwen35Pattern =
        contraction + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static let knownWords: [String: Words] = {
        let gpt2 = Words(cut: .gpt2)
        let digits = Words(cut: .digitsThenGPT2)
        let llama3 = Words(cut: .scanner(.llama3), ignoresMerges: true, addsBOS: true)
        return [
            "default": gpt2,
            "gpt-2": gpt2,
            "smollm": digits,
            "refact": digits,
            "starcoder": digits,
            "llama-bpe": llama3,
            "llama-v3": llama3,
            "llama3": llama3,
            // Llama 3's without a token in front: SmolLM3.
            "smaug-bpe": Words(cut: .scanner(.llama3), ignoresMerges: true),
            "dbrx": Words(cut: .scanner(.llama3)),
            "qwen2": Words(normalizer: .unicode(.nfc), cut: .scanner(.qwen2)),
            "qwen35": Words(normalizer: .unicode(.nfc), cut: .pattern(qwen35Pattern)),
            "tekken": Words(cut: .pattern(tekkenPattern), ignoresMerges: true, addsBOS: true),
            "gpt-4o": Words(cut: .pattern(gpt4oPattern)),
        ]
    }()

    func preTokenizer(_ cut: Cut) throws -> PreTokenizer {
        func split(_ pattern: TextPattern) -> PreTokenizer {
            .sequence([
                .split(pattern, .isolated, inverted: false),
                .byteLevel(addsPrefixSpace: false, splitsWords: false),
            ])
        }
        let byteLevel = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: true)
        switch cut {
        case .gpt2: return byteLevel
        case .digitsThenGPT2: return .sequence([.digits(individual: true), byteLevel])
        case .scanner(let scanner): return split(.words(scanner))
        case .pattern(let pattern):
            let place = JSONNode(.string(pattern), file: source.file, key: "tokenizer.ggml.pre")
            return split(try TextPattern(expression: place))
        }
    }

    private func invalid(_ key: String, expected: String, found: String) -> TokenizationError {
        .invalid(
            file: source.file,
            key: "tokenizer.ggml.\(key)",
            expected: expected,
            found: found
        )
    }

    func unsupported(_ key: String, _ found: String, _ supported: [String]) -> TokenizationError {
        .unsupported(
            file: source.file,
            key: "tokenizer.ggml.\(key)",
            found: found.quoted,
            supported: supported
        )
    }

    func words() throws -> Words {
        let name = source.pre ?? "default"
        guard let words = Self.knownWords[name] else {
            throw unsupported("pre", name, Self.knownWords.keys.sorted())
        }
        return words
    }

    func addsBOSByDefault() throws -> Bool {
        try source.model == "llama" || words().addsBOS
    }

    /// Checks that arrays and ids fit the tokens.
    func checkLengths() throws {
        let count = source.tokens.count
        for (key, length) in [
            ("scores", source.scores?.count), ("token_type", source.tokenTypes?.count),
        ] {
            guard let length, length != count else { continue }
            throw invalid(key, expected: "\(count) values, one for each token", found: "\(length)")
        }
        for (key, id) in [
            ("bos_token_id", source.beginningOfSequence), ("eos_token_id", source.endOfSequence),
            ("unknown_token_id", source.unknown), ("padding_token_id", source.padding),
        ] {
            guard let id, !source.tokens.indices.contains(id) else { continue }
            throw invalid(key, expected: "an id below \(count)", found: "\(id)")
        }
    }

    func vocabulary() throws -> Vocabulary {
        var vocabulary = Vocabulary(capacity: source.tokens.count)
        for (id, token) in source.tokens.enumerated() {
            switch vocabulary.insert(token.utf8, id: id) {
            case nil: break
            case .hugeID:
                throw invalid(
                    "tokens",
                    expected: "at most \(Vocabulary.maximumID) tokens",
                    found: "\(source.tokens.count)"
                )
            case .duplicateToken, .duplicateID:
                throw invalid(
                    "tokens[\(id)]",
                    expected: "distinct tokens",
                    found: token.quoted + " once more"
                )
            }
        }
        return vocabulary
    }

    /// The unknown token; files also have padding of its type.
    private var unknownID: Int? { source.unknown ?? source.tokenTypes?.firstIndex(of: 2) }

    func unknownToken() -> String? { unknownID.map { source.tokens[$0] } }

    /// Control tokens and the unknown token are special; user-defined ones are not.
    func addedTokens() -> [AddedToken] {
        (source.tokenTypes ?? []).enumerated().compactMap { id, type in
            guard type == 3 || type == 4 || id == unknownID else { return nil }
            var token = AddedToken(id: id, content: source.tokens[id], isSpecial: type != 4)
            // Files do not say which tokens take in white space; as llama.cpp has it for Phi-3.
            if source.isPhi3 {
                token.stripsRight = !["<unk>", "<s>", "<|endoftext|>"].contains(token.content)
            }
            return token
        }
    }

    func merges(_ vocabulary: Vocabulary) throws -> MergeTable {
        guard let lines = source.merges else {
            throw invalid("merges", expected: "a list of merges", found: "none")
        }
        var merges = MergeBuilder(
            vocabulary: vocabulary,
            capacity: lines.count,
            file: source.file,
            key: "tokenizer.ggml.merges"
        )
        for (index, line) in lines.enumerated() { try merges.append(line: line, index: index) }
        return merges.table
    }

    /// The merges that a SentencePiece vocabulary implies: every way to make a token of two others;
    /// the best score first, then the longer left part, then the longer right part, in characters,
    /// then the order of ids of the token made, the left and the right part.
    func mergesFromScores(_ vocabulary: Vocabulary) throws -> MergeTable {
        guard let scores = source.scores else {
            throw invalid("scores", expected: "a score for each token", found: "none")
        }
        struct Merge {
            let left: Int32
            let right: Int32
            let result: Int32
            let leftLength: Int
            let rightLength: Int
        }
        var merges: [Merge] = []
        for (id, token) in source.tokens.enumerated() {
            let score = scores[id]
            guard !score.isNaN else {
                throw invalid("scores[\(id)]", expected: "a number", found: "NaN")
            }
            let bytes = Array(token.utf8)
            let cuts = bytes.indices.dropFirst().filter { bytes[$0] & 0xc0 != 0x80 }
            for (length, cut) in cuts.enumerated() {
                let left = vocabulary.id(of: bytes, 0..<cut)
                guard left >= 0 else { continue }
                let right = vocabulary.id(of: bytes, cut..<bytes.count)
                guard right >= 0 else { continue }
                merges.append(
                    Merge(
                        left: left,
                        right: right,
                        result: Int32(id),
                        leftLength: length + 1,
                        rightLength: cuts.count - length
                    )
                )
            }
        }
        merges.sort { first, second in
            let scores = (scores[Int(second.result)], scores[Int(first.result)])
            if scores.0 != scores.1 { return scores.0 < scores.1 }
            return (second.leftLength, second.rightLength, first.result, first.left, first.right)
                < (first.leftLength, first.rightLength, second.result, second.left, second.right)
        }
        var table = MergeTable(capacity: merges.count)
        for merge in merges { table.append(merge.left, merge.right, result: merge.result) }
        return table
    }
}
