import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Tasks and their parts")
struct TextTaskTests {
    private static let official = ["VARLORA_DATA": Golden.folder.path + "/official"]

    private func rows(_ count: Int, from first: Int = 0) -> String {
        (first..<first + count).map {
            #"{"prompt":"Number \#($0) is","choices":["even","odd"],"label":\#($0 % 2)}"# + "\n"
        }.joined()
    }

    @Test("WinoGrande: dev is the test part, and twins stay together at every seed")
    func twins() throws {
        let task = try TextTask("winogrande-s", environment: Self.official)
        let test = try task.load(.test, seed: 1)
        #expect(test.file.hasSuffix("winogrande/dev.jsonl") && !test.isShare)
        for seed in 0..<20 {
            let train = try task.load(.train, seed: UInt64(seed))
            let validation = try task.load(.validation, seed: UInt64(seed))
            #expect(train.isShare && validation.isShare)
            #expect(train.examples.count == 22 && validation.examples.count == 2)
            let stems = Set(validation.examples.map { $0.id.dropLast(2) })
            #expect(train.examples.allSatisfy { !stems.contains($0.id.dropLast(2)) })
        }
    }

    @Test("WinoGrande without qID keeps sentences with the same options together")
    func twinsWithoutIDs() throws {
        let folder = Golden.folder.appendingPathComponent("hugging-face/winogrande")
        let task = try TextTask("winogrande-m", folder: folder, environment: [:])
        let options = { (example: Example) in
            // "... Choices: A. x. B y. Answer:" lists the options in either order.
            Set(
                example.prompt.components(separatedBy: "Choices: A. ")[1]
                    .replacingOccurrences(of: ". Answer:", with: "").components(separatedBy: ". B ")
            )
        }
        for seed in 0..<10 {
            let train = try task.load(.train, seed: UInt64(seed)).examples.map(options)
            let validation = try task.load(.validation, seed: UInt64(seed)).examples.map(options)
            #expect(!validation.isEmpty && Set(train).isDisjoint(with: validation))
        }
    }

    @Test("WinoGrande without qID knows twins whose options are swapped")
    func swappedTwins() throws {
        let lines = (0..<20).map { index in
            let options = index % 2 == 0 ? ("x\(index)", "y") : ("y", "x\(index - 1)")
            return #"{"sentence":"\#(index) _","option1":"\#(options.0)","#
                + #""option2":"\#(options.1)","answer":"1"}"# + "\n"
        }
        try withFolder(["train_s.jsonl": lines.joined()]) { folder in
            let task = try TextTask("winogrande-s", folder: folder, environment: [:])
            let validation = try task.load(.validation, seed: 3).examples.map(\.id)
            #expect(validation.count == 2)
            let numbers = validation.compactMap { Int($0.split(separator: ":")[1]) }
            // Lines 1 and 2 are twins, 3 and 4, and so on.
            #expect(numbers == [numbers[0], numbers[0] + 1] && numbers[0] % 2 == 1)
        }
    }

    @Test("A single file is split 80/10/10: all examples once, the same for the same seed")
    func singleFile() throws {
        try withFolder(["data.jsonl": rows(57)]) { folder in
            let task = try TextTask(folder.appendingPathComponent("data.jsonl").path)
            #expect(task.name == "data.jsonl")
            let parts = try Split.allCases.map { try task.load($0, seed: 4).examples }
            #expect(parts.map(\.count) == [47, 5, 5])
            #expect(Set(parts.joined().map(\.id)).count == 57)
            let again = try Split.allCases.map { try task.load($0, seed: 4).examples }
            #expect(again == parts)
            #expect(try task.load(.test, seed: 5).examples != parts[2])
            // File order inside a part.
            let numbers = parts[0].compactMap { Int($0.id.split(separator: ":")[1]) }
            #expect(numbers == numbers.sorted() && numbers.count == 47)
        }
    }

    @Test("A folder with all three files is used file by file, under either validation name")
    func threeFiles() throws {
        for name in ["validation.jsonl", "dev.jsonl"] {
            let files = ["train.jsonl": rows(5), name: rows(3, from: 5), "test.jsonl": rows(2)]
            try withFolder(files) { folder in
                let task = try TextTask(folder.path)
                let parts = try Split.allCases.map { try task.load($0, seed: 1) }
                #expect(parts.map(\.examples.count) == [5, 3, 2])
                #expect(parts.allSatisfy { !$0.isShare })
                #expect(parts[1].examples[0].id == "\(name):1")
            }
        }
    }

