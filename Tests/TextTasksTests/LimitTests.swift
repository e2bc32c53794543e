import Foundation
import Testing

@testable import TextTasks

@Suite("The first examples of a part")
struct LimitTests {
    private static func rows(_ count: Int, from first: Int = 0) -> String {
        (first..<first + count).map {
            #"{"prompt":"Number \#($0) is","choices":["even","odd"],"label":\#($0 % 2)}"# + "\n"
        }
        .joined(separator: "\n\n")
    }

    @Test("They are those of the whole part, from a file for each, a shared one and a single one")
    func prefixes() throws {
        let folders: [[String: String]] = [
            ["train.jsonl": Self.rows(30), "test.jsonl": Self.rows(12, from: 50)],
            ["train.jsonl": Self.rows(9), "dev.jsonl": Self.rows(5), "test.jsonl": Self.rows(4)],
        ]
        for files in folders {
            try withFolder(files) { try expectPrefixes(of: TextTask($0.path)) }
        }
        try withFolder(["one.jsonl": Self.rows(57)]) { folder in
            try expectPrefixes(of: TextTask(folder.appendingPathComponent("one.jsonl").path))
        }
        let published = ["VARLORA_DATA": Golden.folder.path + "/official"]
        for name in ["arc-easy", "winogrande-s", "boolq"] {
            try expectPrefixes(of: TextTask(name, environment: published))
        }
    }

    private func expectPrefixes(of task: TextTask) throws {
        for part in Split.allCases {
            for seed in [1, 2] as [UInt64] {
                let all = try task.load(part, seed: seed)
                for limit in [1, 2, 3, 1000, Int.max] {
                    var expected = all
                    expected.examples = Array(all.examples.prefix(limit))
                    #expect(try task.load(part, seed: seed, limit: limit) == expected)
                }
            }
        }
    }

    @Test("No more of a file is read than they need: a fault behind them is not found")
    func readsNoFurther() throws {
        let files = ["train.jsonl": Self.rows(3), "test.jsonl": Self.rows(3) + "{\n"]
        try withFolder(files) { folder in
            let task = try TextTask(folder.path)
            #expect(try task.load(.test, seed: 1, limit: 3).examples.count == 3)
            for limit in [nil, 4] {
                #expect(sentence { _ = try task.load(.test, seed: 1, limit: limit) } != "")
            }
        }
        // Of a single file the lines of the part are read, the others counted.
        let lines = Self.rows(100).split(separator: "\n")
        try withFolder(["one.jsonl": lines.joined(separator: "\n")]) { folder in
            let file = folder.appendingPathComponent("one.jsonl")
            let first = try TextTask(file.path).load(.test, seed: 1, limit: 2)
            let needed = Set(first.examples.map(\.id))
            let spoiled = lines.enumerated().map { index, line in
                needed.contains("one.jsonl:\(index + 1)") ? String(line) : "{"
            }
            try Data(spoiled.joined(separator: "\n").utf8).write(to: file)
            #expect(try TextTask(file.path).load(.test, seed: 1, limit: 2) == first)
        }
    }
}
