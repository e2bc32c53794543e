/// What people call a method of a comparison, and how its lines look.
struct ComparisonMethod {
    /// Its key in `results.json` and the name of its folder.
    let key: String
    let title: String
    let style: SeriesStyle

    /// The method that all others are compared with.
    static let reference = "map"
    /// The method that costs one number fitted on validation, and so is the bar for the others.
    static let bar = "temperature"

    /// The known methods in the order of tables.
    ///
    /// No two have colour and dashes in common, and a method whose variance was tuned has the
    /// colour of the method itself.
    static let all: [ComparisonMethod] = [
        ComparisonMethod("base", "base model", colour: 5, dash: 2),
        ComparisonMethod("map", "AdamW (MAP)", colour: 0),
        ComparisonMethod("mc-dropout", "MC dropout", colour: 6),
        ComparisonMethod("laplace-diagonal", "Laplace (diagonal)", colour: 5),
        ComparisonMethod("laplace-kfac", "Laplace (KFAC)", colour: 4),
        ComparisonMethod("swa", "SWA", colour: 3, dash: 1),
        ComparisonMethod("swag", "SWAG", colour: 3),
        ComparisonMethod("ensemble", "deep ensemble", colour: 2, dash: 1),
        ComparisonMethod("early-stopping", "AdamW, stopped early", colour: 0, dash: 1),
        ComparisonMethod("temperature", "temperature scaling", colour: 4, dash: 1),
        ComparisonMethod("tfb", "TFB", colour: 2),
        ComparisonMethod("ivon-mean", "IVON at the mean", colour: 1, dash: 1),
        ComparisonMethod("ivon", "IVON", colour: 1),
        ComparisonMethod("ivon-auto-mean", "IVON auto at the mean", colour: 6, dash: 1),
        ComparisonMethod("ivon-auto", "IVON auto", colour: 1, dash: 2),
        ComparisonMethod(tuned: "swag", "SWAG", colour: 3),
        ComparisonMethod(tuned: "laplace-diagonal", "Laplace (diagonal)", colour: 5),
        ComparisonMethod(tuned: "laplace-kfac", "Laplace (KFAC)", colour: 4),
        ComparisonMethod(tuned: "tfb", "TFB", colour: 2),
        ComparisonMethod(tuned: "ivon", "IVON", colour: 1),
    ]

    /// The method with a key; one that is not known is called by it.
    static func named(_ key: String) -> ComparisonMethod {
        all.first { $0.key == key } ?? ComparisonMethod(key, key, colour: 6, dash: 2)
    }

    /// Distinct keys in the order of tables, unknown ones last.
    static func sorted(_ keys: [String]) -> [String] {
        let known = all.map(\.key).filter(keys.contains)
        let others = keys.filter { !known.contains($0) }
        return known + others.enumerated().filter { others.firstIndex(of: $1) == $0 }.map(\.1)
    }

    /// The title for places that are narrow or say themselves that the variance is tuned.
    var shortTitle: String {
        let words = title.replacing(Self.tunedWords, with: ", tuned")
        // By scalars: a character may have marks without end.
        let scalars = words.unicodeScalars
        return scalars.count > 30 ? String(scalars.prefix(29)) + "…" : words
    }
    /// The title for sentences, without commas.
    var nameInWords: String {
        isTuned ? "tuned " + title.replacing(Self.tunedWords, with: "") : title
    }
    /// Whether its variance was tuned on validation.
    var isTuned: Bool { key.hasSuffix(Self.tunedEnding) }
    /// The key of the method whose variance was tuned, or its own.
    var family: String { isTuned ? String(key.dropLast(Self.tunedEnding.count)) : key }
    /// The key of the same method with a tuned variance.
    var tunedKey: String { family + Self.tunedEnding }

    private static let tunedEnding = "-tuned"
    private static let tunedWords = ", tuned variance"

    private init(_ key: String, _ title: String, colour: Int, dash: Int = 0) {
        self.key = key
        self.title = title
        style = SeriesStyle(colour: colour, dash: dash)
    }

    private init(tuned key: String, _ title: String, colour: Int) {
        self.init(key + Self.tunedEnding, title + Self.tunedWords, colour: colour, dash: 3)
    }
}
