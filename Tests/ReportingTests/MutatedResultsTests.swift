import Foundation
import Randomness
import Testing

@testable import Reporting

/// A comparison in a folder of a folder, beside which lies what nobody may read.
private struct Trap {
    let run: WrittenRun
    /// A good `results.json`.
    let results: Data

    init(in outer: WrittenRun) throws {
        run = WrittenRun(folder: outer.folder.appendingPathComponent("own"))
        let made = MadeComparison(
            tasks: ["films"],
            methods: ["map", "ivon"],
            seeds: [1, 2],
            examples: 8
        )
        try made.write(to: run)
        results = try Data(contentsOf: run.folder.appendingPathComponent("results.json"))
        let files = FileManager.default
        try files.copyItem(
            at: run.folder.appendingPathComponent("films"),
            to: outer.folder.appendingPathComponent("escape")
        )
        try outer.write("escape/seed-1/map/history.jsonl", "secret")
        try files.copyItem(
            at: run.folder.appendingPathComponent("films/seed-1/map/predictions/test.jsonl"),
            to: outer.folder.appendingPathComponent("outside.jsonl")
        )
        for (name, target) in [("link", "../outside.jsonl"), ("zero", "/dev/zero"), ("up", "..")] {
            let link = run.folder.appendingPathComponent(name).path
            try files.createSymbolicLink(atPath: link, withDestinationPath: target)
        }
        try #require(mkfifo(run.folder.appendingPathComponent("pipe").path, 0o600) == 0)
    }

    /// Values that would lead to what nobody may read or wait for.
    static let places = [
        "../outside.jsonl", "link", "zero", "pipe", "up/outside.jsonl", "films/../../outside.jsonl",
        "../escape", "up/escape", "films", ".",
    ]

    /// What the report says: nil for a page, or the sentence of the error.
    func report(_ bytes: Data) throws -> String? {
        try bytes.write(to: run.folder.appendingPathComponent("results.json"))
        do {
            let record = try run.comparison()
            let summary = try ComparisonSummary(record, resamples: 2)
            let report = try ComparisonReport(record, summary, name: "own")
            #expect(isWellFormed(report.html, root: "html"))
            #expect(report.figures.allSatisfy { isWellFormed($0.svg, root: "svg") })
            _ = try report.tables.files(summary)
            #expect(!record.results.map(\.predictions).contains(where: Self.places.contains))
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// Changes of a JSON file, the same for a seed.
private struct Mutation {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private let values: [Any] =
        Trap.places + ["", "\u{0}", "/", "inf", "nan", "&\u{301}<\u{202E}", "map", "tfb-tuned"]
        + [String(repeating: "long", count: 2000), 0, -1, 1, 2, 0.5, -0.0, -1e300, 1e308]
        + [Int.max, Int.min, true, NSNull(), [Any](), [String: Any](), [[[1]]]]

    private mutating func pick<Element>(_ list: [Element]) -> Element {
        list[random.next(below: list.count)]
    }

    /// The value with one part of it replaced, removed or there twice.
    private mutating func changed(_ value: Any) -> Any {
        let isHere = random.next(below: 4) == 0
        if var list = value as? [Any], !list.isEmpty, !isHere {
            let place = random.next(below: list.count)
            switch random.next(below: 8) {
            case 0: list.remove(at: place)
            case 1: list.append(list[place])
            default: list[place] = changed(list[place])
            }
            return list
        }
        if var object = value as? [String: Any], !object.isEmpty, !isHere {
            let key = pick(object.keys.sorted())
            switch random.next(below: 8) {
            case 0: object[key] = nil
            default: object[key] = object[key].map { changed($0) }
            }
            return object
        }
        return pick(values)
    }

    /// The file with one to three changes of values, or of bytes.
    mutating func callAsFunction(_ file: Data) throws -> Data {
        if random.next(below: 3) > 0 {
            var value = try JSONSerialization.jsonObject(with: file)
            for _ in 0...random.next(below: 3) { value = changed(value) }
            guard JSONSerialization.isValidJSONObject(value) else { return Data() }
            return try JSONSerialization.data(withJSONObject: value)
        }
        var bytes = Array(file)
        for _ in 0...random.next(below: 3) {
            let place = random.next(below: bytes.count)
            switch random.next(below: 4) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1:
                bytes.removeSubrange(place..<min(place + 1 + random.next(below: 9), bytes.count))
            case 2: bytes.insert(contentsOf: Array(repeating: pick(bytes), count: 9), at: place)
            default: bytes = Array(bytes.prefix(place + 1))
            }
        }
        return Data(bytes)
    }
}

@Suite("Reports of a broken results.json")
struct MutatedResultsTests {
    @Test(
        "Whatever it says, there is a page or one sentence, and nothing else is read",
        arguments: 0..<3
    )
    func mutations(_ part: UInt64) throws {
        try withRun { outer in
            let trap = try Trap(in: outer)
            #expect(try trap.report(trap.results) == nil)
            for number in 0..<40 {
                var mutation = Mutation(seed: part << 32 | UInt64(number))
                guard let sentence = try trap.report(mutation(trap.results)) else { continue }
                #expect(!sentence.isEmpty && !sentence.contains("\n"), "\(sentence)")
                #expect(!sentence.contains("history.jsonl:1"), "\(sentence)")
            }
        }
    }

    @Test("A place outside, a link to it, a pipe and a device are refused", arguments: Trap.places)
    func places(_ place: String) throws {
        try withRun { outer in
            let trap = try Trap(in: outer)
            let text = String(decoding: trap.results, as: UTF8.self)
            let file = "films\\/seed-1\\/map\\/predictions\\/test.jsonl"
            #expect(text.contains(file))
            let sentence = try #require(
                try trap.report(Data(text.replacing(file, with: place).utf8))
            )
            #expect(sentence.contains(place) && sentence.contains("cannot be read"), "\(sentence)")
        }
    }
}
