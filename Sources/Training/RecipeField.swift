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
        text("model", \.model),
        text("task", \.task),
        text("data", \.data),
        choice("method", \.method),
        integer("steps", \.steps, 1...most),
        integer("batch-size", \.batchSize, 1...65_536),
        integer("micro-batch-size", \.microBatchSize, 1...most),
        integer("max-length", \.maxLength, 2...most),
        number("learning-rate", \.learningRate, isPositive, "a positive number"),
        choice("schedule", \.schedule),
        integer("warmup-steps", \.warmupSteps, 0...most),
        number("weight-decay", \.weightDecay, isNotNegative, "a number of at least 0"),
        number("beta1", \.beta1, { (0..<1).contains($0) }, "a number from 0 up to but not 1"),
        number("beta2", \.beta2, { (0..<1).contains($0) }, "a number from 0 up to but not 1"),
        number("ess", \.ess, isPositive, "a positive number"),
        number("hess-init", \.hessInit, isPositive, "a positive number"),
        number("clip-radius", \.clipRadius, { $0 > 0 }, "a positive number or .inf"),
        integer("train-draws", \.trainDraws, 1...most),
        boolean("debias", \.debias),
        boolean("rescale-lr", \.rescaleLr),
        integer("rank", \.rank, 1...65_536),
        number("alpha", \.alpha, isPositive, "a positive number"),
        number("dropout", \.dropout, { (0..<1).contains($0) }, "a number from 0 up to but not 1"),
        names("target-modules", \.targetModules),
        boolean("rslora", \.rslora),
        integer("draws", \.draws, 1...most),
        number("variance-scale", \.varianceScale, isNotNegative, "a number of at least 0"),
        integer("seed", \.seed, 0...most),
        integer("eval-every", \.evalEvery, 0...most),
        integer("save-every", \.saveEvery, 0...most),
        integer("log-every", \.logEvery, 1...most),
        integer("eval-tokens", \.evalTokens, 1...most),
        integer("limit-train", \.limitTrain, 1...most),
        integer("limit-validation", \.limitValidation, 1...most),
        integer("limit-test", \.limitTest, 1...most),
        text("device", \.device),
        integer("threads", \.threads, 1...1024),
    ]

    /// The largest count: it keeps products of two counts within `Int`.
    private static let most = Int(Int32.max)

    // The key paths below lead to plain values only, which are safe to share.
    private typealias Path<Value> = WritableKeyPath<Recipe, Value> & Sendable

    private static func text(_ key: String, _ path: Path<String>) -> RecipeField {
        RecipeField(key: key, expected: "a text") { node, recipe in
            guard let text = node.string, !text.isEmpty else { return false }
            recipe[keyPath: path] = text
            return true
        } write: {
            $0[keyPath: path].isEmpty ? nil : Node($0[keyPath: path])
        }
    }

    private static func text(_ key: String, _ path: Path<String?>) -> RecipeField {
        RecipeField(key: key, expected: "a text") { node, recipe in
            guard let text = node.string, !text.isEmpty else { return false }
            recipe[keyPath: path] = text
            return true
        } write: {
            $0[keyPath: path].map { Node($0) }
        }
    }

    private static func choice<Choice>(_ key: String, _ path: Path<Choice>) -> RecipeField
    where Choice: RawRepresentable<String> & CaseIterable & Sendable {
        let choices = Array(Choice.allCases)
        let names = choices.map(\.rawValue)
        return RecipeField(key: key, expected: names.joined(separator: " or ")) { node, recipe in
            guard let index = node.string.flatMap(names.firstIndex(of:)) else { return false }
            recipe[keyPath: path] = choices[index]
            return true
        } write: {
            Node($0[keyPath: path].rawValue)
        }
    }

    private static func integer(
        _ key: String,
        _ path: Path<Int>,
        _ range: ClosedRange<Int>
    ) -> RecipeField {
        RecipeField(key: key, expected: expectation(range)) { node, recipe in
            guard let value = node.decimalInteger, range.contains(value) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            Node("\($0[keyPath: path])")
        }
    }

    private static func integer(
        _ key: String,
        _ path: Path<Int?>,
        _ range: ClosedRange<Int>
    ) -> RecipeField {
        RecipeField(key: key, expected: expectation(range)) { node, recipe in
            guard let value = node.decimalInteger, range.contains(value) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            $0[keyPath: path].map { Node("\($0)") }
        }
    }

    private static func expectation(_ range: ClosedRange<Int>) -> String {
        "an integer from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func number(
        _ key: String,
        _ path: Path<Double>,
        _ allowed: @escaping @Sendable (Double) -> Bool,
        _ expected: String
    ) -> RecipeField {
        RecipeField(key: key, expected: expected) { node, recipe in
            guard let value = node.decimalNumber, allowed(value) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            scalar($0[keyPath: path])
        }
    }

    private static func number(
        _ key: String,
        _ path: Path<Double?>,
        _ allowed: @escaping @Sendable (Double) -> Bool,
        _ expected: String
    ) -> RecipeField {
        RecipeField(key: key, expected: expected) { node, recipe in
            guard let value = node.decimalNumber, allowed(value) else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            $0[keyPath: path].map(scalar)
        }
    }

    private static func isPositive(_ value: Double) -> Bool { value > 0 && value.isFinite }

    private static func isNotNegative(_ value: Double) -> Bool { value >= 0 && value.isFinite }

    private static func scalar(_ value: Double) -> Node {
        Node(value == .infinity ? ".inf" : "\(value)")
    }

    private static func boolean(_ key: String, _ path: Path<Bool>) -> RecipeField {
        RecipeField(key: key, expected: "true or false") { node, recipe in
            guard let value = node.bool else { return false }
            recipe[keyPath: path] = value
            return true
        } write: {
            Node("\($0[keyPath: path])")
        }
    }

    private static func names(_ key: String, _ path: Path<[String]>) -> RecipeField {
        RecipeField(key: key, expected: "a list of names") { node, recipe in
            let single = node.string?.split(separator: ",").map { String($0) }
            guard let names = single ?? node.sequence?.compactMap(\.string), !names.isEmpty,
                names.count == single?.count ?? node.sequence?.count
            else { return false }
            recipe[keyPath: path] = names
            return true
        } write: {
            Node($0[keyPath: path].map { Node($0) }, Tag(.seq), .flow)
        }
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
