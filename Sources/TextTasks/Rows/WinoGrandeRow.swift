/// A sentence of WinoGrande 1.1 with two options for its gap; the Hugging Face layout lacks `qID`.
///
///     {"qID": "..-1", "sentence": "..", "option1": "..", "option2": "..", "answer": "1"}
struct WinoGrandeRow: PublishedRow {
    private let qID: String?
    private let sentence: String
    private let option1: String
    private let option2: String
    private let answer: String?

    func row(at place: RowPlace, _ style: PromptStyle) throws -> ParsedRow? {
        for (name, text) in [("option1", option1), ("option2", option2)] where text.isEmpty {
            throw place.failure("\(quoted(name)) is empty")
        }
        var label: Int?
        // The Hugging Face layout writes "" where the answer is withheld.
        if let answer, !answer.isEmpty {
            guard let index = ["1", "2"].firstIndex(of: answer) else {
                throw place.failure("\"answer\" is \(quoted(answer)) and should be \"1\" or \"2\"")
            }
            label = index
        }
        let orders = OptionOrders.orders(of: [option1, option2], count: style.orders).map {
            let options = $0.map { [option1, option2][$0] }
            return Example.Wording(
                prompt: Prompts.winoGrande(
                    sentence: sentence,
                    option1: options[0],
                    option2: options[1]
                ),
                answers: OptionOrders.marks([" A", " B"], in: $0)
            )
        }
        let example = Example(
            id: qID ?? place.id,
            source: place.source,
            orders: orders,
            names: ["A", "B"],
            label: label
        )
        return ParsedRow(examples: [example], group: group)
    }

    /// What a sentence shares with its twin, in which the other option is right.
    ///
    /// Twins have the same `qID` but for its ending, -1 or -2, and the same options; the options
    /// alone keep more sentences together than needed, but all twins.
    private var group: String {
        if let qID, qID.hasSuffix("-1") || qID.hasSuffix("-2") { return String(qID.dropLast(2)) }
        return qID ?? [option1, option2].sorted().joined(separator: "\n")
    }
}
