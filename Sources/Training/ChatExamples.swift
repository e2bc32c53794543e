import ChatTemplates
import TextTasks
import Tokenization

extension Recipe {
    /// Examples as the model is asked them: as they are, or with `chat` each prompt as the user's
    /// message of a conversation in the model's chat template.
    ///
    /// - Throws: ``TrainingError/noChatTemplate(model:)``, or `ChatTemplateError` where the
    ///   template is faulty or refuses a prompt.
    package func asked(_ examples: [Example], _ tokenizer: Tokenizer) throws -> [Example] {
        guard chat else { return examples }
        guard let source = tokenizer.chatTemplate else {
            throw TrainingError.noChatTemplate(model: model)
        }
        let frame = try ChatFrame(source)
        return try examples.map { try $0.asked(in: frame) }
    }
}

extension Example {
    /// The example with its prompt in a conversation.
    ///
    /// The answers follow what the template writes before the model's words, so that the space
    /// before an answer, which belongs behind a prompt of plain text, gives way to the template's.
    fileprivate func asked(in frame: ChatFrame) throws -> Example {
        func asked(_ wording: Wording) throws -> (wording: Wording, frame: Frame) {
            let prompt = try frame.prompt(wording.prompt)
            let answers = wording.answers.map { answer in
                frame.answerSpace + (answer.hasPrefix(" ") ? String(answer.dropFirst()) : answer)
            }
            return (
                Wording(prompt: prompt.text, answers: answers),
                Frame(before: prompt.before, after: prompt.after)
            )
        }
        var example = self
        let first = try asked(Wording(prompt: prompt, answers: answers))
        (example.prompt, example.answers) = (first.wording.prompt, first.wording.answers)
        example.frame = first.frame
        example.otherOrders = try otherOrders.map { try asked($0).wording }
        return example
    }
}
