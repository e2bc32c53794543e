import Optimizers
import Yams

/// What is wrong with a recipe; `description` is one sentence.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
    /// The sentence: place, key, expected, found.
    public let description: String

    init(_ place: String, _ key: String, expected: String, found: String) {
        let subject = place == "--\(key)" ? place : "\(place): \(key)"
        description = "\(subject): expected \(expected), found \(found)"
    }

    /// An error of one sentence.
    public init(_ description: String) {
        self.description = description
    }
}

/// One key of a recipe: how it is read from YAML, checked and written.
public struct RecipeField: Sendable {
    /// The key, also the flag's name.
    public let key: String
    /// What it must be, in words.
    public let expected: String
    let read: @Sendable (Node, inout Recipe) -> Bool
    let write: @Sendable (Recipe) -> Node?

    /// Every key, in the order recipes are written.
    public static let all: [RecipeField] = [
        field("model", \.model, .text),
        field("task", \.task, .text),
        field("data", \.data, .text),
        field("base-precision", \.basePrecision, .choice()),
        field("method", \.method, .choice()),
        field("steps", \.steps, .integer(1...most)),
        field("batch-size", \.batchSize, .integer(1...65_536)),
        field("micro-batch-size", \.microBatchSize, .integer(1...most)),
        field("gradient-checkpointing", \.gradientCheckpointing, .boolean),
        field("max-length", \.maxLength, .integer(2...most)),
        field("learning-rate", \.learningRate, .positive),
        field("schedule", \.schedule, .choice()),
        field("warmup-steps", \.warmupSteps, .integer(0...most)),
        field("weight-decay", \.weightDecay, .notNegative),
        field("beta1", \.beta1, .share),
        field("beta2", \.beta2, .share),
        field("ess", \.ess, .positive),
        field("hess-init", \.hessInit, .positive),
        field("clip-radius", \.clipRadius, .positiveOrInfinite),
        field("train-draws", \.trainDraws, .integer(1...most)),
        field("debias", \.debias, .boolean),
        field("rescale-lr", \.rescaleLr, .boolean),
        field("rank", \.rank, .integer(1...65_536)),
        field("alpha", \.alpha, .positive),
        field("dropout", \.dropout, .share),
        field("target-modules", \.targetModules, .names),
        field("rslora", \.rslora, .boolean),
        field("draws", \.draws, .integer(1...most)),
        field("variance-scale", \.varianceScale, .notNegative),
        field("seed", \.seed, .integer(0...most)),
        field("split-seed", \.splitSeed, .integer(0...most)),
        field("eval-every", \.evalEvery, .integer(0...most)),
        field("save-every", \.saveEvery, .integer(0...most)),
        field("keep-step", \.keepStep, .integer(1...most)),
        field("log-every", \.logEvery, .integer(1...most)),
        field("eval-tokens", \.evalTokens, .integer(1...most)),
        field("limit-train", \.limitTrain, .integer(1...most)),
        field("limit-validation", \.limitValidation, .integer(1...most)),
        field("limit-test", \.limitTest, .integer(1...most)),
        field("device", \.device, .text),
        field("threads", \.threads, .integer(1...1024)),
    ]

    /// The largest count: it keeps products of two counts within `Int`.
    private static let most = Int(Int32.max)

    // The key paths lead to plain values only, which are safe to share.
    private typealias Path<Value> = WritableKeyPath<Recipe, Value> & Sendable

    private static func field<Value>(
        _ key: String,
        _ path: Path<Value>,
        _ kind: ValueKind<Value>
    ) -> RecipeField {
        RecipeField(key: key, expected: kind.expected) { node, recipe in
            guard let value = kind.parse(node) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            kind.format($0[keyPath: path])
        }
    }

    private static func field<Value>(
        _ key: String,
        _ path: Path<Value?>,
        _ kind: ValueKind<Value>
    ) -> RecipeField {
        RecipeField(key: key, expected: kind.expected) { node, recipe in
            guard let value = kind.parse(node) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            $0[keyPath: path].flatMap(kind.format)
        }
    }
}

/// How values of a kind are read from YAML, checked and written.
private struct ValueKind<Value>: Sendable {
    let expected: String
    let parse: @Sendable (Node) -> Value?
    /// Nil for a value that is left out.
    let format: @Sendable (Value) -> Node?
}

extension ValueKind<String> {
    static let text = ValueKind(expected: "a text") { node in
        node.string.flatMap { $0.isEmpty ? nil : $0 }
    } format: {
        $0.isEmpty ? nil : Node($0)
    }
}

extension ValueKind<[String]> {
    static let names = ValueKind(expected: "a list of names") { node in
        let single = node.string?.split(separator: ",").map { String($0) }
        guard let names = single ?? node.sequence?.compactMap(\.string), !names.isEmpty,
            names.count == single?.count ?? node.sequence?.count
        else { return nil }
        return names
    } format: {
        Node($0.map { Node($0) }, Tag(.seq), .flow)
    }
}

extension ValueKind<Bool> {
    static let boolean = ValueKind(expected: "true or false", parse: \.bool) { Node("\($0)") }
}

extension ValueKind<Int> {
    static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(expected: "an integer from \(range.lowerBound) to \(range.upperBound)") { node in
            node.decimalInteger.flatMap { range.contains($0) ? $0 : nil }
        } format: {
            Node("\($0)")
        }
    }
}

extension ValueKind<Double> {
    static let positive = number("a positive number") { $0 > 0 && $0.isFinite }
    static let positiveOrInfinite = number("a positive number or .inf") { $0 > 0 }
    static let notNegative = number("a number of at least 0") { $0 >= 0 && $0.isFinite }
    static let share = number("a number from 0 up to but not 1") { (0..<1).contains($0) }

    private static func number(
        _ expected: String,
        _ allowed: @escaping @Sendable (Double) -> Bool
    ) -> ValueKind {
        ValueKind(expected: expected) { node in
            node.decimalNumber.flatMap { allowed($0) ? $0 : nil }
        } format: {
            Node($0 == .infinity ? ".inf" : "\($0)")
        }
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
    static func choice() -> ValueKind {
        let choices = Array(Value.allCases)
        let names = choices.map(\.rawValue)
        return ValueKind(expected: names.alternatives) { node in
            node.string.flatMap(names.firstIndex(of:)).map { choices[$0] }
        } format: {
            Node($0.rawValue)
        }
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
}
