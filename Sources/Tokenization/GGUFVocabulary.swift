import ChatTemplates
import TensorFiles

/// What the metadata of a GGUF file (`tokenizer.ggml.*`) says of its tokenizer.
///
/// Source: the GGUF specification, <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
struct GGUFVocabulary {
    /// `tokenizer.ggml.model`: "gpt2" (byte-level) or "llama" (SentencePiece).
    var model: String
    /// `tokenizer.ggml.pre`: how byte-level text is cut into words.
    var pre: String?
    /// `tokenizer.ggml.tokens`: the token of each id.
    var tokens: [String]
    /// `tokenizer.ggml.scores`: how good each token is; "llama" takes its merges from them.
    var scores: [Float]?
    /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused,
    /// 6 byte.
    var tokenTypes: [Int]?
    /// `tokenizer.ggml.merges`: pairs of tokens, "a b", in the order they join.
    var merges: [String]?
    /// `tokenizer.ggml.bos_token_id`.
    var beginningOfSequence: Int?
    /// `tokenizer.ggml.eos_token_id`.
    var endOfSequence: Int?
    /// `tokenizer.ggml.unknown_token_id`.
    var unknown: Int?
    /// `tokenizer.ggml.padding_token_id`.
    var padding: Int?
    /// `tokenizer.ggml.add_bos_token`; without it true for "llama" and for Llama 3 words.
    var addBOS: Bool?
    /// `tokenizer.ggml.add_eos_token`; without it false.
    var addEOS: Bool?
    /// `tokenizer.ggml.add_space_prefix`, for "llama" only; without it true.
    var addSpacePrefix: Bool?
    /// `general.architecture`.
    var architecture: String?
    /// What errors call the file.
    var file: String

    /// A vocabulary of the given tokens alone.
    init(model: String, pre: String? = nil, tokens: [String], file: String) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.file = file
    }

    init(_ file: GGUF) throws {
        func key(_ name: String) -> String { "tokenizer.ggml." + name }
        self.init(
            model: try file.string(key("model")),
            pre: try file.stringIfPresent(key("pre")),
            tokens: try file.strings(key("tokens")),
            file: file.url.path
        )
        scores = try file.doublesIfPresent(key("scores"))?.map(Float.init)
        tokenTypes = try file.integersIfPresent(key("token_type"))
        merges = try file.stringsIfPresent(key("merges"))
        beginningOfSequence = try file.integerIfPresent(key("bos_token_id"))
        endOfSequence = try file.integerIfPresent(key("eos_token_id"))
        unknown = try file.integerIfPresent(key("unknown_token_id"))
        padding = try file.integerIfPresent(key("padding_token_id"))
        addBOS = try file.booleanIfPresent(key("add_bos_token"))
        addEOS = try file.booleanIfPresent(key("add_eos_token"))
        addSpacePrefix = try file.booleanIfPresent(key("add_space_prefix"))
        architecture = try file.stringIfPresent("general.architecture")
    }

    /// Whether it is that of Phi-3 and 3.5, whose turns of a conversation take in white space.
    var isPhi3: Bool { architecture == "phi3" && model == "llama" }

    /// The vocabulary with the user-defined tokens of SentencePiece as they were.
    ///
    /// llama.cpp's converter writes spaces for "▁" and the score -1000 in place of 0, so that
    /// spaces would join other tokens first: Gemma 2 and 3 have tokens for 2 to 31 of them.
    var withUserDefinedTokens: Self {
        var vocabulary = self
        let present = Set(tokens.filter { $0.unicodeScalars.allSatisfy { $0 == "▁" } })
        for (id, type) in (tokenTypes ?? []).enumerated() where type == 4 {
            vocabulary.scores?[id] = 0
            guard tokens[id].utf8.allSatisfy({ $0 == 0x20 }) else { continue }
            let token = String(repeating: "▁", count: tokens[id].utf8.count)
            // Where there are both, the spaces are a token of their own.
            if !present.contains(token) { vocabulary.tokens[id] = token }
        }
        return vocabulary
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
    /// | "smollm", "refact", "starcoder" | single digits, then GPT-2's pattern |
    /// | "llama-bpe", "llama3", "llama-v3" | Llama 3's pattern; whole words before merges |
    /// | "smaug-bpe" | the same, of SmolLM3 |
    /// | "dbrx" | Llama 3's pattern, of OLMo 2 and Phi-4 |
    /// | "gpt-4o" | GPT-4o's pattern, of Phi-4-mini |
    /// | "qwen2", "qwen35" | NFC, then Qwen2's or Qwen3.5's pattern |
    /// | "tekken" | Mistral's pattern; whole words before merges |
    ///
    /// SentencePiece models ("llama") become the byte-pair encoding that their `tokenizer.json` on
    /// Hugging Face has: "▁" for spaces and before each stretch of text, bytes for unknown
    /// characters, and, unless the file has merges, every pair of tokens that makes a third one,
    /// best score first.
    ///
    /// - Throws: `TensorFileError` for metadata that is missing or of the wrong type, and
    ///   ``TokenizationError`` for metadata that contradicts itself.
    public init(_ file: GGUF) throws {
        let vocabulary = try GGUFVocabulary(file)
        try self.init(vocabulary)
        chatTemplate = try ChatTemplateSource(file, vocabulary)
    }

    init(_ source: GGUFVocabulary) throws {
        try GGUFVocabularyReader(source: source).checkLengths()
        let vocabulary = source.model == "llama" ? source.withUserDefinedTokens : source
        let reader = GGUFVocabularyReader(source: vocabulary)
        let table = try reader.vocabulary()
        file = vocabulary.file
        switch vocabulary.model {
        case "gpt2":
            let words = try reader.words()
            normalizer = words.normalizer
            preTokenizer = try reader.preTokenizer(words.cut)
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
                    unknownToken: reader.unknownToken(),
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
