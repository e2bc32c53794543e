import Foundation
import JSON
import Testing

@testable import ChatTemplates

@Suite("Templates make the texts that Transformers makes of them, or are refused where Jinja does")
struct GoldenTests {
    private func golden(_ name: String) throws -> JSONNode {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("References/Golden/ChatTemplates")
        return try JSONNode(contentsOf: folder.appendingPathComponent(name))
    }

    private func expect(
        _ template: String,
        _ variables: [String: TemplateValue],
        _ text: String?,
        _ comment: Comment
    ) {
        guard let text else {
            #expect(throws: ChatTemplateError.self, comment) {
                try ChatTemplate(.init(template, file: "t.jinja")).text(with: variables)
            }
            return
        }
        #expect(throws: Never.self, comment) {
            let made = try ChatTemplate(.init(template, file: "t.jinja")).text(with: variables)
            #expect(Array(made.utf8) == Array(text.utf8), comment)
        }
    }

    @Test("Every expression, filter, test, method and statement")
    func expressions() throws {
        let golden = try golden("expressions.json")
        let variables = try golden.required("variables").members()
            .map { ($0.key, TemplateValue($0.value)) }
        let cases = try golden.required("cases").elements()
        #expect(cases.count > 450)
        for example in cases {
            let template = try example.required("template").string()
            expect(
                template,
                Dictionary(uniqueKeysWithValues: variables),
                try example.member("text")?.string(),
                "\(template)"
            )
        }
    }

    @Test("Conversations in templates of each family's kind")
    func conversations() throws {
        let golden = try golden("conversations.json")
        let templates = try golden.required("templates")
        let conversations = try golden.required("conversations")
        let tools = TemplateValue(try golden.required("tools").value)
        for example in try golden.required("cases").elements() {
            let family = try example.required("family").string()
            let name = try example.required("conversation").string()
            let hasTools = try example.required("tools").boolean()
            let hasPrompt = try example.required("prompt").boolean()
            let messages = try conversations.required(name).value
            expect(
                try templates.required(family).string(),
                [
                    "messages": TemplateValue(messages),
                    "tools": hasTools ? tools : .none,
                    "documents": .none,
                    "add_generation_prompt": .boolean(hasPrompt),
                    "bos_token": .text("<s>"),
                    "eos_token": .text("</s>"),
                ],
                try example.member("text")?.string(),
                "\(family), \(name), tools \(hasTools), prompt \(hasPrompt)"
            )
        }
    }
}

extension TemplateValue {
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .float(value)
        case .string(let text): self = .text(text)
        case .array(let values): self = .list(values.map { TemplateValue($0) })
        case .object(let members):
            var dictionary = TemplateDictionary()
            for member in members { dictionary[.text(member.key)] = TemplateValue(member.value) }
            self = .dictionary(dictionary)
        }
    }
}
