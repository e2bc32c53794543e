/// The prompts of the paper's published code, to the letter (arXiv 2411.04421).
enum Prompts {
    /// The letters that stand for answers, as many as there can be lettered choices.
    static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map {
        String(UnicodeScalar($0))
    }

    private static let instruction =
        "Select one of the choices that answers the following question:"

    /// A question with lettered choices: ARC, OpenBookQA and lettered user data.
    static func multipleChoice(question: String, choices: [String]) -> String {
        let list = zip(letters, choices).map { "\($0). \(sentence($1))" }.joined(separator: " ")
        return "\(instruction) \(question) Choices: \(list) Answer:"
    }

    /// The same with its choices listed in an order, in which of them stands at each place, and the
    /// letters that answer.
    static func multipleChoice(
        question: String,
        choices: [String],
        in order: [Int]
    ) -> Example.Wording {
        Example.Wording(
            prompt: multipleChoice(question: question, choices: order.map { choices[$0] }),
            answers: OptionOrders.marks(letters, in: order).map { " \($0)" }
        )
    }

    /// A WinoGrande sentence; the dot missing after B is part of the protocol.
    static func winoGrande(sentence: String, option1: String, option2: String) -> String {
        "\(instruction) \(sentence) Choices: A. \(option1). B \(option2). Answer:"
    }

    /// A BoolQ question; that nothing follows the passage is part of the protocol.
    static func boolQ(question: String, passage: String) -> String {
        "Answer the question with only True or False: \(question) Context: \(passage)"
    }

    /// The text with a capital first letter and a final dot, the latter also after "?" and "!".
    private static func sentence(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.first else { return text }
        let capitalised =
            first.properties.uppercaseMapping + String(scalars.dropFirst())
        return scalars.last == "." ? capitalised : capitalised + "."
    }
}
