import ChatTemplates
import Foundation
import TestSupport
import Testing
import TextTasks

@testable import Training

@Suite("Prompts in the model's chat template")
struct ChatTests {
    private static let template = """
        <|im_start|>{% for m in messages %}{{ m.role }}
        {{ m.content }}<|im_end|>
        {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
        {{ '' }}{% endif %}
        """

    private func write(_ template: String, for tiny: TinyRun) throws {
        try Data(template.utf8)
            .write(to: tiny.task.model.appendingPathComponent("chat_template.jinja"))
    }

    @Test("A run trains on conversations and is asked in them, by its recipe alone")
    func run() throws {
        try withTinyRun { tiny in
            var tiny = tiny
            tiny.recipe.chat = true
            try write(Self.template, for: tiny)
            let model = try tiny.model()
            let data = try TrainingData(tiny.recipe, tokenizer: model.tokenizer)
            let example = try #require(data.train.examples.first)
            let text = try model.tokenizer.decode(example.tokens, skipSpecialTokens: false)
            #expect(text.hasPrefix("<|im_start|>user\n"))
            #expect(text.hasSuffix("<|im_end|>\n<|im_start|>assistant\n"))
            let answers = try example.answers.map { try model.tokenizer.decode($0) }
            #expect(answers.allSatisfy { !$0.hasPrefix(" ") }, "\(answers)")

            try tiny.train("chat")
            let saved = tiny.run("chat")
            #expect(try saved.readRecipe().chat)
            let trained = try TrainedRun(saved, model: tiny.model())
            let question = Example(prompt: "The day is good", choices: ["true", "false"])
            let asked = try trained.predict([question])
            tiny.recipe.chat = false
            let other = try TrainedRun(saved, recipe: tiny.recipe, model: tiny.model())
            let plain = try other.predict([question])
            #expect(asked[0].prediction.probabilities != plain[0].prediction.probabilities)
        }
    }

    @Test("A model without a template is refused")
    func noTemplate() throws {
        try withTinyRun { tiny in
            var tiny = tiny
            tiny.recipe.chat = true
            let tokenizer = try tiny.model().tokenizer
            #expect(throws: TrainingError.noChatTemplate(model: tiny.recipe.model)) {
                try TrainingData(tiny.recipe, tokenizer: tokenizer)
            }
        }
    }

    @Test("A broken template is found where it is used only")
    func brokenTemplate() throws {
        try withTinyRun { tiny in
            var tiny = tiny
            try write("{% if %}", for: tiny)
            let tokenizer = try tiny.model().tokenizer
            _ = try TrainingData(tiny.recipe, tokenizer: tokenizer)
            tiny.recipe.chat = true
            #expect(throws: ChatTemplateError.self) {
                try TrainingData(tiny.recipe, tokenizer: tokenizer)
            }
        }
    }
}
