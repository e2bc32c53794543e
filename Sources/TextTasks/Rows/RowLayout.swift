import JSON

/// Layouts of rows that other tools and data sets have: recognised, and explained, but not read.
struct RowLayout: Equatable {
    /// What has this layout.
    let name: String
    /// Keys that rows of it have.
    let keys: [String]
    /// What to write instead, as a clause.
    let advice: String

    /// The first layout that a line has; nil if it has none of them, or the keys of one's own rows.
    static func of(_ line: JSONNode) -> RowLayout? {
        guard let keys = try? Set(line.members().map(\.key)) else { return nil }
        return all.first {
            keys.isSuperset(of: $0.keys)
                && ($0.keys.contains("choices") || !keys.contains("choices"))
        }
    }

    /// How a line of one's own looks.
    static let own =
        #"{"prompt", "choices", "label"}, {"question", "choices", "answer"}, {"text", "label"} or "#
        + #"{"state", "questions", "targets"}"#

    /// Layouts by their keys; those that others are part of go first.
    static let all: [RowLayout] = [
        RowLayout("ARC", ["choices", "answerKey"], arc),
        RowLayout("ARC", ["answerKey"], arc),
        RowLayout(
            "MMLU",
            ["question", "choices", "answer", "subject"],
            #"there "answer" counts from 0: write it as a letter, "A" for 0"#
        ),
        RowLayout("HellaSwag", ["ctx", "endings"], lettered("ctx", #""endings""#)),
        RowLayout("SWAG", ["startphrase", "ending0"], lettered("startphrase", "the endings")),
        RowLayout("PIQA", ["goal", "sol1", "sol2"], lettered("goal", #""sol1" and "sol2""#)),
        RowLayout(
            "WinoGrande",
            ["sentence", "option1", "option2"],
            "give it as --task winogrande-s (or -m) --data FOLDER"
        ),
        RowLayout(
            "BoolQ",
            ["question", "passage", "answer"],
            "give it as --task boolq --data FOLDER"
        ),
        RowLayout(
            "COPA",
            ["premise", "choice1", "choice2"],
            lettered("premise", #""choice1" and "choice2""#)
        ),
        RowLayout(
            "Social IQa",
            ["context", "question", "answerA"],
            lettered("question", "the three answers")
        ),
        RowLayout(
            "SciQ",
            ["question", "correct_answer", "distractor1"],
            lettered("question", "the right and the wrong answers, in any order,")
        ),
        RowLayout("RACE", ["article", "question", "options"], lettered("question", #""options""#)),
        RowLayout(
            "a question with options",
            ["question", "options"],
            lettered("question", #""options""#)
        ),
        RowLayout(
            "SQuAD",
            ["context", "question", "answers"],
            #"answers are chosen here and not written: write {"question", "choices", "answer"}"#
        ),
        RowLayout(
            "a question with a free answer",
            ["question", "answer"],
            #"answers are chosen here and not written: add "choices", and "answer" as a letter"#
        ),
        RowLayout("a conversation", ["messages"], conversation),
        RowLayout("a conversation", ["conversations"], conversation),
        RowLayout(
            "a pair of a better and a worse answer",
            ["chosen", "rejected"],
            #"write both as "choices" of a "prompt", and "label" for the better one's place"#
        ),
        RowLayout("an instruction with its output", ["instruction", "output"], completion),
        RowLayout("a prompt with its completion", ["prompt", "completion"], completion),
        RowLayout("a prompt with its response", ["prompt", "response"], completion),
        RowLayout("a pair of sentences", ["premise", "hypothesis"], pair),
        RowLayout("a pair of sentences", ["sentence1", "sentence2"], pair),
    ]

    private init(_ name: String, _ keys: [String], _ advice: String) {
        (self.name, self.keys, self.advice) = (name, keys, advice)
    }

    private static let arc =
        #"give it as --task arc-easy (arc-challenge, openbookqa) --data FOLDER, or write the "#
        + #"choices' texts as "choices" and the right one's letter as "answer""#
    private static let conversation =
        #"write what goes before the last message as "prompt", and as "choices" the messages that "#
        + #"may be the last, with "label" for the right one's place"#
    private static let completion =
        #"write {"prompt", "choices", "label"}: "choices" are all texts that may follow the "#
        + #"prompt, "label" is the right one's place from 0"#
    private static let pair =
        #"write both in one "prompt", the names of all labels as "choices", and "label""#

    private static func lettered(_ question: String, _ choices: String) -> String {
        #"write "\#(question)" as "question", \#(choices) as "choices", and the right one's "#
            + #"letter as "answer""#
    }
}
