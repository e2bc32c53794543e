import TensorFiles
import Tokenization

extension GGUFVocabulary {
    /// The tokenizer's part of a GGUF file's metadata (`tokenizer.ggml.*`).
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
    }
}
