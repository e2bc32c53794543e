// Gemma 3: Gemma 2 with norms of the heads in place of caps; of six blocks, five see a window and
// have a rotary base of their own (arXiv 2503.19786).

/// The settings of a Gemma 3.
struct Gemma3Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    /// Of the blocks that see all.
    let rotary: RotarySettings
    /// Of those that see a window.
    let slidingRotary: RotarySettings
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]
    let gemma: GemmaSettings

    static let modelTypes = ["gemma3_text"]

    static let gguf = GGUFLayout(
        "gemma3",
        interleaved: false,
        others: GemmaSettings.ggufLayers.merging([
            "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
        ]) { _, new in new }
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, tiesEmbeddings: true, keyHeads: 4, headSize: 256)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        let (full, sliding) = settings.ofKinds(slidingBase: "rope_local_base_freq")
        rotary = try RotarySettings(full, sizes, theta: 1_000_000)
        slidingRotary = try RotarySettings(sliding, sizes, theta: 10_000)
        gemma = try GemmaSettings(settings, sizes, caps: (nil, nil))
        let window = try settings.size("sliding_window", orElse: 4096)
        let every = try settings.sizeIfPresent("sliding_window_pattern") ?? 6
        windows = try settings.windows(window, layers: sizes.layerCount) { ($0 + 1) % every != 0 }
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let full = try RotaryEmbedding(rotary, weights)
        let sliding = try RotaryEmbedding(slidingRotary, weights)
        let ends = gemma.ends(sizes)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon, ends: ends) { place, number in
            let window = windows[number]
            let rule = gemma.rule(window == nil ? full : sliding, window: window)
            return try gemma.block(place, sizes, normEpsilon, rule, normsHeads: true)
        }
    }
}
