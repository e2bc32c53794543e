import Yams

/// How a value of a flag becomes YAML.
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
    /// What a value must be, in words.
    let expected: String
    var form = ValueForm.yaml
    let parse: @Sendable (Node) -> Value?
    var allows: @Sendable (Value) -> Bool = { _ in true }
    /// Nil for a value that is left out.
    var format: @Sendable (Value) -> Node? = { Node("\($0)") }

    /// The value of a node; nil where it has none of this kind.
    func value(_ node: Node) -> Value? { parse(node).flatMap { allows($0) ? $0 : nil } }

    /// A value of this kind, or none.
    var optional: ValueKind<Value?> {
        ValueKind<Value?>(
            expected: expected,
            form: form,
            parse: { node in value(node).map(Optional.some) },
            allows: { $0.map(allows) ?? true },
            format: { $0.flatMap(format) }
        )
    }

    /// A list of such values, or a single one; an empty one is left out.
    func list(
        _ expected: String,
        where isWhole: @escaping @Sendable ([Value]) -> Bool = { _ in true }
    ) -> ValueKind<[Value]> {
        ValueKind<[Value]>(
            expected: expected,
            form: .list,
            parse: { node in
                let nodes = node.sequence.map(Array.init) ?? [node]
                let values = nodes.compactMap(value)
                return values.isEmpty || values.count < nodes.count ? nil : values
            },
            allows: { $0.allSatisfy(allows) && isWhole($0) },
            format: { $0.isEmpty ? nil : Node($0.compactMap(format), Tag(.seq), .flow) }
        )
    }
}

extension ValueKind<String> {
    static let text = ValueKind(
        expected: "a text",
        form: .text,
        parse: \.string,
        // A text with a zero byte would end there in a file, and names no file; a byte order mark
        // at the start of one is lost when YAML is read.
        allows: {
            !$0.isEmpty && !$0.utf8.contains(0) && $0.unicodeScalars.first != "\u{FEFF}"
        },
        format: { $0.isEmpty ? nil : Node($0) }
    )
}

extension ValueKind<[String]> {
    /// A list that may be empty, or one text, whatever it has in it.
    package static let texts = ValueKind<String>.text.list("a list of names")
    /// A list, or one text with commas between the names.
    static let names = ValueKind(
        expected: texts.expected,
        parse: { node in texts.value(node.string.map { Node(commaSeparated: $0) } ?? node) },
        allows: { !$0.isEmpty },
        format: texts.format
    )
}

extension ValueKind<Bool> {
    static let boolean = ValueKind(expected: "true or false", parse: \.bool)
}

extension ValueKind<Int> {
    /// The largest count: it keeps products of two counts within `Int`.
    package static let most = Int(Int32.max)
    package static let count = integer(1...most)
    static let countOrZero = integer(0...most)

    package static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
            parse: \.decimalInteger,
            allows: range.contains
        )
    }
}

extension ValueKind<[Int]> {
    package static func integers(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind<Int>.integer(range)
            .list("numbers from \(range.lowerBound) to \(range.upperBound)")
    }
}

extension ValueKind<Double> {
    static let positive = number("a positive number") { $0 > 0 && $0.isFinite }
    static let positiveOrInfinite = number("a positive number or .inf") { $0 > 0 }
    static let notNegative = number("a number of at least 0") { $0 >= 0 && $0.isFinite }
    static let share = number("a number from 0 up to but not 1") { (0..<1).contains($0) }

    package static func number(from range: ClosedRange<Double>) -> ValueKind {
        number("a number \(range.words)", range.contains)
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
    /// Variance scales, which the mean is among.
    package static func scales(_ range: ClosedRange<Double>) -> ValueKind {
        ValueKind<Double>.number(from: range)
            .list("numbers \(range.words) with 0, the mean, among them") { $0.contains(0) }
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
    package static func choice() -> ValueKind {
        let choices = Array(Value.allCases)
        let names = choices.map(\.rawValue)
        let others = names.dropLast().joined(separator: ", ")
        return ValueKind(
            expected: (others.isEmpty ? "" : others + " or ") + (names.last ?? ""),
            parse: { node in node.string.flatMap(names.firstIndex(of:)).map { choices[$0] } },
            format: { Node($0.rawValue) }
        )
    }
}

extension ClosedRange<Double> {
    fileprivate var words: String { "from \(lowerBound.words) to \(upperBound.words)" }
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
}
