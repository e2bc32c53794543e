import JSON

/// A line of a data file in one of the formats that are read.
protocol ExampleRow: SendableMetatype {
    /// Whether every line is an example, and none must stay together with others.
    static var standsAlone: Bool { get }

    /// The example of a line; nil if the protocol of the data set leaves it out.
    ///
    /// Throws `JSONError` or ``TextTaskError`` where the line's values cannot be used.
    static func example(_ line: JSONNode, at place: RowPlace) throws -> ParsedExample?
}

/// A line of a published data set, whose values are in its keys as they are.
protocol PublishedRow: ExampleRow, Decodable {
    /// The line's example, as ``ExampleRow`` has it.
    func example(at place: RowPlace) throws -> ParsedExample?
}

extension PublishedRow {
    static var standsAlone: Bool { false }

    static func example(_ line: JSONNode, at place: RowPlace) throws -> ParsedExample? {
        try line.decode(Self.self).example(at: place)
    }
}

/// An example and what must not be separated from it.
struct ParsedExample: Equatable {
    var example: Example
    /// Examples with the same group stay together when a file is split; nil for a group of one.
    var group: String?
}

/// Where a line stands.
struct RowPlace {
    /// The file's path.
    var path: String
    /// The file's name without folders.
    var fileName: String
    /// The line, counted from 1.
    var line: Int

    /// The id of an example whose file gives none.
    var id: String { "\(fileName):\(line)" }
    /// File and line, for messages.
    var source: String { "\(path):\(line)" }

    /// An error about this line; the reason is a clause.
    func failure(_ reason: String) -> TextTaskError {
        .row(source: source, reason: reason)
    }
}

/// The text in quotation marks, for messages.
func quoted(_ text: String) -> String { "\"\(text)\"" }
