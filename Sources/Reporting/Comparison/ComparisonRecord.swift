import Files
import Foundation
import JSON
import Metrics

/// What the folder of a comparison says: methods, on tasks, with seeds.
///
/// `results.json` is read at once, the predictions it names when they are asked for.
public struct ComparisonRecord: Sendable {
    /// The folder.
    public let folder: URL
    /// All elements of `results.json`, in its order.
    public let results: [MethodResult]

    /// Whether a folder holds a comparison.
    public static func isComparison(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: file(in: folder).path)
    }

    /// Reads `results.json`.
    ///
    /// - Parameter folder: The comparison's folder.
    /// - Throws: `JSONError`, one sentence with file, key, expected and found, where the file
    ///   cannot be read, is empty, or has the same task, method and seed twice; `FileError` where
    ///   it is a link out of the folder or too large.
    public init(folder: URL) throws {
        self.folder = folder
        let file = Self.file(in: folder)
        // What a value takes in memory is many times its text.
        _ = try OwnFolder(folder).file(file, limit: 1 << 26)
        let root = try JSONNode(contentsOf: file)
        let elements = try root.elements()
        guard !elements.isEmpty else { throw root.invalid(expected: "results", found: "none") }
        var seen: Set<[String]> = []
        results = try elements.map { element in
            let result = try MethodResult(element)
            let name = [result.task, result.method, "seed \(result.seed)"]
            guard seen.insert(name).inserted else {
                throw element.invalid(
                    expected: "another task, method or seed than before",
                    found: name.joined(separator: ", ") + " once more"
                )
            }
            return result
        }
    }

    /// Tasks in the order of the file.
    public var tasks: [String] { distinct(results.map(\.task)) }

    /// Methods of a task in the order of tables.
    public func methods(of task: String) -> [String] {
        ComparisonMethod.sorted(results.filter { $0.task == task }.map(\.method))
    }

    /// Results of a method on a task, by seed.
    public func results(of method: String, on task: String) -> [MethodResult] {
        results.filter { $0.task == task && $0.method == method }.sorted { $0.seed < $1.seed }
    }

    /// The predictions behind a result.
    ///
    /// - Throws: `JSONLinesError` where the file cannot be read, `FileError` where it lies outside
    ///   of the folder, ``ReportError`` where it has another number of examples than the result
    ///   says or one of them has no label.
    public func predictions(of result: MethodResult) throws -> [Prediction] {
        try predictions(result.predictions, count: result.examples)
    }

    /// The predictions behind the metrics on another task; nil where it has none, or old results do
    /// not name them.
    ///
    /// - Throws: What ``predictions(of:)`` throws.
    func predictions(of shift: MethodResult.Shift) throws -> [Prediction]? {
        guard shift.metrics != nil, let path = shift.predictions else { return nil }
        return try predictions(path, count: shift.examples)
    }

    private func predictions(_ path: String, count: Int) throws -> [Prediction] {
        let file = folder.appendingPathComponent(path)
        _ = try OwnFolder(folder).file(path)
        let predictions = try [Prediction](contentsOf: file)
        guard predictions.count == count else {
            throw ReportError(
                description: "\(file.path): expected \(count) predictions, as results.json says, "
                    + "found \(predictions.count)"
            )
        }
        if let unlabelled = predictions.first(where: { $0.label == nil }) {
            throw ReportError(
                description: "\(file.path): label: expected one for every example, found none "
                    + "for \(unlabelled.id.quoted)"
            )
        }
        return predictions
    }

    /// A file in the run folder of a method; nil where there is none.
    ///
    /// - Throws: `FileError` where it lies outside of the comparison's folder.
    func file(_ name: String, of method: String, on task: String, seed: Int) throws -> URL? {
        try OwnFolder(folder).file("\(task)/seed-\(seed)/\(method)/\(name)")
    }

    private static func file(in folder: URL) -> URL {
        folder.appendingPathComponent("results.json")
    }
}

extension ReportError {
    /// A folder that holds neither a run nor a comparison.
    public static func nothing(toReportIn folder: URL) -> ReportError {
        ReportError(
            description: "\(folder.path): expected the folder of a run or of a comparison, found "
                + "neither recipe.yaml nor results.json in it"
        )
    }
}

/// The elements without repetitions, in order.
func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
}
