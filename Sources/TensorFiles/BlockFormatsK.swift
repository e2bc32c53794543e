// The K formats: super-blocks of 256 weights in groups of 16 or 32, with a scale for each group.

extension BlockFormats {
    /// 16 bytes of 4-bit scales and minima, 64 of 2-bit codes, then the two factors.
    static func decodeQ2K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
        let scaleFactor = half(block, at: 80)
        let minimumFactor = half(block, at: 82)
        for group in 0..<16 {
            let packed = block.load(fromByteOffset: group, as: UInt8.self)
            store(
                twoBits(block + 16, group),
                scale: scaleFactor * Float(packed & 15),
                offset: -(minimumFactor * Float(packed >> 4)),
                to: output + 16 * group
            )
        }
    }

    /// 32 bytes of high bits, 64 of low bits, 12 of 6-bit scales, then the factor.
    static func decodeQ3K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
        let factor = half(block, at: 108)
        for group in 0..<16 {
            // A cleared high bit stands for -4.
            let high = bit(group / 2, of: load(block, at: 16 * (group % 2)))
            let codes = twoBits(block + 32, group) &- ((1 &- high) &<< 2)
            let scale = factor * Float(sixBitScale(block + 96, group) - 32)
            store(codes, scale: scale, to: output + 16 * group)
        }
    }

    /// The two factors, 12 bytes of 6-bit scales and minima, 128 of 4-bit codes.
    static func decodeQ4K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
        for group in 0..<8 {
            let (scale, minimum) = scaleAndMinimum(block, group)
            for part in 0..<2 {
                let codes = nibbles(load(block, at: 16 + 32 * (group / 2) + 16 * part), group % 2)
                store(
                    codes,
                    scale: scale,
                    offset: -minimum,
                    to: output + 32 * group + 16 * part
                )
            }
        }
    }

    /// As Q4_K, with 32 bytes of fifth bits before the codes.
    static func decodeQ5K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
        for group in 0..<8 {
            let (scale, minimum) = scaleAndMinimum(block, group)
            for part in 0..<2 {
                let low = nibbles(load(block, at: 48 + 32 * (group / 2) + 16 * part), group % 2)
                let high = bit(group, of: load(block, at: 16 + 16 * part))
                store(
                    low | (high &<< 4),
                    scale: scale,
                    offset: -minimum,
                    to: output + 32 * group + 16 * part
                )
            }
        }
    }

    /// 128 bytes of low halves, 64 of high pairs of bits, 16 signed scales, then the factor.
    static func decodeQ6K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
        let factor = half(block, at: 208)
        for group in 0..<16 {
            // Each half of the weights: four runs of 32, low nibbles of 64 bytes before the high.
            let run = group / 2 % 4
            let offset = 64 * (group / 8) + 32 * (run % 2) + 16 * (group % 2)
            let codes =
                nibbles(load(block, at: offset), run / 2)
                | (twoBits(block + 128, group) &<< 4)
            let scale = block.load(fromByteOffset: 192 + group, as: Int8.self)
            store(codes &- 32, scale: factor * Float(scale), to: output + 16 * group)
        }
    }

    /// Two-bit codes of a group of 16: each half of the weights is 32 bytes, read at four shifts.
    @inline(__always)
    private static func twoBits(_ codes: UnsafeRawPointer, _ group: Int) -> SIMD16<UInt8> {
        let bytes = load(codes, at: 32 * (group / 8) + 16 * (group % 2))
        return (bytes &>> UInt8(truncatingIfNeeded: 2 * (group / 2 % 4))) & 3
    }

    /// The low (0) or high (1) halves of bytes.
    @inline(__always)
    private static func nibbles(_ bytes: SIMD16<UInt8>, _ upper: Int) -> SIMD16<UInt8> {
        (bytes &>> UInt8(truncatingIfNeeded: 4 * upper)) & 15
    }

    /// One bit of each byte, as 0 or 1.
    @inline(__always)
    private static func bit(_ index: Int, of bytes: SIMD16<UInt8>) -> SIMD16<UInt8> {
        (bytes &>> UInt8(truncatingIfNeeded: index)) & 1
    }

    /// Scale of a group of Q3_K: 8 bytes hold the low halves, 4 the high pairs of bits.
    @inline(__always)
    private static func sixBitScale(_ scales: UnsafeRawPointer, _ group: Int) -> Int32 {
        let low = Int32(scales.load(fromByteOffset: group % 8, as: UInt8.self))
        let high = Int32(scales.load(fromByteOffset: 8 + group % 4, as: UInt8.self))
        return (low >> Int32(4 * (group / 8))) & 15 | ((high >> Int32(2 * (group / 4))) & 3) << 4
    }

    /// Scale and minimum of a group of Q4_K and Q5_K, times their factors.
    ///
    /// Groups 0 to 3 have whole bytes, whose upper two bits belong to groups 4 to 7.
    @inline(__always)
    private static func scaleAndMinimum(
        _ block: UnsafeRawPointer,
        _ group: Int
    ) -> (scale: Float, minimum: Float) {
        func packed(_ index: Int) -> UInt8 { block.load(fromByteOffset: 4 + index, as: UInt8.self) }
        let scale: UInt8
        let minimum: UInt8
        if group < 4 {
            scale = packed(group) & 63
            minimum = packed(group + 4) & 63
        } else {
            scale = packed(group + 4) & 15 | (packed(group - 4) >> 6) << 4
            minimum = packed(group + 4) >> 4 | (packed(group) >> 6) << 4
        }
        return (half(block, at: 0) * Float(scale), half(block, at: 2) * Float(minimum))
    }
}
