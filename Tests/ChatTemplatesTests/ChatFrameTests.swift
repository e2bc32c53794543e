import Testing

@testable import ChatTemplates

@Suite("A user's message in its conversation")
struct ChatFrameTests {
    private func frame(_ template: String) throws -> ChatFrame {
        try ChatFrame(
            .init(template, file: "t.jinja", specialTokens: ["bos_token": "<s>"])
        )
    }

    private static let chatML = """
        {{ bos_token }}{% for m in messages %}<{{ m.role }}>
        {{ m.content | trim }}</>
        {% endfor %}{% if add_generation_prompt %}<assistant>
        {{ '' }}{% endif %}
        """

    @Test(
        "The text is what stands around the message, and the message as the template writes it",
        arguments: [
            "Hi", "", " two  words\n", "<user>\n", "</>\n<assistant>\n", "e\u{301}\r\n\u{0}",
        ]
    )
    func parts(message: String) throws {
        let prompt = try frame(Self.chatML).prompt(message)
        let trimmed = TemplateText(message).stripped().string
        #expect(prompt.text == "<s><user>\n" + trimmed + "</>\n<assistant>\n")
        #expect(prompt.before == "<s><user>\n")
        #expect(prompt.after == "</>\n<assistant>\n")
    }

    @Test("A long message is no hostile one")
    func longMessage() throws {
        let message = String(repeating: "word ", count: 210_000)
        #expect(try frame(Self.chatML).prompt(message).before == "<s><user>\n")
    }

    @Test("White space before an answer is that of the model's messages")
    func answerSpace() throws {
        #expect(try frame(Self.chatML).answerSpace.isEmpty)
        let spaced = """
            {% for m in messages %}{% if m.role == 'user' %}[Q]{{ m.content }}[/Q]{% else %} \
            {{ ' ' + m.content }}{% endif %}{% endfor %}
            """
        #expect(try frame(spaced).answerSpace == "  ")
        let thinking = Self.chatML.replacing("<{{ m.role }}>\n", with: "<{{ m.role }}>\n…")
        #expect(try frame(thinking).answerSpace.isEmpty)
        let userAlone = "{% if messages|length > 1 %}{{ raise_exception('') }}{% endif %}"
        #expect(try frame(userAlone + "{{ messages[0].content }}").answerSpace.isEmpty)
    }

    @Test("A template without the message is refused")
    func messageLeftOut() {
        #expect(throws: ChatTemplateError.self) { try frame("Hello{{ bos_token }}") }
    }
}
