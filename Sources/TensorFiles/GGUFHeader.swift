/// The decoded and checked part of a GGUF file before its tensor data.
struct GGUFHeader {
    let version: Int
    private(set) var metadata: [String: GGUFValue] = [:]
    private(set) var tensors: [GGUFTensor] = []

    private static let magic: UInt32 = 0x4655_4747  // "GGUF" read as little-endian
    private static let maximumDimensions = 4  // GGML_MAX_DIMS
    private static let alignmentKey = "general.alignment"
    private static let defaultAlignment = 32

    /// A tensor whose data section is not located yet.
    private struct Declaration {
        let name: String
        let shape: [Int]
        let type: GGMLType
        let elementCount: Int
        let offset: UInt64
    }

    init(of file: InputFile) throws {
        var reader = GGUFReader(file)
        guard try reader.integer(UInt32.self, of: "the magic number") == Self.magic else {
            throw reader.malformed("it does not start with \"GGUF\"")
        }
        version = try Self.readVersion(&reader)
        let tensorCount = try reader.integer(UInt64.self, of: "the number of tensors")
        let metadataCount = try reader.integer(UInt64.self, of: "the number of metadata keys")

        // Both loops end with the file: every turn reads at least its name.
        var index: UInt64 = 0
        while index < metadataCount {
            let key = try reader.string(of: "metadata key \(index)")
            let value = try reader.value(of: "metadata key \"\(key)\"")
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw reader.malformed("metadata key \"\(key)\" occurs twice")
            }
            index += 1
        }
        var declarations: [Declaration] = []
        while UInt64(declarations.count) < tensorCount {
            declarations.append(try Self.readDeclaration(&reader, declarations.count))
        }
        try locate(declarations, reader)
    }

    private static func readVersion(_ reader: inout GGUFReader) throws -> Int {
        let version = try reader.integer(UInt32.self, of: "the version")
        switch version {
        case 2, 3: return Int(version)
        case _ where version & 0xFFFF == 0 && version != 0:
            throw TensorFileError.unsupported(
                file: reader.path,
                feature: "big-endian GGUF (version \(version.byteSwapped))"
            )
        default:
            throw TensorFileError.unsupported(
                file: reader.path,
                feature: "GGUF version \(version), other than 2 and 3,"
            )
        }
    }

    private static func readDeclaration(
        _ reader: inout GGUFReader,
        _ index: Int
    ) throws -> Declaration {
        let name = try reader.string(of: "the name of tensor \(index)")
        let dimensions = try reader.integer(UInt32.self, of: "the dimensions of \"\(name)\"")
        guard dimensions <= maximumDimensions else {
            throw reader.malformed(
                "tensor \"\(name)\" has \(dimensions) dimensions, the limit is \(maximumDimensions)"
            )
        }
        var sizes: [Int] = []
        for _ in 0..<dimensions {
            let size = try reader.integer(UInt64.self, of: "the shape of \"\(name)\"")
            guard let size = Int(exactly: size) else {
                throw reader.malformed(
                    "a size of tensor \"\(name)\" is \(size), which is too large"
                )
            }
            sizes.append(size)
        }
        let identifier = try reader.integer(UInt32.self, of: "the type of \"\(name)\"")
        guard let type = GGMLType.withIdentifier(identifier) else {
            throw TensorFileError.unsupported(
                file: reader.path,
                feature: "type \(identifier) of tensor \"\(name)\""
            )
        }
        let shape = Array(sizes.reversed())
        guard let count = elementCount(of: shape) else {
            throw reader.malformed("the shape \(shape) of tensor \"\(name)\" is too large")
        }
        guard (shape.last ?? 1).isMultiple(of: type.blockWeights) else {
            throw reader.malformed(
                "rows of tensor \"\(name)\" of shape \(shape) should be a multiple of "
                    + "\(type.blockWeights), the block size of \(type.name)"
            )
        }
        let offset = try reader.integer(UInt64.self, of: "the offset of \"\(name)\"")
        return Declaration(
            name: name,
            shape: shape,
            type: type,
            elementCount: count,
            offset: offset
        )
    }

    private func alignment(_ reader: GGUFReader) throws -> Int {
        guard let value = metadata[Self.alignmentKey] else { return Self.defaultAlignment }
        guard case .uint32(let alignment) = value, alignment.nonzeroBitCount == 1
        else {
            throw TensorFileError.wrongType(
                file: reader.path,
                key: Self.alignmentKey,
                expected: "a uint32 power of two",
                found: value.kind
            )
        }
        return Int(alignment)
    }

    /// Turns offsets, which count from the aligned end of the header, into byte ranges.
    private mutating func locate(_ declarations: [Declaration], _ reader: GGUFReader) throws {
        let alignment = try alignment(reader)
        let excess = reader.position % alignment
        let dataStart = reader.position + (excess == 0 ? 0 : alignment - excess)
        var names: Set<String> = []
        for tensor in declarations {
            guard names.insert(tensor.name).inserted else {
                throw reader.malformed("two tensors are named \"\(tensor.name)\"")
            }
            guard tensor.offset.isMultiple(of: UInt64(alignment)) else {
                throw reader.malformed(
                    "the offset \(tensor.offset) of tensor \"\(tensor.name)\" should be a multiple "
                        + "of the alignment \(alignment)"
                )
            }
            let blocks = tensor.elementCount / tensor.type.blockWeights
            let (size, overflow) = blocks.multipliedReportingOverflow(by: tensor.type.blockBytes)
            let room = reader.count - dataStart
            guard !overflow, let offset = Int(exactly: tensor.offset), offset <= room,
                size <= room - offset
            else {
                throw reader.malformed(
                    "tensor \"\(tensor.name)\" of type \(tensor.type.name) and shape "
                        + "\(tensor.shape) at offset \(tensor.offset) of the data section ends "
                        + "after the file, which has \(reader.count) bytes"
                )
            }
            let begin = dataStart + offset
            tensors.append(
                GGUFTensor(
                    name: tensor.name,
                    shape: tensor.shape,
                    type: tensor.type,
                    elementCount: tensor.elementCount,
                    byteRange: begin..<begin + size
                )
            )
        }
        try checkOverlap(reader)
    }

    private func checkOverlap(_ reader: GGUFReader) throws {
        let sorted = tensors.filter { !$0.byteRange.isEmpty }
            .sorted { $0.byteRange.lowerBound < $1.byteRange.lowerBound }
        for (tensor, next) in zip(sorted, sorted.dropFirst())
        where next.byteRange.lowerBound < tensor.byteRange.upperBound {
            throw reader.malformed("tensors \"\(tensor.name)\" and \"\(next.name)\" overlap")
        }
    }
}
