/// Numbers in JSON, which has no infinity: an infinite one is a string that `float()` in Python and
/// `Double()` in Swift understand.
extension KeyedDecodingContainer {
    /// A number, or one of the strings `texts`.
    func number(forKey key: Key, orOneOf texts: Set<String> = ["inf"]) throws -> Double {
        if let text = try? decode(String.self, forKey: key), texts.contains(text),
            let number = Double(text)
        {
            return number
        }
        return try decode(Double.self, forKey: key)
    }
}

extension KeyedEncodingContainer {
    /// Writes a number: as `"inf"`, `"-inf"` or `"nan"` where it is not finite.
    mutating func encode(number: Double, forKey key: Key) throws {
        if number.isFinite {
            try encode(number, forKey: key)
        } else {
            try encode(number.isNaN ? "nan" : number > 0 ? "inf" : "-inf", forKey: key)
        }
    }
}
