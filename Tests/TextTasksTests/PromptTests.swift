import Foundation
import Testing

@testable import TextTasks

@Suite("Prompts of the published data sets")
struct PromptTests {
    private let golden: [String: Golden.File]

    init() throws {
        golden = try Golden.load([String: Golden.File].self, "examples.json")
    }

    @Test("Official lines give the reference's ids, prompts, answers and labels")
    func official() throws {
        #expect(golden.count == 14)
        for (name, expected) in golden {
            let file = Golden.folder.appendingPathComponent("official/\(name).jsonl")
            let loaded = try TextTask.load(file: file, task: Golden.taskName(of: name))
            #expect(loaded.examples.map(Golden.Row.init) == expected.examples, "\(name)")
            #expect(loaded.leftOut == expected.leftOut, "\(name)")
        }
        // Questions with 3 and 5 choices are among the lines.
        #expect(golden["arc-easy/train"]?.leftOut == 3)
    }

    @Test("The Hugging Face layout gives the same; WinoGrande has no ids there")
    func huggingFace() throws {
        for (name, expected) in golden {
            let file = Golden.folder.appendingPathComponent("hugging-face/\(name).jsonl")
            let loaded = try TextTask.load(file: file, task: Golden.taskName(of: name))
            var rows = expected.examples
            if name.hasPrefix("winogrande") {
                for index in rows.indices {
                    rows[index].id = "\(file.lastPathComponent):\(index + 1)"
                }
            }
            #expect(loaded.examples.map(Golden.Row.init) == rows, "\(name)")
            #expect(loaded.leftOut == expected.leftOut, "\(name)")
        }
    }

    @Test("Prompts are the paper's, to the letter")
    func literal() {
        #expect(
            Prompts.multipleChoice(
                question: "Q?",
                choices: ["one", "\u{E9}t\u{E9}.", "iPod", "why?"]
            )
                == "Select one of the choices that answers the following question: Q? Choices: "
                + "A. One. B. \u{C9}t\u{E9}. C. IPod. D. Why?. Answer:"
        )
        #expect(
            Prompts.winoGrande(sentence: "a _ b.", option1: "x", option2: "y")
                == "Select one of the choices that answers the following question: a _ b. "
                + "Choices: A. x. B y. Answer:"
        )
        #expect(
            Prompts.boolQ(question: "is it", passage: "It is.")
                == "Answer the question with only True or False: is it Context: It is."
        )
    }

    @Test(
        "Whole published files have the reference's counts and hashes",
        .enabled(if: ProcessInfo.processInfo.environment["VARLORA_DATA"] != nil)
    )
    func wholeFiles() throws {
        let all = try #require(ProcessInfo.processInfo.environment["VARLORA_DATA"])
        for (name, expected) in try Golden.load([String: Golden.Hash].self, "files.json") {
            let file = URL(fileURLWithPath: all).appendingPathComponent("\(name).jsonl")
            let loaded = try TextTask.load(file: file, task: Golden.taskName(of: name))
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for example in loaded.examples {
                let label = try #require(example.label)
                for byte in "\(example.id)\t\(example.prompt)\t\(label)\n".utf8 {
                    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
                }
            }
            #expect(loaded.examples.count == expected.examples, "\(name)")
            #expect(loaded.leftOut == expected.leftOut, "\(name)")
            #expect(String(hash) == expected.fnv1a, "\(name)")
        }
    }

    @Test(
        "Parts of the published data sets have the published sizes and share nothing",
        .enabled(if: ProcessInfo.processInfo.environment["VARLORA_DATA"] != nil),
        arguments: [
            ("arc-easy", [2241, 567, 2365]), ("arc-challenge", [1117, 295, 1165]),
            ("openbookqa", [4957, 500, 500]), ("winogrande-s", [576, 64, 1267]),
            ("winogrande-m", [2304, 254, 1267]), ("boolq", [8485, 942, 3270]),
        ]
    )
    func wholeParts(_ name: String, _ counts: [Int]) throws {
        let task = try TextTask(name)
        let parts = try Split.allCases.map { try task.load($0, seed: 1).examples }
        #expect(parts.map(\.count) == counts)
        #expect(Set(parts.joined().map(\.id)).count == counts.reduce(0, +))
    }
}
