/// The shape and scale of low-rank adapters (LoRA).
///
/// Source: Hu and others 2021, arXiv 2106.09685. An adapted layer computes
/// `W x + scale · B A dropout(x)` with A [rank, in] and B [out, rank].
public struct LoRASettings: Equatable, Sendable {
    /// Rank of every adapter that no pattern names.
    public var rank = 8
    /// Numerator of the scale (α).
    public var alpha = 16.0
    /// Share of the adapter's inputs set to zero in training, 0 ..< 1.
    public var dropout = 0.1
    /// The layers to adapt: last parts of their checkpoint paths, or `all-linear`.
    ///
    /// That means all of the blocks; the head, `lm_head`, is adapted where it is named.
    public var targetModules = ["q_proj", "v_proj"]
    /// Whether the scale is α / sqrt(rank) (rsLoRA, arXiv 2312.03732) rather than α / rank.
    public var usesRankStabilizedScale = false
    /// Ranks of layers whose path ends in the key.
    public var rankPattern: [String: Int] = [:]
    /// Numerators of the scale (α) of layers whose path ends in the key.
    public var alphaPattern: [String: Double] = [:]

    /// The paper's settings: rank 8, alpha 16, dropout 0.1 on query and value projections.
    public init() {}

    /// Checks every value.
    ///
    /// - Throws: ``LoRAError/setting(key:expected:found:)``.
    public func validate() throws {
        func check(_ holds: Bool, _ key: String, _ expected: String, _ found: Any) throws {
            if !holds { throw LoRAError.setting(key: key, expected: expected, found: "\(found)") }
        }
        for (key, value) in [("rank", rank)] + rankPattern.map({ ("rank of \($0)", $1) }) {
            // Beyond every width of a layer; it keeps counts of parameters within `Int`.
            try check((1...65_536).contains(value), key, "an integer from 1 to 65536", value)
        }
        for (key, value) in [("alpha", alpha)] + alphaPattern.map({ ("alpha of \($0)", $1) }) {
            try check(value > 0 && value.isFinite, key, "a positive number", value)
        }
        try check((0..<1).contains(dropout), "dropout", "a number from 0 up to but not 1", dropout)
        try check(!targetModules.isEmpty, "target_modules", "at least one layer", "none")
    }

    /// Whether the layer at `path` gets an adapter.
    func targets(_ path: String, isHead: Bool) -> Bool {
        !isHead && targetModules.contains("all-linear")
            || targetModules.contains { ends(path, in: $0) }
    }

    /// Throws when two keys of a pattern name the same layer: which one holds would be by chance.
    func checkPatterns(_ path: String) throws {
        for (key, names) in [
            ("rank_pattern", Array(rankPattern.keys)), ("alpha_pattern", Array(alphaPattern.keys)),
        ] {
            let matches = names.filter { ends(path, in: $0) }.sorted()
            guard matches.count > 1 else { continue }
            throw LoRAError.setting(
                key: key,
                expected: "one key for \(path)",
                found: matches.joined(separator: " and ")
            )
        }
    }

    /// Rank and scale of the adapter of the layer at `path`.
    func rankAndScale(of path: String) -> (rank: Int, scale: Double) {
        let rank = rankPattern.first { ends(path, in: $0.key) }?.value ?? self.rank
        let alpha = alphaPattern.first { ends(path, in: $0.key) }?.value ?? self.alpha
        let divisor = usesRankStabilizedScale ? Double(rank).squareRoot() : Double(rank)
        return (rank, alpha / divisor)
    }
}

/// Whether `path` is `name` or ends in it after a dot, as PEFT matches names.
private func ends(_ path: String, in name: String) -> Bool {
    path == name || path.hasSuffix("." + name)
}
