/// Decoders of ggml's block formats to single precision.
///
/// Layouts and the order of roundings are those of `dequantize_row_*` in ggml's `ggml-quants.c`
/// and of `gguf.quants` in gguf-py: a block holds integer codes and half-precision scales. Codes
/// are read sixteen at a time, since every group that shares a scale is a multiple of that.
enum BlockFormats {
    /// Decodes that many blocks from the first address to the second.
    typealias Decoder = @Sendable (UnsafeRawPointer, UnsafeMutablePointer<Float>, Int) -> Void

    /// Decodes one block.
    typealias BlockDecoder = @Sendable (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void

    /// Every format that can be decoded, by the name of its ``GGMLType``.
    static let decoders: [String: Decoder] = [
        "F32": decodeFloat32,
        "F16": decodeFloat16,
        "BF16": decodeBfloat16,
        "Q4_0": every(18, 32, decodeQ4Symmetric),
        "Q4_1": every(20, 32, decodeQ4Offset),
        "Q5_0": every(22, 32, decodeQ5Symmetric),
        "Q5_1": every(24, 32, decodeQ5Offset),
        "Q8_0": every(34, 32, decodeQ8Symmetric),
        "Q2_K": every(84, 256, decodeQ2K),
        "Q3_K": every(110, 256, decodeQ3K),
        "Q4_K": every(144, 256, decodeQ4K),
        "Q5_K": every(176, 256, decodeQ5K),
        "Q6_K": every(210, 256, decodeQ6K),
    ]

    /// A decoder that steps over blocks of so many bytes and weights.
    private static func every(
        _ blockBytes: Int,
        _ blockWeights: Int,
        _ decode: @escaping BlockDecoder
    ) -> Decoder {
        { source, output, count in
            for block in 0..<count {
                decode(source + block * blockBytes, output + block * blockWeights)
            }
        }
    }
}

// MARK: - Plain numbers

extension BlockFormats {
    private static func decodeFloat32(
        _ source: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        UnsafeMutableRawPointer(output)
            .copyMemory(from: source, byteCount: count * MemoryLayout<Float>.size)
    }

    private static func decodeFloat16(
        _ source: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        for index in 0..<count { output[index] = half(source, at: 2 * index) }
    }

    private static func decodeBfloat16(
        _ source: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        for index in 0..<count {
            let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
            output[index] = Float(bitPattern: UInt32(bits) << 16)
        }
    }

    /// The half-precision number at a byte offset.
    @inline(__always)
    static func half(_ source: UnsafeRawPointer, at offset: Int) -> Float {
        singlePrecision(source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The value of half-precision bits; exact, and the payload of a NaN is kept.
    ///
    /// `Float16` is missing on Intel Macs and slow without F16C. Only normal numbers are computed
    /// with, so the result does not change when the processor flushes subnormal ones to zero.
    @inline(__always)
    static func singlePrecision(_ bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7FFF) << 13  // exponent and fraction in binary32's place
        let sign = UInt32(bits & 0x8000) << 16
        // The bias of the exponent grows from 15 to 127; that of infinity and NaN from 31 to 255.
        let normal = magnitude &+ (112 << 23)
        let special = magnitude | 0x7F80_0000
        // fraction · 2⁻²⁴ = (1 + fraction · 2⁻¹⁰) · 2⁻¹⁴ - 2⁻¹⁴
        let smallestNormal = UInt32(113 << 23)
        let subnormal =
            Float(bitPattern: magnitude | smallestNormal) - Float(bitPattern: smallestNormal)
        let finite = magnitude < (1 << 23) ? subnormal.bitPattern : normal
        return Float(bitPattern: (magnitude >= (31 << 23) ? special : finite) | sign)
    }
}

// MARK: - Codes, sixteen at a time

extension BlockFormats {
    @inline(__always)
    static func load(_ source: UnsafeRawPointer, at offset: Int) -> SIMD16<UInt8> {
        source.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
    }

    /// Stores `scale · codes`; codes are taken as signed.
    @inline(__always)
    static func store(
        _ codes: SIMD16<UInt8>,
        scale: Float,
        to output: UnsafeMutablePointer<Float>
    ) {
        UnsafeMutableRawPointer(output).storeBytes(
            of: floats(codes) * scale,
            as: SIMD16<Float>.self
        )
    }

    /// Stores `scale · codes + offset`; codes are taken as signed.
    @inline(__always)
    static func store(
        _ codes: SIMD16<UInt8>,
        scale: Float,
        offset: Float,
        to output: UnsafeMutablePointer<Float>
    ) {
        UnsafeMutableRawPointer(output).storeBytes(
            of: floats(codes) * scale + offset,
            as: SIMD16<Float>.self
        )
    }

    @inline(__always)
    private static func floats(_ codes: SIMD16<UInt8>) -> SIMD16<Float> {
        SIMD16<Float>(SIMD16<Int32>(truncatingIfNeeded: SIMD16<Int8>(truncatingIfNeeded: codes)))
    }
}

// MARK: - Blocks of 32 weights

extension BlockFormats {
    // Byte i of the codes holds weight i in its low half and weight i + 16 in its high half.

    private static func decodeQ4Symmetric(
        _ block: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let scale = half(block, at: 0)
        let codes = load(block, at: 2)
        store((codes & 15) &- 8, scale: scale, to: output)
        store((codes &>> 4) &- 8, scale: scale, to: output + 16)
    }

    private static func decodeQ4Offset(
        _ block: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let scale = half(block, at: 0)
        let minimum = half(block, at: 2)
        let codes = load(block, at: 4)
        store(codes & 15, scale: scale, offset: minimum, to: output)
        store(codes &>> 4, scale: scale, offset: minimum, to: output + 16)
    }

    private static func decodeQ5Symmetric(
        _ block: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let scale = half(block, at: 0)
        let codes = load(block, at: 6)
        store(((codes & 15) | fifthBits(block, at: 2)) &- 16, scale: scale, to: output)
        store(((codes &>> 4) | fifthBits(block, at: 4)) &- 16, scale: scale, to: output + 16)
    }

    private static func decodeQ5Offset(
        _ block: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let scale = half(block, at: 0)
        let minimum = half(block, at: 2)
        let codes = load(block, at: 8)
        store(
            (codes & 15) | fifthBits(block, at: 4),
            scale: scale,
            offset: minimum,
            to: output
        )
        store(
            (codes &>> 4) | fifthBits(block, at: 6),
            scale: scale,
            offset: minimum,
            to: output + 16
        )
    }

    private static func decodeQ8Symmetric(
        _ block: UnsafeRawPointer,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let scale = half(block, at: 0)
        store(load(block, at: 2), scale: scale, to: output)
        store(load(block, at: 18), scale: scale, to: output + 16)
    }

    /// Sixteen packed bits, the lowest first, each as 16 (set) or 0.
    @inline(__always)
    private static func fifthBits(_ block: UnsafeRawPointer, at offset: Int) -> SIMD16<UInt8> {
        let first = SIMD8(repeating: block.load(fromByteOffset: offset, as: UInt8.self))
        let second = SIMD8(repeating: block.load(fromByteOffset: offset + 1, as: UInt8.self))
        let positions = SIMD8<UInt8>(0, 1, 2, 3, 4, 5, 6, 7)
        let bits = SIMD16(lowHalf: first &>> positions, highHalf: second &>> positions)
        return (bits & 1) &<< 4
    }
}
