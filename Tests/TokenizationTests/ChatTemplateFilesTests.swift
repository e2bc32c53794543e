import ChatTemplates
import Foundation
import Testing

@testable import Tokenization

@Suite("The chat template of a model's folder")
struct ChatTemplateFilesTests {
    /// The template that a folder with these files has.
    private func template(settings: String?, file: String? = nil) throws -> ChatTemplateSource? {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokenizer = #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}"#
        let files = [
            "tokenizer.json": tokenizer, "tokenizer_config.json": settings,
            "chat_template.jinja": file,
        ]
        for (name, text) in files {
            try text.map { try Data($0.utf8).write(to: folder.appendingPathComponent(name)) }
        }
        return try Tokenizer(contentsOf: folder.appendingPathComponent("tokenizer.json"))
            .chatTemplate
    }

    @Test(
        "The file goes before the settings, of several the default is taken",
        arguments: [
            (nil, nil, nil),
            ("{}", nil, nil),
            (#"{"chat_template": null}"#, nil, nil),
            (#"{"chat_template": "x"}"#, nil, "x"),
            (#"{"chat_template": "x"}"#, "y", "y"),
            (nil, "y\n", "y\n"),
            (
                """
                {"chat_template": [{"name": "rag", "template": "r"},
                {"name": "default", "template": "d"}]}
                """, nil, "d"
            ),
            (#"{"chat_template": [{"name": "rag", "template": "r"}]}"#, nil, nil),
        ] as [(String?, String?, String?)]
    )
    func places(settings: String?, file: String?, expected: String?) throws {
        #expect(try template(settings: settings, file: file)?.text == expected)
    }

    @Test("Special tokens are texts, or objects with a content")
    func specialTokens() throws {
        let settings = """
            {"chat_template": "x", "bos_token": "a", "eos_token": {"content": "b"},
            "pad_token": null}
            """
        let tokens = try template(settings: settings)?.specialTokens
        #expect(tokens == ["bos_token": "a", "eos_token": "b"])
    }

    @Test("A template that is no text is refused by key")
    func wrongType() {
        let error = #expect(throws: (any Error).self) {
            try template(settings: #"{"chat_template": 1}"#)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("chat_template: expected a string"))
    }
}
