import JSON
import Testing

@testable import TextTasks

@Suite("Orders of options")
struct OptionOrderTests {
    private let names = ["red", "green", "blue", "black", "white"]

    @Test("One order is that which was given; several are rotations, as many as there are options")
    func rotations() {
        #expect(OptionOrders.orders(of: names, count: 1) == [[0, 1, 2, 3, 4]])
        for count in 2...9 {
            let orders = OptionOrders.orders(of: names, count: count)
            #expect(orders.count == min(count, 5))
            #expect(Set(orders).count == orders.count)
            for order in orders {
                let start = order.firstIndex(of: orders[0][0]) ?? 0
                #expect(Array(order[start...] + order[..<start]) == orders[0])
            }
        }
        // Every option stands at every place once.
        let all = OptionOrders.orders(of: names, count: 5)
        for place in 0..<5 { #expect(Set(all.map { $0[place] }) == Set(0..<5)) }
    }

    @Test("The orders do not depend on the order that was given")
    func invariance() {
        let other = [3, 1, 4, 0, 2]
        for count in 2...5 {
            let expected = OptionOrders.orders(of: names, count: count).map { $0.map { names[$0] } }
            let moved = other.map { names[$0] }
            let found = OptionOrders.orders(of: moved, count: count).map { $0.map { moved[$0] } }
            #expect(found == expected)
        }
    }

    @Test("Letters go with the places, texts with the options")
    func wordings() throws {
        let row = #"{"question":"Which?","choices":["red","green","blue"],"answer":"B"}"#
        func example(_ answers: PromptStyle.Answers, orders: Int) throws -> Example {
            var style = PromptStyle(answers: answers)
            style.orders = orders
            let place = RowPlace(path: "f.jsonl", fileName: "f.jsonl", line: 1)
            let line = try JSONNode(parsing: Array(row.utf8), file: "f.jsonl")
            let parsed = try UserRow.row(line, at: place, RowSetting(style: style))
            return try #require(parsed?.examples.first)
        }
        for style in [PromptStyle.Answers.letters, .text] {
            let one = try example(style, orders: 1)
            #expect(one.otherOrders.isEmpty)
            let example = try example(style, orders: 3)
            let wordings =
                [Example.Wording(prompt: example.prompt, answers: example.answers)]
                + example.otherOrders
            #expect(wordings.count == 3 && example.label == 1)
            for wording in wordings {
                if style == .text {
                    #expect(wording.answers == [" red", " green", " blue"])
                } else {
                    // The letter of an option stands before it in the list.
                    for (answer, option) in zip(wording.answers, ["Red", "Green", "Blue"]) {
                        #expect(wording.prompt.contains("\(answer). \(option)."))
                    }
                    #expect(Set(wording.answers) == [" A", " B", " C"])
                }
            }
            #expect(Set(wordings.map(\.prompt)).count == 3)
        }
    }

    @Test("Answers keep the names of the row, whatever stands for them in whatever order")
    func namesOfAnswers() throws {
        var style = PromptStyle(answers: .letters)
        style.orders = 3
        let place = RowPlace(path: "f.jsonl", fileName: "f.jsonl", line: 1)
        func example(_ row: String) throws -> Example {
            let line = try JSONNode(parsing: Array(row.utf8), file: "f.jsonl")
            let labels = try LabelSet(names, source: "f.jsonl", style)
            let setting = RowSetting(style: style, labels: labels)
            return try #require(try UserRow.row(line, at: place, setting)?.examples.first)
        }
        style.listsOptions = true
        let lettered = try example(#"{"question": "Which?", "choices": ["red", "green", "blue"]}"#)
        #expect(lettered.answers != [" A", " B", " C"] && lettered.otherOrders.count == 2)
        #expect(lettered.names == ["A", "B", "C"])
        let labelled = try example(#"{"text": "Grass", "label": "green"}"#)
        #expect(Set(labelled.answers).isSubset(of: Set("ABCDE".map { " \($0)" })))
        #expect(labelled.names == names.sorted() && labelled.names[labelled.label ?? 0] == "green")
        let plain = Example(prompt: "The sky is", choices: ["blue", " grey "])
        #expect(plain.names == ["blue", "grey"])
    }
}
