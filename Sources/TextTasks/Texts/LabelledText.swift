import JSON

/// A text and the label that it has, which is one of those of the train part.
///
///     {"id": "t1", "text": "Where is my card?", "label": "card_arrival"}
///
/// `sentence` is another name of `text`, and `category` of `label`. A label is a string or a whole
/// number; one that is missing, null or empty is not known.
struct LabelledText: Equatable {
    static let textKeys = ["text", "sentence"]
    static let labelKeys = ["label", "category"]

    let id: String
    let text: String
    private(set) var label: String?
    let place: RowPlace

    /// The text alone.
    var unlabelled: LabelledText {
        var text = self
        text.label = nil
        return text
    }

    /// A text from its parts; an empty one is refused.
    init(id: String? = nil, text: String, label: String?, at place: RowPlace) throws {
        if text.isEmpty { throw place.failure("the text is empty") }
        self.id = id ?? place.id
        self.text = text
        self.label = label?.isEmpty == true ? nil : label
        self.place = place
    }

    /// A line as a text; nil where it has another layout.
    ///
    /// Throws `JSONError` or ``TextTaskError`` where its values cannot be used.
    init?(_ line: JSONNode, at place: RowPlace) throws {
        let keys = try Set(line.members().map(\.key))
        guard !keys.isDisjoint(with: Self.textKeys),
            keys.isDisjoint(with: ["prompt", "question", "questions", "choices"]),
            RowLayout.of(line) == nil
        else { return nil }
        guard let text = try Self.only(Self.textKeys, of: line, at: place) else {
            throw place.failure("the text is missing")
        }
        let label = try Self.only(Self.labelKeys, of: line, at: place)
        try self.init(
            id: try place.id(of: line),
            text: try text.string(),
            label: try label.map(Self.name),
            at: place
        )
    }

    private static func name(_ label: JSONNode) throws -> String {
        switch label.value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        default: throw label.invalid(expected: "a string or a whole number")
        }
    }

    /// The value of one of some keys, which must not be there together.
    private static func only(
        _ keys: [String],
        of line: JSONNode,
        at place: RowPlace
    ) throws -> JSONNode? {
        let found = try keys.compactMap { try line.member($0) }
        guard found.count < 2 else {
            let names = keys.map(quoted).joined(separator: " or ")
            throw place.failure("a line should have \(names) and has both")
        }
        return found.first
    }
}

extension LabelledText {
    /// The texts of a table whose header names the columns; others than these and `id` are not
    /// looked at.
    ///
    /// Throws ``TextTaskError`` where columns are missing or twice there, or a text is empty.
    static func rows(of table: CSVTable, path: String, fileName: String) throws -> [LabelledText] {
        func place(_ record: CSVTable.Record) -> RowPlace {
            RowPlace(path: path, fileName: fileName, line: record.line)
        }
        func column(_ names: [String]) throws -> Int? {
            let found = table.header.fields.indices.filter {
                names.contains(table.header.fields[$0])
            }
            guard found.count < 2 else {
                throw place(table.header).failure(
                    "the header should have one of \(list(names)) and has "
                        + list(found.map { table.header.fields[$0] })
                )
            }
            return found.first
        }
        guard let text = try column(textKeys) else {
            throw place(table.header).failure(
                "expected a header with \"text\" or \"sentence\", and \"label\" or \"category\", "
                    + "found \(list(table.header.fields.map(\.quoted)))"
            )
        }
        let (label, id) = (try column(labelKeys), try column(["id"]))
        return try table.records.map { record in
            try LabelledText(
                id: id.map { record.fields[$0] },
                text: record.fields[text],
                label: label.map { record.fields[$0] },
                at: place(record)
            )
        }
    }
}
