import Foundation
import TextTasks

/// Files and numbers of `References/make_tasks.py`.
enum Golden {
    struct File: Decodable {
        var examples: [Row]
        var leftOut: Int
    }

    struct Row: Decodable, Equatable {
        var id: String
        var prompt: String
        var answers: [String]
        var label: Int?

        init(_ example: Example) {
            id = example.id
            prompt = example.prompt
            answers = example.answers
            label = example.label
        }
    }

    struct Hash: Decodable {
        var examples: Int
        var leftOut: Int
        var fnv1a: String
    }

    struct Tokens: Decodable {
        struct Encoded: Decodable {
            var id: String
            var tokens: [Int]
            var answers: [[Int]]
        }

        struct Sets: Decodable {
            var examples: [Encoded]
            var plain: [Encoded]
        }

        var plain: [Row]
        var tokenizers: [String: Sets]
    }

    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("References/Golden/Tasks")

    static func load<Value: Decodable>(_: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self,
            from: Data(contentsOf: folder.appendingPathComponent(name))
        )
    }

    /// The task whose format a golden file has, by the file's path below its layout's folder.
    static func taskName(of file: String) -> String {
        let set = String(file.prefix { $0 != "/" })
        return set == "winogrande"
            ? (file.hasSuffix("_m") ? "winogrande-m" : "winogrande-s") : set
    }
}

/// A folder that lasts as long as `body`, with the given files in it.
@discardableResult
func withFolder<Result>(
    _ files: [String: String],
    _ body: (URL) throws -> Result
) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("text-tasks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }
    return try body(folder)
}

/// The sentence of the error `body` throws; empty if it throws none.
func sentence(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return String(describing: error)
    }
}
