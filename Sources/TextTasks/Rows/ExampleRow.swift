import JSON

/// A line of a data file in one of the formats that are read.
protocol ExampleRow: SendableMetatype {
    /// Whether every line is used, and none must stay together with others.
    static var standsAlone: Bool { get }

    /// What a line holds; nil if the protocol of the data set leaves it out.
    ///
    /// Throws `JSONError` or ``TextTaskError`` where the line's values cannot be used.
    static func row(
        _ line: JSONNode,
        at place: RowPlace,
        _ setting: RowSetting
    ) throws -> ParsedRow?
}

/// A line of a published data set, whose values are in its keys as they are.
protocol PublishedRow: ExampleRow, Decodable {
    /// What the line holds, as ``ExampleRow`` has it; prompts are those of the paper, of a style's
    /// orders.
    func row(at place: RowPlace, _ style: PromptStyle) throws -> ParsedRow?
}

extension PublishedRow {
    static var standsAlone: Bool { false }

    static func row(
        _ line: JSONNode,
        at place: RowPlace,
        _ setting: RowSetting
    ) throws -> ParsedRow? {
        try line.decode(Self.self).row(at: place, setting.style)
    }
}

/// The examples of a line, which are never separated, and what must not be separated from them.
struct ParsedRow: Equatable {
    /// One example, or one for each question of the line.
    var examples: [Example]
    /// Rows with the same group stay together when a file is split; nil for a group of one.
    var group: String?
}

/// What rows become examples by, besides what they hold.
struct RowSetting {
    var style: PromptStyle
    /// The labels that texts may have; nil where the train part has no texts.
    var labels: LabelSet?
    /// What becomes of the labels that texts have.
    var labelUse = LabelUse.checked

    /// What becomes of a label.
    enum LabelUse {
        /// It has to be one of those that texts may have.
        case checked
        /// It counts where it is one of those; others are as none.
        case ifKnown
        /// The text is taken as if it had none.
        case ignored
    }

    /// A text as an example.
    func row(_ text: LabelledText) throws -> ParsedRow {
        guard let labels else {
            throw text.place.failure(
                "a text needs labels to choose from, which are those of a train part of such texts"
            )
        }
        let counts =
            switch labelUse {
            case .checked: true
            case .ifKnown: text.label.map(labels.contains) ?? false
            case .ignored: false
            }
        return try labels.row(counts ? text : text.unlabelled)
    }
}

/// Where a row stands.
struct RowPlace: Equatable {
    /// The file's path.
    var path: String
    /// The file's name without folders, but with its label's in a folder of texts.
    var fileName: String
    /// The line, counted from 1; nil where the row is the file.
    var line: Int?

    private var suffix: String { line.map { ":\($0)" } ?? "" }
    /// The id of an example whose file gives none.
    var id: String { fileName + suffix }
    /// File and line, for messages.
    var source: String { path + suffix }

    /// The id that a line gives, a string or a whole number, or else its place.
    func id(of line: JSONNode) throws -> String {
        guard let id = try line.member("id") else { return self.id }
        switch id.value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        default: throw id.invalid(expected: "a string or a whole number")
        }
    }

    /// An error about this line; the reason is a clause.
    func failure(_ reason: String) -> TextTaskError {
        .row(source: source, reason: reason)
    }
}

/// The text in quotation marks, for messages.
func quoted(_ text: String) -> String { "\"\(text)\"" }