    @Test("Without a validation file a tenth of train is split off; train is the rest")
    func splitOff() throws {
        try withFolder(["train.jsonl": rows(40)]) { folder in
            let task = try TextTask(folder.path)
            let train = try task.load(.train, seed: 1).examples
            let validation = try task.load(.validation, seed: 1).examples
            #expect(train.count == 36 && validation.count == 4)
            #expect(Set((train + validation).map(\.id)).count == 40)
            #expect(
                sentence { _ = try task.load(.test, seed: 1) }
                    == "\(folder.path): the test part needs test.jsonl or test.csv or test/, "
                    + "which is not there"
            )
        }
    }

    @Test("A folder with a test file alone has a test part and says what else it lacks")
    func testAlone() throws {
        try withFolder(["test.jsonl": rows(4)]) { folder in
            let task = try TextTask(folder.path)
            let test = try task.load(.test, seed: 1)
            #expect(test.examples.count == 4 && !test.isShare)
            for part in [Split.train, .validation] {
                #expect(
                    sentence { _ = try task.load(part, seed: 1) }
                        == "\(folder.path): the train part needs train.jsonl or train.csv or "
                        + "train/, which is not there"
                )
            }
        }
    }

    @Test("A dev file is the validation part and never the test part")
    func devIsNotTest() throws {
        try withFolder(["train.jsonl": rows(9), "dev.jsonl": rows(3)]) { folder in
            let task = try TextTask(folder.path)
            #expect(try task.load(.validation, seed: 1).examples.count == 3)
            #expect(
                throws: TextTaskError.noFile(
                    part: .test,
                    folder: folder.path,
                    names: ["test.jsonl", "test.csv", "test/"]
                )
            ) { try task.load(.test, seed: 1) }
        }
    }

    @Test("Two files for one part, none, empty ones and too short ones throw")
    func unusableFiles() throws {
        try withFolder(["dev.jsonl": rows(3), "validation.jsonl": rows(3)]) { folder in
            let task = try TextTask(folder.path)
            #expect(
                throws: TextTaskError.severalFiles(
                    part: .validation,
                    folder: folder.path,
                    names: ["validation.jsonl", "dev.jsonl"]
                )
            ) { try task.load(.validation, seed: 1) }
            #expect(
                throws: TextTaskError.noFile(
                    part: .train,
                    folder: folder.path,
                    names: ["train.jsonl", "train.csv", "train/"]
                )
            ) { try task.load(.train, seed: 1) }
        }
        try withFolder(["train.jsonl": "\n \n"]) { folder in
            let path = folder.appendingPathComponent("train.jsonl").path
            #expect(
                sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }
                    == "\(path): there is no usable example"
            )
        }
        for (count, needed) in [(2, 3), (1, 3)] {
            try withFolder(["one.jsonl": rows(count)]) { folder in
                let path = folder.appendingPathComponent("one.jsonl").path
                let error = TextTaskError.tooFewExamples(file: path, count: count, needed: needed)
                #expect(throws: error) { try TextTask(path).load(.train, seed: 1) }
            }
        }
    }

    @Test("A folder given for a named task goes before VARLORA_DATA, official names are known")
    func finding() throws {
        let line = try String(
            contentsOf: Golden.folder.appendingPathComponent("official/arc-easy/dev.jsonl"),
            encoding: .utf8
        )
        try withFolder(["ARC-Easy-Dev.jsonl": line]) { folder in
            let task = try TextTask("arc-easy", folder: folder, environment: Self.official)
            let loaded = try task.load(.validation, seed: 1)
            #expect(loaded.file.hasSuffix("ARC-Easy-Dev.jsonl"))
            #expect(throws: TextTaskError.self) { try task.load(.test, seed: 1) }
        }
        let arc = try TextTask("arc-challenge", environment: Self.official)
        #expect(try arc.load(.test, seed: 1).file.hasSuffix("arc-challenge/test.jsonl"))
    }

    @Test("Data that is not there: the error names the place and the data set's home")
    func notFound() {
        let unset = sentence { _ = try TextTask("boolq", environment: [:]) }
        #expect(unset.contains("VARLORA_DATA is not set"))
        #expect(unset.contains("https://github.com/google-research-datasets/boolean-questions"))
        let absent = sentence {
            _ = try TextTask("winogrande-s", environment: ["VARLORA_DATA": "/nowhere"])
        }
        #expect(absent.contains("at /nowhere/winogrande; the official files come from WinoGrande"))
        let unknown = sentence { _ = try TextTask("arc-hard", environment: [:]) }
        #expect(
            unknown == "\"arc-hard\" is neither a file or folder nor one of the tasks arc-easy, "
                + "arc-challenge, openbookqa, winogrande-s, winogrande-m, boolq"
        )
        #expect(throws: TextTaskError.unknownTask("")) { try TextTask("", environment: [:]) }
        #expect(throws: TextTaskError.folderForPath(task: "/tmp")) {
            try TextTask("/tmp", folder: URL(fileURLWithPath: "/tmp"), environment: [:])
        }
    }

    @Test("A validation share is a tenth, within 1...1000")
    func shareSizes() {
        let sizes = [2, 10, 19, 20, 9427, 50_000].map(SharedFile.validationSize)
        #expect(sizes == [1, 1, 1, 2, 942, 1000])
    }
}
