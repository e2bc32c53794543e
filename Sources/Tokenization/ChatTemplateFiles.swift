import ChatTemplates
import Files
import Foundation
import JSON
import TensorFiles

extension ChatTemplateSource {
    private static let tokenNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// The chat template of a model's folder: `chat_template.jinja` beside the tokenizer, or else
    /// the `chat_template` of `tokenizer_config.json`, of several the one named `default`; nil
    /// where there is none.
    ///
    /// Throws `FileError` or `JSONError` where it cannot be read.
    init?(beside tokenizer: URL, settings: JSONNode?) throws {
        let file = tokenizer.deletingLastPathComponent()
            .appendingPathComponent("chat_template.jinja")
        var tokens: [String: String] = [:]
        for name in Self.tokenNames {
            guard let node = try settings?.member(name) else { continue }
            if case .object = node.value {
                tokens[name] = try node.required("content").string()
            } else {
                tokens[name] = try node.string()
            }
        }
        if try FileSystem.exists(file) {
            let text = try RegularFile.readText(file)
            self.init(text, file: file.path, specialTokens: tokens)
        } else if let text = try settings.flatMap(Self.text(in:)) {
            self.init(text, file: settings?.file ?? "", specialTokens: tokens)
        } else {
            return nil
        }
    }

    private static func text(in settings: JSONNode) throws -> String? {
        guard let node = try settings.member("chat_template") else { return nil }
        guard case .array = node.value else { return try node.string() }
        let named = try node.elements().first {
            try $0.required("name").string() == "default"
        }
        return try named?.required("template").string()
    }

    /// The `tokenizer.chat_template` of a GGUF file; nil where there is none.
    ///
    /// Throws `TensorFileError` where it is no text.
    init?(_ file: GGUF, _ vocabulary: GGUFVocabulary) throws {
        guard let text = try file.stringIfPresent("tokenizer.chat_template") else { return nil }
        let ids = [
            "bos_token": vocabulary.beginningOfSequence, "eos_token": vocabulary.endOfSequence,
            "unk_token": vocabulary.unknown, "pad_token": vocabulary.padding,
        ]
        self.init(
            text,
            file: file.url.path,
            specialTokens: ids.compactMapValues { $0 }.mapValues { vocabulary.tokens[$0] }
        )
    }
}
