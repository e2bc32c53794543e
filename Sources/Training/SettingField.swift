import Foundation
import Yams

/// Settings that a table of fields explains, reads, checks and writes.
public protocol SettingsTable: Sendable {
    /// The defaults.
    init()
    /// Every key, in the order of files.
    static var fields: [SettingField<Self>] { get }
}

/// One setting: its key, what it means and may be, and where its value is.
public struct SettingField<Settings: SettingsTable>: Sendable {
    /// The key, also the flag's name.
    public let key: String
    /// What it must be, in words.
    public let expected: String
    /// What it means, in words; what it may be where that says enough.
    private var meaning: String
    /// The default in words; nil for a setting that may be left out.
    private var initial: String?
    let form: ValueForm
    let read: @Sendable (Node, inout Settings) -> Bool
    /// The value; nil where the setting has none.
    let write: @Sendable (Settings) -> Node?
    let isValid: @Sendable (Settings) -> Bool

    // Key paths lead to plain values only, which are safe to share.
    package typealias Path<Value> = WritableKeyPath<Settings, Value> & Sendable

    /// A setting that has a value.
    package init<Value>(_ key: String, _ path: Path<Value>, _ kind: ValueKind<Value>) {
        self.key = key
        expected = kind.expected
        meaning = kind.expected
        initial = kind.format(Settings()[keyPath: path])?.words
        form = kind.form
        read = { node, settings in
            guard let value = kind.value(node) else { return false }
            settings[keyPath: path] = value
            return true
        }
        write = { kind.format($0[keyPath: path]) }
        isValid = { kind.allows($0[keyPath: path]) }
    }

    /// A setting that may be left out.
    package init<Value>(_ key: String, _ path: Path<Value?>, _ kind: ValueKind<Value>) {
        self.init(key, path, kind.optional)
    }

    /// The setting with words for what it means.
    package func means(_ words: String, showsDefault: Bool = true) -> SettingField {
        var field = self
        field.meaning = words
        if !showsDefault { field.initial = nil }
        return field
    }

    /// The sentence that a flag of this name has as its help: what it means, with its default.
    public var help: String {
        meaning + (initial.map { " (default: \($0))" } ?? "") + "."
    }

    /// A value as it stands in a flag, as YAML; nil for what is none.
    package func node(of text: String) -> Node? {
        switch form {
        case .yaml: (try? CheckedYAML.node(text, place: key)) ?? nil
        case .text: Node(text)
        case .list: Node(commaSeparated: text)
        }
    }
}

extension SettingsTable {
    /// The setting of a key; nil where there is none.
    public static func field(_ key: String) -> SettingField<Self>? {
        fields.first { $0.key == key }
    }

    /// Checks that every value is in its range.
    ///
    /// `place` is what messages call the settings.
    ///
    /// - Throws: ``RecipeError`` that names the first key whose value is not.
    public func validate(place: String = "recipe") throws {
        for field in Self.fields where !field.isValid(self) {
            let found = "\"\(field.write(self)?.text ?? "")\""
            throw RecipeError(place, field.key, expected: field.expected, found: found)
        }
    }

    /// Sets one key from its text, as `--set key=value` and the flags do.
    ///
    /// - Throws: ``RecipeError`` for an unknown key or a value out of range.
    public mutating func set(_ key: String, to text: String, place: String) throws {
        let field = Self.field(key)
        guard let node = field == nil ? Node(text) : field?.node(of: text) else {
            throw RecipeError(place, key, expected: "a value", found: "\"\(text)\"")
        }
        try read(key, node, place: place)
    }

    /// Sets one key from YAML; errors are as in ``set(_:to:place:)``.
    package mutating func read(_ key: String, _ node: Node, place: String) throws {
        guard let field = Self.field(key) else {
            let keys = Self.fields.map(\.key).joined(separator: ", ")
            throw RecipeError(place, key, expected: "one of the keys \(keys)", found: "no such key")
        }
        guard field.read(node, &self) else {
            let found = node.text.map { "\"\($0)\"" } ?? "a list or mapping"
            throw RecipeError(place, key, expected: field.expected, found: found)
        }
    }

    /// The keys and values of a YAML text; an empty one has none.
    ///
    /// - Throws: ``RecipeError`` for text that is not YAML, repeats a key, or would take far more
    ///   time or memory than settings need.
    package static func pairs(
        yaml: String,
        place: String
    ) throws -> [(key: String, value: Node)] {
        let root = try CheckedYAML.node(yaml, place: place)
        guard let root else { return [] }
        guard let mapping = root.mapping else {
            throw RecipeError(place, "the top level", expected: "keys and values", found: "others")
        }
        return mapping.map { ($0.string ?? "?", $1) }
    }

    /// All keys that have a value, with it.
    package var nodes: [(key: String, value: Node)] {
        Self.fields.compactMap { field in field.write(self).map { (field.key, $0) } }
    }

    /// The first key whose value differs, with both values; nil for equal settings.
    package func firstDifference(
        to other: Self
    ) -> (key: String, mine: String, theirs: String)? {
        for field in Self.fields {
            let (mine, theirs) = (field.write(self)?.text, field.write(other)?.text)
            if mine != theirs { return (field.key, mine ?? "none", theirs ?? "none") }
        }
        return nil
    }
}

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

extension Node {
    /// A list of texts.
    init(commaSeparated text: String) {
        self = Node(text.unicodeScalars.split(separator: ",").map { Node(String($0)) })
    }

    /// A scalar's text, or those of a list of scalars with commas between.
    package var text: String? { texts?.joined(separator: ",") }

    /// A scalar's text, or those of a list of scalars.
    package var texts: [String]? {
        if let text = scalar?.string { return [text] }
        guard let sequence else { return nil }
        let texts = sequence.compactMap { $0.scalar?.string }
        return texts.count == sequence.count ? texts : nil
    }

    /// The text as people write it: 16 and not 16.0, 1e6, 5e-5.
    fileprivate var words: String? {
        guard let text, text.contains(".") || text.contains("e-"), let number = Double(text)
        else { return text }
        return number.words
    }
}

extension String {
    /// What stands before and behind the first "="; nil where one of them is empty.
    ///
    /// By scalars: a character may be an equals sign with a mark over it.
    package var keyAndValue: (key: String, value: String)? {
        let parts = unicodeScalars.split(separator: "=", maxSplits: 1).map { String($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
}

extension Double {
    /// The number as people write it: 16 and not 16.0, 1e6, 5e-5.
    package var words: String {
        let power = log10(self)
        if power.isFinite, abs(power) >= 3, power == power.rounded() { return "1e\(Int(power))" }
        let text = "\(self)".replacing("e-0", with: "e-")
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
