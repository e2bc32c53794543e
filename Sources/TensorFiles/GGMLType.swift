/// How ggml stores the weights of a tensor: in blocks of a fixed number of weights and bytes.
///
/// Source: `enum ggml_type` of ggml and `GGML_QUANT_SIZES` of gguf-py 0.19.
public struct GGMLType: Hashable, Sendable {
    /// The number that stands for the type in a GGUF file.
    public let identifier: UInt32
    /// The type's usual name, such as `Q4_K`.
    public let name: String
    /// Weights of one block; a row holds a whole number of blocks.
    public let blockWeights: Int
    /// Bytes of one block.
    public let blockBytes: Int

    private init(_ identifier: UInt32, _ name: String, _ blockWeights: Int, _ blockBytes: Int) {
        self.identifier = identifier
        self.name = name
        self.blockWeights = blockWeights
        self.blockBytes = blockBytes
    }

    /// The type of that number, if known.
    static func withIdentifier(_ identifier: UInt32) -> GGMLType? { table[identifier] }

    private static let table = Dictionary(uniqueKeysWithValues: all.map { ($0.identifier, $0) })

    private static let all = [
        GGMLType(0, "F32", 1, 4),
        GGMLType(1, "F16", 1, 2),
        GGMLType(2, "Q4_0", 32, 18),
        GGMLType(3, "Q4_1", 32, 20),
        GGMLType(6, "Q5_0", 32, 22),
        GGMLType(7, "Q5_1", 32, 24),
        GGMLType(8, "Q8_0", 32, 34),
        GGMLType(9, "Q8_1", 32, 40),
        GGMLType(10, "Q2_K", 256, 84),
        GGMLType(11, "Q3_K", 256, 110),
        GGMLType(12, "Q4_K", 256, 144),
        GGMLType(13, "Q5_K", 256, 176),
        GGMLType(14, "Q6_K", 256, 210),
        GGMLType(15, "Q8_K", 256, 292),
        GGMLType(16, "IQ2_XXS", 256, 66),
        GGMLType(17, "IQ2_XS", 256, 74),
        GGMLType(18, "IQ3_XXS", 256, 98),
        GGMLType(19, "IQ1_S", 256, 50),
        GGMLType(20, "IQ4_NL", 32, 18),
        GGMLType(21, "IQ3_S", 256, 110),
        GGMLType(22, "IQ2_S", 256, 82),
        GGMLType(23, "IQ4_XS", 256, 136),
        GGMLType(24, "I8", 1, 1),
        GGMLType(25, "I16", 1, 2),
        GGMLType(26, "I32", 1, 4),
        GGMLType(27, "I64", 1, 8),
        GGMLType(28, "F64", 1, 8),
        GGMLType(29, "IQ1_M", 256, 56),
        GGMLType(30, "BF16", 1, 2),
        GGMLType(34, "TQ1_0", 256, 54),
        GGMLType(35, "TQ2_0", 256, 66),
        GGMLType(39, "MXFP4", 32, 17),
        GGMLType(40, "NVFP4", 64, 36),
        GGMLType(41, "Q1_0", 128, 18),
    ]
}
