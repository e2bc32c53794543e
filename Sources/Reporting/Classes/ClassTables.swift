import Files
import JSON
import Metrics
import RunFiles

/// What a report says answer by answer, as tables.
public struct ClassTables: Sendable {
    /// Rows of the table of answers, at most; ``csv`` has all.
    static let shownClasses = 30
    /// Rows of the table of confusions, at most.
    static let shownConfusions = 10

    /// The answers, the worst first: as many as are shown.
    public let classes: DataTable
    /// The most frequent confusions.
    public let confusions: DataTable
    /// Number of answers.
    public let classCount: Int
    /// All answers as CSV, the worst first, with lines of CRLF as RFC 4180 has it.
    public let csv: String

    /// Whether ``csv`` has answers that ``classes`` has not.
    public var isCut: Bool { classCount > Self.shownClasses }

    /// The tables of a test part; nil without one, or where its rows do not share their answers.
    ///
    /// - Throws: `MetricError` where a prediction cannot be scored.
    public init?(_ test: [Prediction], _ texts: PartTexts?) throws {
        guard !test.isEmpty, let names = texts?.answers, let report = try ClassReport(test),
            report.classes.count == names.count
        else { return nil }
        classCount = names.count
        classes = DataTable(
            ["answer", "rows", "answered", "precision", "recall", "F1", "too sure by"],
            report.classes.prefix(Self.shownClasses).map { row in
                [names[row.answer], "\(row.support)", "\(row.answered)"]
                    + [row.precision, row.recall, row.f1, row.overconfidence].map {
                        $0?.text(2) ?? "–"
                    }
            }
        )
        confusions = DataTable(
            ["right answer", "answered", "rows"],
            report.confusions.prefix(Self.shownConfusions).map { pair in
                [names[pair.label], names[pair.answer], "\(pair.count)"]
            }
        )
        let lines = report.classes.map { row in
            ([names[row.answer].inCSV, "\(row.support)", "\(row.answered)"]
                + [row.precision, row.recall, row.f1, row.overconfidence].map {
                    $0.map { "\($0)" } ?? ""
                })
                .joined(separator: ",")
        }
        csv = (["answer,support,answered,precision,recall,f1,overconfidence"] + lines)
            .map { $0 + "\r\n" }.joined()
    }
}

extension ClassTables {
    /// The tables of a run's test part, from its files.
    ///
    /// - Throws: an error that names the file where one cannot be used.
    public init?(_ run: RunFolder) throws {
        let folder = OwnFolder(run.url)
        guard let texts = try folder.file(run.texts),
            let test = try folder.file(run.predictions("test"))
        else { return nil }
        try self.init(
            [Prediction](contentsOf: test),
            JSONFile.read(PartTexts.self, from: texts)
        )
    }
}
