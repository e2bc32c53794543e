import Yams

/// How the text of a setting becomes YAML where it comes from a flag.
enum ValueForm: Sendable {
    /// It is YAML.
    case yaml
    /// It is a name whatever it looks like: a folder may be called 2024 or #1.
    case text
    /// Elements with commas between.
    case list
}

/// How values of a kind are read from YAML, checked and written.
package struct ValueKind<Value>: Sendable {
    let expected: String
    var form = ValueForm.yaml
    let parse: @Sendable (Node) -> Value?
    var allows: @Sendable (Value) -> Bool = { _ in true }
    /// Nil for a value that is left out.
    let format: @Sendable (Value) -> Node?

    /// The value of a node; nil where it has none of this kind.
    func value(_ node: Node) -> Value? { parse(node).flatMap { allows($0) ? $0 : nil } }
}

extension ValueKind<String> {
    static let text = ValueKind(
        expected: "a text",
        form: .text,
        parse: \.string,
        allows: { !$0.isEmpty },
        format: { $0.isEmpty ? nil : Node($0) }
    )
}

extension ValueKind<[String]> {
    /// A list, or one text with commas between the names.
    static let names = ValueKind(
        expected: "a list of names",
        parse: { node in
            node.string?.split(separator: ",").map { String($0) }
                ?? (node.sequence?.allSatisfy { $0.string != nil } == true ? node.texts : nil)
        },
        allows: { !$0.isEmpty },
        format: { Node($0.map { Node($0) }, Tag(.seq), .flow) }
    )
    /// A list that may be empty, or one text, whatever it has in it.
    package static let texts = ValueKind(
        expected: "a list of names",
        form: .list,
        parse: { node in node.texts.flatMap { $0.isEmpty ? nil : $0 } },
        format: { $0.isEmpty ? nil : Node($0.map { Node($0) }, Tag(.seq), .flow) }
    )
}

extension ValueKind<Bool> {
    static let boolean = ValueKind(
        expected: "true or false",
        parse: \.bool,
        format: { Node("\($0)") }
    )
}

extension ValueKind<Int> {
    package static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
            parse: \.decimalInteger,
            allows: range.contains,
            format: { Node("\($0)") }
        )
    }

    /// The largest count: it keeps products of two counts within `Int`.
    package static let most = Int(Int32.max)
}

extension ValueKind<[Int]> {
    /// A list that may be empty.
    package static func integers(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expected: "numbers from \(range.lowerBound) to \(range.upperBound)",
            form: .list,
            parse: { $0.elements(\.decimalInteger) },
            allows: { $0.allSatisfy(range.contains) },
            format: { $0.isEmpty ? nil : Node($0.map { Node("\($0)") }, Tag(.seq), .flow) }
        )
    }
}

extension ValueKind<Double> {
    static let positive = number("a positive number") { $0 > 0 && $0.isFinite }
    static let positiveOrInfinite = number("a positive number or .inf") { $0 > 0 }
    static let notNegative = number("a number of at least 0") { $0 >= 0 && $0.isFinite }
    static let share = number("a number from 0 up to but not 1") { (0..<1).contains($0) }

    package static func number(from range: ClosedRange<Double>) -> ValueKind {
        number(
            "a number from \(range.lowerBound.words) to \(range.upperBound.words)",
            range.contains
        )
    }

    private static func number(
        _ expected: String,
        _ allowed: @escaping @Sendable (Double) -> Bool
    ) -> ValueKind {
        ValueKind(
            expected: expected,
            parse: \.decimalNumber,
            allows: allowed,
            format: { Node($0 == .infinity ? ".inf" : "\($0)") }
        )
    }
}

extension ValueKind<[Double]> {
    /// A list with these bounds that has `element` in it; `words` say what that is.
    package static func numbers(
        _ range: ClosedRange<Double>,
        among element: Double,
        _ words: String
    ) -> ValueKind {
        ValueKind(
            expected: "numbers from \(range.lowerBound.words) to \(range.upperBound.words) with "
                + "\(words), among them",
            form: .list,
            parse: { $0.elements(\.decimalNumber) },
            allows: { $0.contains(element) && $0.allSatisfy(range.contains) },
            format: { Node($0.map { Node("\($0)") }, Tag(.seq), .flow) }
        )
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
    package static func choice() -> ValueKind {
        let choices = Array(Value.allCases)
        let names = choices.map(\.rawValue)
        return ValueKind(
            expected: names.alternatives,
            parse: { node in node.string.flatMap(names.firstIndex(of:)).map { choices[$0] } },
            format: { Node($0.rawValue) }
        )
    }
}

extension [String] {
    /// As in `one, two or three`.
    fileprivate var alternatives: String {
        (count > 1 ? dropLast().joined(separator: ", ") + " or " : "") + (last ?? "")
    }
}

extension Node {
    // Not Yams' own reading: by YAML 1.1, 021 is 17 (octal) and 1:30 is 90 (base 60).
    fileprivate var decimalInteger: Int? { plainText.flatMap { Int($0) } }

    fileprivate var decimalNumber: Double? {
        guard let text = plainText else { return nil }
        return [".inf", "+.inf"].contains(text.lowercased()) ? .infinity : Double(text)
    }

    /// The text of a scalar without quotes, less the underscores that YAML allows among digits.
    private var plainText: String? {
        guard let scalar, scalar.style == .any || scalar.style == .plain else { return nil }
        return scalar.string.replacing("_", with: "")
    }

    /// The elements of a list, or a single one; nil where there is none or one is no number.
    fileprivate func elements<Number>(_ number: (Node) -> Number?) -> [Number]? {
        let nodes = sequence.map(Array.init) ?? [self]
        let numbers = nodes.compactMap(number)
        return numbers.isEmpty || numbers.count < nodes.count ? nil : numbers
    }
}
