/// What the metadata of a GGUF file (`tokenizer.ggml.*`) says of its tokenizer.
///
/// Source: the GGUF specification, <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
public struct GGUFVocabulary: Sendable {
    /// `tokenizer.ggml.model`: "gpt2" (byte-level) or "llama" (SentencePiece).
    public var model: String
    /// `tokenizer.ggml.pre`: how byte-level text is cut into words.
    public var pre: String?
    /// `tokenizer.ggml.tokens`: the token of each id.
    public var tokens: [String]
    /// `tokenizer.ggml.scores`: how good each token is; "llama" takes its merges from them.
    public var scores: [Float]?
    /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused,
    /// 6 byte.
    public var tokenTypes: [Int]?
    /// `tokenizer.ggml.merges`: pairs of tokens, "a b", in the order they join.
    public var merges: [String]?
    /// `tokenizer.ggml.bos_token_id`.
    public var beginningOfSequence: Int?
    /// `tokenizer.ggml.eos_token_id`.
    public var endOfSequence: Int?
    /// `tokenizer.ggml.unknown_token_id`.
    public var unknown: Int?
    /// `tokenizer.ggml.padding_token_id`.
    public var padding: Int?
    /// `tokenizer.ggml.add_bos_token`; without it true for "llama" and for Llama 3 words.
    public var addBOS: Bool?
    /// `tokenizer.ggml.add_eos_token`; without it false.
    public var addEOS: Bool?
    /// `tokenizer.ggml.add_space_prefix`, for "llama" only; without it true.
    public var addSpacePrefix: Bool?
    /// What errors call the file.
    public var file: String

    /// A vocabulary with the given tokens; set the rest as far as the file has it.
    public init(model: String, pre: String? = nil, tokens: [String], file: String) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.file = file
    }
}

extension Tokenizer {
    /// Builds the tokenizer that a GGUF file describes.
    ///
    /// Byte-level models ("gpt2") cut words by `pre`:
    ///
    /// | `pre` | words |
    /// | --- | --- |
    /// | "gpt-2", "default", none | GPT-2's pattern |
    /// | "smollm" | single digits, then GPT-2's pattern |
    /// | "llama-bpe", "llama3", "llama-v3" | Llama 3's pattern; whole words before merges |
    /// | "qwen2" | NFC, then Qwen2's pattern |
    ///
    /// SentencePiece models ("llama") become the byte-pair encoding that their `tokenizer.json` on
    /// Hugging Face has: "▁" for spaces and before each stretch of text, bytes for unknown
    /// characters, and, unless the file has merges, every pair of tokens that makes a third one,
    /// best score first.
    ///
    /// - Parameter vocabulary: The metadata.
    /// - Throws: ``TokenizationError``.
    public init(_ vocabulary: GGUFVocabulary) throws {
        let reader = GGUFVocabularyReader(source: vocabulary)
        try reader.checkLengths()
        let table = try reader.vocabulary()
        switch vocabulary.model {
        case "gpt2":
            let words = try reader.words()
            normalizer = words.normalizer
            preTokenizer = words.preTokenizer
            decoder = .byteLevel
            model = BytePairEncoding(
                vocabulary: table,
                merges: try reader.merges(table),
                options: .init(ignoresMerges: words.ignoresMerges)
            )
        case "llama":
            let space = Array("▁".utf8)
            let addsPrefix = vocabulary.addSpacePrefix ?? true
            let spaces = Normalizer.replace(.literal([0x20]), with: space)
            normalizer = addsPrefix ? .sequence([.prepend(space), spaces]) : spaces
            preTokenizer = nil
            let text: [Decoder] = [.replace(.literal(space), with: [0x20]), .byteFallback, .fuse]
            decoder = .sequence(text + (addsPrefix ? [.strip(" ", start: 1, stop: 0)] : []))
            model = BytePairEncoding(
                vocabulary: table,
                merges: try vocabulary.merges == nil
                    ? reader.mergesFromScores(table) : reader.merges(table),
                options: .init(
                    unknownToken: try reader.unknownToken(),
                    fusesUnknown: true,
                    fallsBackToBytes: true
                )
            )
        default:
            throw reader.unsupported("model", vocabulary.model, ["gpt2", "llama"])
        }
        added = try AddedVocabulary(
            reader.addedTokens(),
            vocabulary: table,
            normalizer: normalizer,
            file: vocabulary.file,
            key: "tokenizer.ggml.tokens"
        )
        beginningOfSequence = vocabulary.beginningOfSequence
        endOfSequence = vocabulary.endOfSequence
        let addsBOS = try vocabulary.addBOS ?? reader.addsBOSByDefault()
        postProcessor = PostProcessor(
            prefix: addsBOS ? [beginningOfSequence].compactMap(\.self) : [],
            suffix: vocabulary.addEOS == true ? [endOfSequence].compactMap(\.self) : []
        )
    }
}
