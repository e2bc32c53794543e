import Foundation

extension RotarySettings {
    /// Reads the settings of a checkpoint; `theta` holds where they name no base.
    ///
    /// Heads rotate as a whole, or, where there is a `share`, in the part that the settings name,
    /// or else in that one; `isLong` where positions may be scaled by LongRoPE and in no other way.
    ///
    /// - Throws: an error that names file, key, expected and found.
    init(
        _ settings: CheckpointSettings,
        _ sizes: DecoderSizes,
        theta usual: Double = 10_000,
        share usualShare: Double? = nil,
        isLong: Bool = false
    ) throws {
        theta = try settings.positiveNumber("rope_theta") ?? usual
        let whole = sizes.headSize
        let share = try usualShare.map {
            try settings.positiveNumber("partial_rotary_factor") ?? $0
        }
        size =
            try settings.sizeIfPresent("rotary_size")
            ?? Int(Double(whole) * min(share ?? 1, 1)) / 2 * 2
        let isPart = share != nil && size < whole && size.isMultiple(of: 2) && size > 0
        guard size == whole || isPart else {
            let expected = "the head size, \(whole)\(share == nil ? "" : ", or an even part of it")"
            throw try settings.invalid("rotary_size", expected: expected, found: "\(size)")
        }
        scaling = .none
        let kinds =
            settings.isGGUF
            ? ["none"] + (isLong ? ["longrope"] : ["linear", "yarn"])
            : isLong ? Self.phiKinds : Self.kinds
        switch try settings.choice("rope_type", of: kinds) ?? settings.standardRotaryType {
        case "linear": scaling = .linear(factor: try settings.factor("factor"))
        case "llama3":
            scaling = .llama3(
                factor: try settings.factor("factor"),
                lowFrequencyFactor: try settings.factor("low_freq_factor"),
                highFrequencyFactor: try settings.factor("high_freq_factor"),
                originalMaximumLength: try settings.size("original_max_position_embeddings")
            )
        case "yarn": try readYarn(settings)
        case "longrope", "su": try readLongRope(settings, sizes)
        default: break
        }
    }

    // Dynamic scaling changes nothing up to the length that the model was trained on.
    private static let kinds = ["default", "none", "linear", "dynamic", "llama3", "yarn"]
    // LongRoPE has other factors beyond the original length, which Phi-3 bounds its prompts by.
    private static let phiKinds = ["default", "longrope", "su"]
    private mutating func readYarn(_ settings: CheckpointSettings) throws {
        let factor = try settings.factor("factor")
        let original = try settings.size("original_max_position_embeddings")
        /// The pair that turns so often within the original length.
        func pair(turns: Double) -> Double {
            Double(size) * log(Double(original) / (turns * 2 * .pi)) / (2 * log(theta))
        }
        let fast = pair(turns: try settings.positiveNumber("beta_fast") ?? 32)
        let slow = pair(turns: try settings.positiveNumber("beta_slow") ?? 1)
        let rounds = try settings.boolean("truncate") ?? true
        scaling = .yarn(
            factor: factor,
            first: max(rounds ? fast.rounded(.down) : fast, 0),
            last: min(rounds ? slow.rounded(.up) : slow, Double(size - 1))
        )
        func growth(_ scale: Double) -> Double { factor > 1 ? 0.1 * scale * log(factor) + 1 : 1 }
        magnitude = growth(1)
        // GGUF files have one of the two, and mean 1 by the other.
        if let scale = settings.isGGUF ? 1 : try settings.number("mscale"), scale != 0,
            let all = try settings.number("mscale_all_dim"), all != 0
        {
            magnitude = growth(scale) / growth(all)
        }
        if settings.isGGUF { return try refuseFactors(settings) }
        magnitude = try settings.positiveNumber("attention_factor") ?? magnitude
    }

    /// Refuses factors of YaRN in a GGUF file that its converters do not agree about.
    private func refuseFactors(_ settings: CheckpointSettings) throws {
        for name in ["yarn_attention_factor", "yarn_extrapolation_factor", "attention_factor"] {
            guard let factor = try settings.number(name), factor != 1 else { continue }
            throw try settings.invalid(name, expected: "none, or 1, with YaRN", found: "\(factor)")
        }
    }

    /// The short factors: those of prompts up to the original length, which bounds the model's.
    private mutating func readLongRope(
        _ settings: CheckpointSettings,
        _ sizes: DecoderSizes
    ) throws {
        let original = try settings.size("original_max_position_embeddings")
        let factors = try settings.numbers("short_factor", count: size / 2)
        scaling = .divided(try settings.required("short_factor", factors))
        let factor =
            try settings.positiveNumber("factor") ?? Double(sizes.maximumLength) / Double(original)
        magnitude = factor > 1 ? (1 + log(factor) / log(Double(original))).squareRoot() : 1
        magnitude = try settings.positiveNumber("attention_factor") ?? magnitude
    }
}

extension CheckpointSettings {
    /// A positive number, which must be there.
    fileprivate func factor(_ name: String) throws -> Double {
        try required(name, positiveNumber(name))
    }
}
