import Yams

/// YAML from outside, refused where a text of a few bytes would take far more time or memory than
/// settings need.
enum CheckedYAML {
    private static let mostBytes = 65_536
    /// An alias stands for any number of values, by lists of aliases of lists.
    private static let mostAliases = 8
    /// Two keys that are mappings are compared by their keys, and these by theirs, twice each.
    private static let mostNestedKeys = 8

    /// The document; nil for an empty text.
    ///
    /// - Throws: ``RecipeError`` for text that is not YAML, repeats a key or is beyond the bounds.
    static func node(_ text: String, place: String) throws -> Node? {
        let bytes = Array(text.utf8)
        for (count, most, what) in [
            (bytes.count, mostBytes, "bytes"), (aliases(in: bytes), mostAliases, "aliases (*name)"),
            (nestedKeys(in: bytes), mostNestedKeys, "keys that are lists or mappings"),
        ] where count > most {
            throw RecipeError("\(place): expected at most \(most) \(what), found \(count)")
        }
        do {
            return try Yams.compose(yaml: text)
        } catch {
            let reason =
                "\(error)".split(whereSeparator: \.isNewline).first.map(String.init) ?? "\(error)"
            throw RecipeError("\(place): not valid YAML: \(reason)")
        }
    }

    private static let space = Set(" \t\r\n".utf8)
    private static let beforeValue = space.union(",[{".utf8)

    /// How many aliases there are at the most: `*` where a value may begin.
    private static func aliases(in bytes: [UInt8]) -> Int {
        zip(bytes, bytes.dropFirst()).count {
            $1 == UInt8(ascii: "*") && beforeValue.contains($0)
        }
    }

    /// How many keys may be lists or mappings: `?` where a value may begin, and brackets that close
    /// before a colon.
    private static func nestedKeys(in bytes: [UInt8]) -> Int {
        var (count, last) = (0, UInt8(ascii: "\n"))
        var closes = false
        for byte in bytes {
            let isMark = byte == UInt8(ascii: "?") && beforeValue.contains(last)
            if isMark || closes && byte == UInt8(ascii: ":") { count += 1 }
            last = byte
            if !space.contains(byte) {
                closes = byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            }
        }
        return count
    }
}
