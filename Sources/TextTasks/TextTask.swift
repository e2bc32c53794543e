import Foundation
import JSON

/// A task: one of the paper's six data sets, or the user's own data.
///
/// | data | train | validation | test |
/// | --- | --- | --- | --- |
/// | arc-easy, arc-challenge, openbookqa | train file | dev file | test file |
/// | winogrande-s, winogrande-m, boolq | rest of the train file | share of it | dev file |
/// | a folder of the user's | train | validation | test |
/// | a folder without validation | rest of train | share of it | test |
/// | a single file of the user's | 80% | 10% | 10% |
///
/// A part of a folder of the user's is `train.jsonl`, a table `train.csv`, or `train/LABEL/*.txt`;
/// the validation part may be called valid, val, eval, dev or development, too. The share is a
/// tenth, at most 1000 rows, chosen by the seed; twin sentences of WinoGrande stay together. The
/// published test parts of WinoGrande and BoolQ have no labels. Lines may be in the official layout
/// or in the Hugging Face one; the user's own are in one of these forms:
///
///     {"prompt": "The sky is", "choices": ["blue", "green"], "label": 0}
///     {"question": "What is the sky?", "choices": ["blue", "green"], "answer": "A"}
///     {"text": "Where is my card?", "label": "card_arrival"}
///     {"state": "Where is my card?", "questions": {"urgent": {"type": "noul", ...}}}
///
/// Texts choose between the labels that the train part's file has.
public struct TextTask: Sendable {
    /// The names of the published data sets.
    public static let names = PublishedDataSet.all.map(\.name)

    private enum Source {
        case folder(URL, FileLayout)
        case file(URL)
    }

    /// The data set's name, or the path's last component.
    public let name: String
    private let source: Source
    private let rows: any ExampleRow.Type
    private let style: PromptStyle

    /// Finds a task's data.
    ///
    /// - Parameters:
    ///   - task: a name of ``names`` (which goes before a path of that name), a folder or a file.
    ///   - folder: the folder of this named data set's files. Without it, the data set's folder
    ///     (arc-easy, arc-challenge, openbookqa, winogrande, boolq) below the one that
    ///     `VARLORA_DATA` names.
    ///   - style: How rows of one's own become prompts; published data sets have the paper's.
    ///   - environment: the process's environment.
    ///
    /// - Throws: ``TextTaskError`` if there is no such task, its folder is not there, or a
    ///   published data set is to have other prompts than the paper's.
    public init(
        _ task: String,
        folder: URL? = nil,
        style: PromptStyle = PromptStyle(),
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.style = style
        if let set = PublishedDataSet.all.first(where: { $0.name == task }) {
            guard style == PromptStyle() else { throw TextTaskError.styleOfPublished(task: task) }
            let folder = try Self.folder(of: set, given: folder, environment: environment)
            name = set.name
            source = .folder(folder, set.layout)
            rows = set.rows
            return
        }
        let url = URL(fileURLWithPath: task)
        let kind =
            try? FileManager.default.attributesOfItem(
                atPath: url.resolvingSymlinksInPath().path
            )[.type] as? FileAttributeType
        guard let kind, !task.isEmpty else { throw TextTaskError.unknownTask(task) }
        if folder != nil { throw TextTaskError.folderForPath(task: task) }
        name = url.lastPathComponent
        source = kind == .typeDirectory ? .folder(url, Self.userLayout) : .file(url)
        rows = UserRow.self
    }

    /// Whether a file or folder is where a part of the task is, or would be looked for.
    public func hasPart(at url: URL) -> Bool {
        func path(_ url: URL) -> String {
            url.standardizedFileURL.resolvingSymlinksInPath().path
        }
        switch source {
        case .file(let file): return path(file) == path(url)
        case .folder(let folder, let layout):
            let names = PartFiles(folder: folder, layout: layout).names
            return names.contains { path(folder.appendingPathComponent($0)) == path(url) }
        }
    }

    /// Names of the files of one's own data folder that are no part of the data.
    var strangers: [String] {
        guard case .folder(let folder, let layout) = source, rows == UserRow.self else { return [] }
        return PartFiles(folder: folder, layout: layout).strangers
    }

    private static let userLayout = FileLayout(
        train: files("train"),
        validation: .fileOrSplitOff(
            ["validation", "valid", "val", "eval", "dev", "development"].flatMap(files)
        ),
        test: files("test")
    )

    /// What may hold a part of one's own data.
    private static func files(_ part: String) -> [String] {
        ["\(part).jsonl", "\(part).csv", "\(part)/"]
    }

