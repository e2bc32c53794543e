/// The files of a data set, one of the names given for each part.
struct FileLayout: Sendable {
    /// Where the validation part comes from.
    enum Validation {
        /// A file that must be there.
        case file([String])
        /// Split off the train file.
        case splitOff
        /// A file, or split off the train file if there is none.
        case fileOrSplitOff([String])
    }

    var train: [String]
    var validation: Validation
    var test: [String]
}

/// A published data set: names, files, format and home.
struct PublishedDataSet: Sendable {
    /// The task's name.
    var name: String
    /// The data set's folder below the folder of all data sets.
    var folder: String
    var layout: FileLayout
    var rows: any ExampleRow.Type
    /// Where the official files come from.
    var home: String

    static let all = [
        arc("arc-easy", officialName: "ARC-Easy"),
        arc("arc-challenge", officialName: "ARC-Challenge"),
        PublishedDataSet(
            name: "openbookqa",
            folder: "openbookqa",
            layout: FileLayout(
                train: ["train.jsonl"],
                validation: .file(["dev.jsonl", "validation.jsonl"]),
                test: ["test.jsonl"]
            ),
            rows: MultipleChoiceRow.self,
            home: "OpenBookQA (folder Data/Main), https://allenai.org/data/open-book-qa"
        ),
        winoGrande("winogrande-s", train: "train_s.jsonl"),
        winoGrande("winogrande-m", train: "train_m.jsonl"),
        PublishedDataSet(
            name: "boolq",
            folder: "boolq",
            layout: devAsTest(train: "train.jsonl"),
            rows: BoolQRow.self,
            home: "BoolQ, https://github.com/google-research-datasets/boolean-questions"
        ),
    ]

    private static func arc(_ name: String, officialName: String) -> PublishedDataSet {
        PublishedDataSet(
            name: name,
            folder: name,
            layout: FileLayout(
                train: ["train.jsonl", "\(officialName)-Train.jsonl"],
                validation: .file(["dev.jsonl", "validation.jsonl", "\(officialName)-Dev.jsonl"]),
                test: ["test.jsonl", "\(officialName)-Test.jsonl"]
            ),
            rows: MultipleChoiceRow.self,
            home: "the AI2 Reasoning Challenge (\(officialName)), https://allenai.org/data/arc"
        )
    }

    private static func winoGrande(_ name: String, train: String) -> PublishedDataSet {
        PublishedDataSet(
            name: name,
            folder: "winogrande",
            layout: devAsTest(train: train),
            rows: WinoGrandeRow.self,
            home: "WinoGrande 1.1, https://winogrande.allenai.org"
        )
    }

    /// The published test part has no labels, so dev is the test part and must not choose anything.
    private static func devAsTest(train: String) -> FileLayout {
        FileLayout(
            train: [train],
            validation: .splitOff,
            test: ["dev.jsonl", "validation.jsonl"]
        )
    }
}
