import Foundation
import Testing

@testable import TextTasks

@Suite("Data looked over before training")
struct DataCheckTests {
    private func check(_ files: [String: String]) throws -> DataCheck {
        try withFolder(files) { DataCheck(try TextTask($0.path), seed: 1) }
    }

    @Test("Rows, labels, repetitions and contradictions of each part and across parts")
    func findings() throws {
        let found = try check([
            "train.csv": "text,label\na,x\nb,x\nc,y\na,x\na,y\n",
            "validation.csv": "text,label\na,y\nd,x\nd,\n",
            "test.csv": "text,label\nd,y\nc,y\nlonger,x\n",
        ])
        #expect(found.faults.isEmpty && found.parts.map(\.split) == Split.allCases)
        let (train, validation, test) = (found.parts[0], found.parts[1], found.parts[2])
        #expect(
            found.parts.map(\.rows) == [5, 3, 3] && found.parts.map(\.unlabelled) == [0, 1, 0]
        )
        #expect(train.labels.map(\.name) == ["x", "y"] && train.labels.map(\.count) == [3, 2])
        #expect(train.within.same == 1 && train.within.contrary == 1)
        #expect(train.within.firstContrary == ["train.csv:2", "train.csv:6"])
        #expect(validation.within.same == 1 && validation.within.contrary == 0)
        #expect(validation.across.map(\.split) == [.train])
        #expect(validation.across[0].repetition.contrary == 1)
        #expect(test.across.map(\.split) == [.train, .validation])
        #expect(test.across.map(\.repetition.same) == [1, 0])
        #expect(test.across.map(\.repetition.contrary) == [0, 1])
        #expect(test.longest.map(\.id) == ["test.csv:4", "test.csv:2", "test.csv:3"])
        #expect(test.longest[0].characters - test.longest[1].characters == "longer".count - 1)
        #expect(found.warnings.contains { $0.contains("are in the train part, too") })
    }

    @Test("Rows of several questions are counted once, and labels by question")
    func questions() throws {
        let rows = (0..<20).map {
            #"{"state": "\#($0)", "questions": {"q": {"type": "noul", "instructions": "?"}, "#
                + #""r": {"type": "score", "criteria": ["a", "b"]}}, "#
                + #""targets": {"q": \#($0 < 5), "r": 1}}"#
        }
        let found = try check(["train.jsonl": rows.joined(separator: "\n")])
        #expect(found.parts.map(\.split) == [.train, .validation])
        #expect(found.parts.map(\.rows) == [18, 2])
        #expect(found.parts.map(\.loaded.examples.count) == [36, 4])
        let all = found.parts.flatMap(\.labels)
        func count(_ name: String) -> Int {
            all.filter { $0.name == name }.map(\.count).reduce(0, +)
        }
        #expect(count("q: true") == 5 && count("q: false") == 15 && count("r: 1") == 20)
    }

    @Test("What cannot be read is said, once, and the other parts are looked at")
    func faults() throws {
        let found = try check([
            "train.jsonl": "{\n", "test.jsonl": #"{"prompt":"a","choices":["x","y"],"label":0}"#,
        ])
        #expect(found.parts.map(\.split) == [.test])
        #expect(found.faults.count == 1 && found.faults[0].contains("train.jsonl"))
    }
}
