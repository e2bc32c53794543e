import Foundation
import JSON

/// How a line names the right one of its choices.
///
/// What is documented goes first: `label` is a place from 0, `answer` a capital letter. Any other
/// value may be the text of a choice (white space around it and case aside), its letter ("b",
/// "(B)", "B.") or its place as a number, which for an answer may count from 0 or 1. It is read
/// where all that it may be is one choice.
enum RightChoice {
    /// The choice's place, counted from 0.
    case label
    /// The choice's letter.
    case answer

    /// The index of the choice that a value names.
    ///
    /// Throws ``TextTaskError`` where it may be none or several.
    func index(of value: JSONValue, among choices: [String], at place: RowPlace) throws -> Int {
        if let index = documented(value), choices.indices.contains(index) {
            try checkLetter(of: index, among: choices, at: place)
            return index
        }
        let found = readings(of: value, among: choices)
        if found.count == 1 { return found[0] }
        guard !found.isEmpty else {
            throw place.failure("\(name) is \(value.text) and should be \(expected(choices))")
        }
        let ways = found.map { "\(spelling($0)) for \(quoted(choices[$0]))" }
        throw place.failure(
            "\(name) is \(value.text), which may be \(found.count) of the choices: write "
                + ways.joined(separator: " or ")
        )
    }

    /// A letter that is the text of another choice may mean either.
    private func checkLetter(of index: Int, among choices: [String], at place: RowPlace) throws {
        guard self == .answer else { return }
        let letter = Prompts.letters[index]
        guard let other = choices.firstIndex(of: letter), other != index else { return }
        let isClear = !choices.contains(Prompts.letters[other])
        throw place.failure(
            "\(name) is \(quoted(letter)), which is the letter of \(quoted(choices[index])) and "
                + "the text of another choice: write "
                + (isClear ? "\(spelling(other)) for the latter, or " : "")
                + "the row with \"prompt\", \"choices\" and \"label\", a place from 0"
        )
    }

    private var name: String { self == .label ? "\"label\"" : "\"answer\"" }

    private func documented(_ value: JSONValue) -> Int? {
        switch (self, value) {
        case (.label, .integer(let place)): place
        case (.label, .number(let place)): Int(exactly: place)
        case (.answer, .string(let letter)): Prompts.letters.firstIndex(of: letter)
        default: nil
        }
    }

    private func expected(_ choices: [String]) -> String {
        self == .label
            ? "a whole number within 0...\(choices.count - 1)"
            : "one of " + choices.indices.map(spelling).joined(separator: ", ")
    }

    private func spelling(_ index: Int) -> String {
        self == .label ? "\(index)" : quoted(Prompts.letters[index])
    }

    /// Every choice that a value may name, in order.
    private func readings(of value: JSONValue, among choices: [String]) -> [Int] {
        let text: String
        switch value {
        case .string(let string): text = string
        case .integer, .boolean: text = value.text
        default: return []
        }
        var found = Set(choices.indices.filter { choices[$0] == text })
        if found.isEmpty {
            found = Set(choices.indices.filter { plain(choices[$0]) == plain(text) })
        }
        // A letter may stand in parentheses or before one, or before a dot or a colon.
        if let match = plain(text).wholeMatch(of: /\(?([a-z])[).:]?/),
            let index = Prompts.letters.firstIndex(of: match.1.uppercased())
        {
            found.insert(index)
        }
        if let number = Int(plain(text)) {
            found.formUnion(self == .label ? [number] : [number, number - 1])
        }
        return found.filter(choices.indices.contains).sorted()
    }

    private func plain(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }
}
