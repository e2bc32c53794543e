import ChatTemplates
import Files
import Foundation
import JSON

extension Tokenizer {
    /// Loads a `tokenizer.json`.
    ///
    /// A `tokenizer_config.json` beside it, if there is one, names the tokens that begin and end a
    /// sequence, and may have the chat template, as may a `chat_template.jinja`. Its
    /// `add_bos_token` and `add_eos_token` say nothing: which tokens `encode` adds is in the
    /// `tokenizer.json`, as for Hugging Face Transformers 5.
    ///
    /// - Parameter url: The file.
    /// - Throws: `FileError` or `JSONError` when a file cannot be read, is not JSON, or a value in
    ///   it is missing, of the wrong type or not served here; ``TokenizationError`` when
    ///   vocabulary, merges or added tokens contradict each other.
    public init(contentsOf url: URL) throws {
        try Self.checkPresence(url)
        try self.init(JSONNode(contentsOf: url))
        let configuration = url.deletingLastPathComponent()
            .appendingPathComponent("tokenizer_config.json")
        var settings: JSONNode?
        if try FileSystem.exists(configuration) {
            let node = try JSONNode(contentsOf: configuration)
            settings = node
            beginningOfSequence = try id(named: "bos_token", in: node)
            endOfSequence = try id(named: "eos_token", in: node)
            try checkAddedTokens(of: node)
            try checkPrefixSpace(of: node)
        }
        chatTemplate = try ChatTemplateSource(beside: url, settings: settings)
    }

    /// Refuses a folder by the vocabulary that it has in place of the file.
    private static func checkPresence(_ url: URL) throws {
        if try FileSystem.exists(url) { return }
        for name in ["tekken.json", "tokenizer.model", "vocab.json"] {
            let other = url.deletingLastPathComponent().appendingPathComponent(name)
            guard try FileSystem.exists(other) else { continue }
            throw FileError(
                url,
                "cannot be read",
                reason: "there is none, and \(name) beside it is of a kind that is not read; "
                    + "the model's page on Hugging Face mostly has a tokenizer.json"
            )
        }
    }

    /// Reads the contents of a `tokenizer.json`.
    ///
    /// - Parameters:
    ///   - data: The JSON text.
    ///   - file: What errors call the file.
    /// - Throws: As ``init(contentsOf:)`` does.
    public init(data: Data, file: String) throws {
        try self.init(JSONNode(parsing: data, file: file))
    }

    private init(_ root: JSONNode) throws {
        if let version = try root.member("version"), try version.string() != "1.0" {
            throw version.unsupported(try version.string(), ["1.0"])
        }
        file = root.file
        normalizer = try root.member("normalizer").map { try Normalizer($0) }
        preTokenizer = try root.member("pre_tokenizer").map { try PreTokenizer($0) }
        if let preTokenizer, preTokenizer.looksAtStart, normalizer?.canTakeOffStart == true {
            throw try root.required("pre_tokenizer").unsupported(
                "prepend_scheme first behind a normalizer that takes off characters",
                PreTokenizer.supported
            )
        }
        model = try BytePairEncoding(root.required("model"))
        let tokens = try root.member("added_tokens")?.elements().map { try AddedToken($0) } ?? []
        added = try AddedVocabulary(
            tokens,
            vocabulary: model.vocabulary,
            normalizer: normalizer,
            file: root.file,
            key: "added_tokens"
        )
        decoder = try root.member("decoder").map { try Decoder($0) }
        postProcessor = PostProcessor(prefix: [], suffix: [])
        guard let node = try root.member("post_processor") else { return }
        postProcessor = try PostProcessor(node)
        for id in postProcessor.prefix + postProcessor.suffix where token(for: id) == nil {
            throw node.invalid(expected: "ids of the vocabulary", found: "\(id)")
        }
    }

    /// Refuses added tokens that are not as in the `tokenizer.json`.
    ///
    /// Transformers takes now these, now those, by the class of the tokenizer.
    private func checkAddedTokens(of root: JSONNode) throws {
        guard let node = try root.member("added_tokens_decoder") else { return }
        for (name, entry) in try node.children() {
            let token = try AddedToken(entry, id: Int(name) ?? -1)
            guard added.agrees(with: token, isNormalizing: normalizer != nil) else {
                throw entry.invalid(
                    expected: "the token and flags of added_tokens in tokenizer.json",
                    found: token.content.quoted
                )
            }
        }
    }

    /// Refuses an `add_prefix_space` that two of Transformers' classes heed.
    private func checkPrefixSpace(of root: JSONNode) throws {
        guard let flag = try root.member("add_prefix_space"), flag.value == .boolean(true),
            let name = try root.member("tokenizer_class")?.string(),
            name.hasPrefix("GPT2") || name.hasPrefix("Qwen2"),
            preTokenizer?.addsPrefixSpace != true
        else { return }
        throw flag.invalid(expected: "false, as the pre_tokenizer of tokenizer.json has it")
    }

    /// The id of the token that `key` names, as a string or as an object with a `content`.
    private func id(named key: String, in root: JSONNode) throws -> Int? {
        guard var node = try root.member(key) else { return nil }
        if case .object = node.value { node = try node.required("content") }
        guard let id = id(of: try node.string()) else {
            throw node.invalid(expected: "a token of the vocabulary")
        }
        return id
    }
}