    private static func folder(
        of set: PublishedDataSet,
        given: URL?,
        environment: [String: String]
    ) throws -> URL {
        func failure(_ looked: String) -> TextTaskError {
            .noData(task: set.name, looked: looked, home: set.home)
        }
        let folder: URL
        if let given {
            folder = given
        } else if let all = environment["VARLORA_DATA"], !all.isEmpty {
            folder = URL(fileURLWithPath: all).appendingPathComponent(set.folder)
        } else {
            throw failure("(--data was not given and VARLORA_DATA is not set)")
        }
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw failure("at \(folder.path)")
        }
        return folder
    }

    /// Loads a part of the task, or its first `limit` rows.
    ///
    /// The same seed always gives the same parts. A row of several questions is an example each.
    ///
    /// With a limit no more of one's own file is parsed than is needed, so that faults in what
    /// follows are not found; of texts with labels, the train part's file is always read.
    ///
    /// Throws ``TextTaskError`` or `JSONLinesError` where a file is missing, ambiguous, empty or
    /// not readable, or a line is malformed or, with `requiringLabels`, has no label.
    public func load(
        _ part: Split,
        seed: UInt64,
        requiringLabels: Bool = true,
        limit: Int? = nil
    ) throws -> LoadedExamples {
        try load(
            part,
            from: location(of: part),
            RowSetting(style: style, labels: labelSet(orElse: nil)),
            requiringLabels: requiringLabels,
            seed: seed,
            limit: limit
        )
    }

    /// Loads what a model of another task is asked about, or its first `limit` rows: all rows of a
    /// file, or else the test part, labelled or not.
    ///
    /// Texts choose between `labels` where no train part of theirs has two; other labels do not
    /// count. Throws as ``load(_:seed:requiringLabels:limit:)`` does.
    public func loadForOthers(
        labels: [String]?,
        seed: UInt64,
        limit: Int? = nil
    ) throws -> LoadedExamples {
        var place = try location(of: .test)
        if case .file = source { place.shared = nil }
        return try load(
            .test,
            from: place,
            RowSetting(style: style, labels: labelSet(orElse: labels), labelUse: .ifKnown),
            requiringLabels: false,
            seed: seed,
            limit: limit
        )
    }

    private func load(
        _ part: Split,
        from place: (file: URL, shared: SharedFile?),
        _ setting: RowSetting,
        requiringLabels: Bool,
        seed: UInt64,
        limit: Int?
    ) throws -> LoadedExamples {
        let (file, shared) = place
        func parsed(only lines: some Sequence<Int>) throws -> ParsedFile {
            try ParsedFile(
                file,
                as: rows,
                setting,
                requiringLabels: requiringLabels,
                only: lines
            )
        }
        func share(_ groups: [String?]) throws -> [Int]? {
            try shared?.share(of: part, groups: groups, seed: seed, file: file.path)
        }
        if let limit, rows.standsAlone {
            if shared == nil { return try parsed(only: 0..<limit).loaded(isShare: false) }
            // Lines of a pipe could not be counted before they are read.
            let count = try RowSource.count(of: file) ?? 0
            if count > 0, let lines = try share([String?](repeating: nil, count: count)) {
                return try parsed(only: lines.prefix(limit)).loaded(isShare: true)
            }
        }
        let all = try parsed(only: 0...)
        let chosen = try share(all.rows.map(\.group))
        return all.loaded(chosen, isShare: shared != nil, limit: limit)
    }

    /// The labels that texts may have, in the order of their answers; nil for other rows.
    ///
    /// Throws as ``load(_:seed:requiringLabels:limit:)`` does.
    public func labels() throws -> [String]? { try labelSet(orElse: nil)?.names }

    /// The labels of the train part's file, or `others` where its texts have fewer than two or it
    /// is not there.
    private func labelSet(orElse others: [String]?) throws -> LabelSet? {
        guard rows == UserRow.self else { return nil }
        guard let train = try? location(of: .train).file else {
            return try others.map { try LabelSet($0, source: "the trained task", style) }
        }
        return try LabelSet(of: train, orElse: others, style)
    }

    /// The file of a part, and how it is divided where it serves several.
    private func location(of part: Split) throws -> (file: URL, shared: SharedFile?) {
        switch source {
        case .file(let file): return (file, .single)
        case .folder(let folder, let layout):
            let location = try PartFiles(folder: folder, layout: layout).location(of: part)
            return (location.file, location.isShare ? .train : nil)
        }
    }

    /// Loads all rows of any one file for prediction, labelled or not; the data set itself is not
    /// needed.
    ///
    /// Lines are in the format of the named task, or else in that of the user's own rows.
    /// `labels` are those that texts may have, as ``labels()`` gives them; with `ignoringLabels`
    /// the texts' own may be others.
    ///
    /// Throws as ``load(_:seed:requiringLabels:limit:)`` does.
    public static func load(
        file: URL,
        task: String,
        style: PromptStyle = PromptStyle(),
        labels: [String]? = nil,
        ignoringLabels: Bool = false
    ) throws -> LoadedExamples {
        let setting = RowSetting(
            style: style,
            labels: try labels.map { try LabelSet($0, source: "the run", style) },
            labelUse: ignoringLabels ? .ignored : .checked
        )
        func parsed(_ rows: any ExampleRow.Type) throws -> LoadedExamples {
            try ParsedFile(file, as: rows, setting, requiringLabels: false).loaded(isShare: false)
        }
        guard let set = PublishedDataSet.all.first(where: { $0.name == task }) else {
            return try parsed(UserRow.self)
        }
        do {
            return try parsed(set.rows)
        } catch {
            guard let own = try? parsed(UserRow.self) else { throw error }
            return own
        }
    }
}
