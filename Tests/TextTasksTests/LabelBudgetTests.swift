import Testing

@testable import TextTasks

@Suite("Few labels in all")
struct LabelBudgetTests {
    /// Rows 0 ..< count with labels in turn, the last label in one row of ten alone.
    private func part(_ count: Int, of labels: Int = 3) -> LoadedExamples {
        let examples = (0..<count).map { index in
            Example(
                id: "r\(index)",
                source: "f:\(index + 1)",
                prompt: "\(index)",
                answers: (0..<labels).map { " \($0)" },
                label: index % 10 == 9 ? labels - 1 : index % (labels - 1)
            )
        }
        return LoadedExamples(examples: examples, file: "f", leftOut: 0, isShare: false)
    }

    private func ids(_ part: LoadedExamples) -> [String] { part.examples.map(\.id) }

    private func counts(_ part: LoadedExamples) -> [Int] {
        (0..<3).map { label in part.examples.count { $0.label == label } }
    }

    @Test("Labels are as even as the rows allow, in what is trained on and in what is held out")
    func balance() throws {
        for seed in UInt64(0)..<20 {
            let budget = LabelBudget(labels: 12, heldOut: 0.25, seed: seed)
            let drawn = try budget.draw(from: part(60))
            #expect(counts(drawn.train) == [3, 3, 3] && counts(drawn.heldOut) == [1, 1, 1])
            // Six rows have the rarest label: all of them are drawn, and the others fill up.
            let larger = try LabelBudget(labels: 30, heldOut: 0, seed: seed).draw(from: part(60))
            #expect(counts(larger.train) == [12, 12, 6] && larger.heldOut.examples.isEmpty)
        }
    }

    @Test("A draw repeats, keeps the order of the file, and is part of a larger one")
    func nesting() throws {
        let small = try LabelBudget(labels: 8, heldOut: 0, seed: 4).draw(from: part(60))
        let again = try LabelBudget(labels: 8, heldOut: 0, seed: 4).draw(from: part(60))
        let large = try LabelBudget(labels: 20, heldOut: 0, seed: 4).draw(from: part(60))
        let other = try LabelBudget(labels: 8, heldOut: 0, seed: 5).draw(from: part(60))
        #expect(small.train == again.train && small.train != other.train)
        #expect(Set(ids(small.train)).isSubset(of: ids(large.train)))
        let places = small.train.examples.compactMap { Int($0.prompt) }
        #expect(places == places.sorted() && Set(places).count == 8)
    }

    @Test("What is held out comes from the same labels, and without a number from all rows")
    func heldOut() throws {
        let whole = try LabelBudget(labels: 20, heldOut: 0, seed: 1).draw(from: part(60))
        let divided = try LabelBudget(labels: 20, heldOut: 0.2, seed: 1).draw(from: part(60))
        #expect(divided.train.examples.count == 16 && divided.heldOut.examples.count == 4)
        #expect(Set(ids(divided.train) + ids(divided.heldOut)) == Set(ids(whole.train)))
        let all = try LabelBudget(labels: nil, heldOut: 0.01, seed: 1).draw(from: part(30))
        #expect(all.train.examples.count == 29 && all.heldOut.examples.count == 1)
    }

    @Test("Questions about one state are drawn together")
    func states() throws {
        var loaded = part(30)
        for index in loaded.examples.indices { loaded.examples[index].state = "s\(index / 3)" }
        let drawn = try LabelBudget(labels: 5, heldOut: 0.4, seed: 2).draw(from: loaded)
        #expect(drawn.train.examples.count == 9 && drawn.heldOut.examples.count == 6)
        let states = Set(drawn.train.examples.map(\.state))
        #expect(states.count == 3 && states.isDisjoint(with: drawn.heldOut.examples.map(\.state)))
    }

    @Test("Too few rows for the labels are refused by file and number")
    func tooFew() {
        let cases: [(Int?, Double, String)] = [
            (11, 0, "f: labels and held-out need at least 11 rows, found 10"),
            (1, 0.5, "f: labels and held-out need at least 2 rows, found 10"),
        ]
        for (labels, heldOut, sentence) in cases {
            let error = #expect(throws: TextTaskError.self) {
                try LabelBudget(labels: labels, heldOut: heldOut, seed: 0).draw(from: part(10))
            }
            #expect(error?.description == sentence)
        }
    }
}