extension BytePairEncoding {
    /// Reads the `model` stage.
    init(_ node: JSONNode) throws {
        let type = try node.member("type")?.string() ?? "BPE"
        guard type == "BPE" else { throw node.unsupported(type, ["BPE"]) }
        for option in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let affix = try node.member(option), try !affix.string().isEmpty else { continue }
            throw affix.unsupported(try affix.string(), ["\"\"", "null"])
        }
        if let dropout = try node.member("dropout") {
            switch dropout.value {
            case .integer(0): break
            case .number(let probability) where probability == 0: break
            default: throw dropout.invalid(expected: "0 or null")
            }
        }
        let vocabulary = try Self.readVocabulary(node.required("vocab"))
        let options = Options(
            unknownToken: try node.member("unk_token")?.string(),
            fusesUnknown: try node.member("fuse_unk")?.boolean() ?? false,
            fallsBackToBytes: try node.member("byte_fallback")?.boolean() ?? false,
            ignoresMerges: try node.member("ignore_merges")?.boolean() ?? false
        )
        if let unknown = options.unknownToken, vocabulary.id(of: Array(unknown.utf8)) == nil {
            throw try node.required("unk_token").invalid(expected: "a token of model.vocab")
        }
        self.init(
            vocabulary: vocabulary,
            merges: try Self.readMerges(node.required("merges"), vocabulary),
            options: options
        )
    }

    private static func readVocabulary(_ node: JSONNode) throws -> Vocabulary {
        let members = try node.members()
        var vocabulary = Vocabulary(capacity: members.count)
        for member in members {
            func invalid(_ expected: String, _ found: String? = nil) -> TokenizationError {
                .invalid(
                    file: node.file,
                    key: "\(node.key)[\(member.key.quoted)]",
                    expected: expected,
                    found: found ?? member.value.kind
                )
            }
            guard case .integer(let id) = member.value else { throw invalid("an integer id") }
            switch vocabulary.insert(member.key.utf8, id: id) {
            case nil: break
            case .duplicateToken: throw invalid("distinct tokens", "the token once more")
            case .duplicateID: throw invalid("an id of its own", "\(id), which another token has")
            case .hugeID: throw invalid("an id from 0 to \(Vocabulary.maximumID)")
            }
        }
        return vocabulary
    }

    private static func readMerges(_ node: JSONNode, _ vocabulary: Vocabulary) throws -> MergeTable
    {
        guard case .array(let elements) = node.value else {
            throw node.invalid(expected: "an array")
        }
        var merges = MergeBuilder(
            vocabulary: vocabulary,
            capacity: elements.count,
            file: node.file,
            key: node.key
        )
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let line):
                if line.hasPrefix("#version") { continue }
                try merges.append(line: line, index: index)
            case .array(let pair):
                guard pair.count == 2, case .string(let left) = pair[0],
                    case .string(let right) = pair[1]
                else { fallthrough }
                try merges.append(left.utf8, right.utf8, index: index)
            default:
                throw TokenizationError.invalid(
                    file: node.file,
                    key: "\(node.key)[\(index)]",
                    expected: "two tokens, as \"a b\" or [\"a\", \"b\"]",
                    found: element.kind
                )
            }
        }
        return merges.table
    }
}

/// Collects merges and checks that the vocabulary has their tokens.
struct MergeBuilder {
    private(set) var table: MergeTable
    private let vocabulary: Vocabulary
    private let file: String
    private let key: String
    private var buffer: [UInt8] = []

    init(vocabulary: Vocabulary, capacity: Int, file: String, key: String) {
        self.vocabulary = vocabulary
        self.file = file
        self.key = key
        table = MergeTable(capacity: capacity)
    }

    /// Adds the merge that is written "left right".
    mutating func append(line: String, index: Int) throws {
        let bytes = line.utf8
        guard let space = bytes.firstIndex(of: 0x20),
            !bytes[bytes.index(after: space)...].contains(0x20)
        else {
            throw TokenizationError.invalid(
                file: file,
                key: "\(key)[\(index)]",
                expected: "two tokens with one space between",
                found: line.quoted
            )
        }
        try append(bytes[..<space], bytes[bytes.index(after: space)...], index: index)
    }

    mutating func append(
        _ left: some Collection<UInt8>,
        _ right: some Collection<UInt8>,
        index: Int
    ) throws {
        buffer.removeAll(keepingCapacity: true)
        buffer.append(contentsOf: left)
        let middle = buffer.count
        buffer.append(contentsOf: right)
        table.append(
            try id(0..<middle, index: index),
            try id(middle..<buffer.count, index: index),
            result: try id(0..<buffer.count, index: index)
        )
    }

    private func id(_ range: Range<Int>, index: Int) throws -> Int32 {
        let id = vocabulary.id(of: buffer, range)
        guard id >= 0 else {
            throw TokenizationError.invalid(
                file: file,
                key: "\(key)[\(index)]",
                expected: "tokens of the vocabulary",
                found: String(decoding: buffer[range], as: UTF8.self).quoted
            )
        }
        return id
    }
}
