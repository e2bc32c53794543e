import Testing

@testable import TextTasks

@Suite("Rows in folds")
struct FoldsTests {
    /// Rows with these labels, in order.
    private func part(_ labels: [Int?], states: [String]? = nil) -> LoadedExamples {
        let examples = labels.enumerated().map { index, label in
            var example = Example(
                id: "r\(index)",
                source: "f:\(index + 1)",
                prompt: "\(index)",
                answers: [" a", " b", " c"],
                label: label
            )
            example.state = states?[index]
            return example
        }
        return LoadedExamples(examples: examples, file: "f", leftOut: 0, isShare: false)
    }

    private func places(_ part: LoadedExamples) -> [Int] {
        part.examples.compactMap { Int($0.prompt) }
    }

    @Test("Every row is in one fold, and in order where it is not held out", arguments: 2...9)
    func partition(_ count: Int) throws {
        let part = part((0..<23).map { [0, 1, 0, 2, 0][$0 % 5] })
        let folds = try part.folds(count, seed: 7)
        #expect(folds.count == count)
        #expect(folds.flatMap { places($0.heldOut) }.sorted() == Array(0..<23))
        for fold in folds {
            let (train, held) = (places(fold.train), places(fold.heldOut))
            #expect(train == train.sorted() && held == held.sorted())
            #expect(Set(train).isDisjoint(with: held) && train.count + held.count == 23)
        }
    }

    @Test("Folds differ by one row at most, of each label, too", arguments: UInt64(0)..<10)
    func balance(_ seed: UInt64) throws {
        let part = part((0..<50).map { $0 % 7 == 0 ? 2 : $0 % 2 })
        let folds = try part.folds(4, seed: seed).map(\.heldOut.examples)
        for counts in [folds.map(\.count)]
            + (0..<3).map({ label in folds.map { $0.count { $0.label == label } } })
        {
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(counts)")
        }
        #expect(try part.folds(4, seed: seed).map(\.heldOut.examples) == folds)
        #expect(try part.folds(4, seed: seed + 1).map(\.heldOut.examples) != folds)
    }

    @Test("Questions about one state are held out together")
    func states() throws {
        let part = part((0..<30).map { $0 % 3 }, states: (0..<30).map { "s\($0 / 3)" })
        for fold in try part.folds(5, seed: 1) {
            let states = Set(fold.heldOut.examples.map(\.state))
            #expect(states.count == 2 && fold.heldOut.examples.count == 6)
            #expect(states.isDisjoint(with: fold.train.examples.map(\.state)))
        }
    }

    @Test("One fold, or more than there are rows, are refused", arguments: [0, 1, 4])
    func refused(_ count: Int) {
        let error = #expect(throws: TextTaskError.self) {
            try part([0, 1, 0]).folds(count, seed: 0)
        }
        #expect(error?.description == "f: folds: expected 2 to 3, as many as rows, found \(count)")
    }
}
