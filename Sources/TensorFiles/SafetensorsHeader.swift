import JSON

/// The decoded and checked header of a safetensors file.
struct SafetensorsHeader {
    /// The reference library's bound, 100 MB.
    static let maximumLength = 100_000_000
    static let lengthBytes = 8
    static let metadataKey = "__metadata__"

    /// Values that tensors can have in a text of so many bytes: some 8 in 60 bytes each.
    static func maximumValues(_ length: Int) -> Int { 1024 + length / 4 }

    private(set) var metadata: [String: String] = [:]
    private(set) var entries: [TensorEntry] = []

    private let path: String
    private let dataStart: Int
    private let fileLength: Int

    init(of file: InputFile) throws {
        path = file.url.path
        fileLength = file.count
        let length = try Self.length(in: file)
        dataStart = Self.lengthBytes + length
        let text = try file.array(Self.lengthBytes..<dataStart)
        // Keys that differ in bytes may be canonically equivalent, and so equal as strings.
        var names: Set<String> = []
        for member in try Self.members(of: text, path: path) {
            guard names.insert(member.key).inserted else {
                throw malformed("two tensors are named \"\(member.key)\"")
            }
            if member.key == Self.metadataKey {
                metadata = try decodeMetadata(member.value)
            } else {
                entries.append(try decodeEntry(member))
            }
        }
        try checkCoverage()
    }

    /// The length of the JSON text behind the number that says it.
    private static func length(in file: InputFile) throws -> Int {
        func malformed(_ problem: String) -> TensorFileError {
            .malformed(file: file.url.path, problem: problem)
        }
        guard file.count >= lengthBytes else {
            throw malformed("a safetensors file has at least 8 bytes, this one \(file.count)")
        }
        let start = try file.array(0..<min(file.count, 64))
        guard !start.starts(with: "version https://git-lfs".utf8) else {
            throw malformed("it is a Git LFS pointer, the weights themselves were not downloaded")
        }
        let length = start.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= maximumLength else {
            throw malformed("the header's length is \(length), the limit is \(maximumLength)")
        }
        let end = lengthBytes + Int(length)
        guard end <= file.count else {
            throw malformed("the header ends at byte \(end), the file at \(file.count)")
        }
        guard length > 0, start[lengthBytes] == UInt8(ascii: "{") else {
            throw malformed("the header does not start with \"{\"")
        }
        return Int(length)
    }

    private static func members(
        of text: [UInt8],
        path: String
    ) throws -> [JSONValue.Member] {
        do {
            return try JSONNode(
                parsing: text,
                file: path,
                maximumValues: maximumValues(text.count)
            )
            .members()
        } catch let error as JSONError {
            throw TensorFileError.malformed(file: path, problem: "header: \(error.problem)")
        }
    }

    private func malformed(_ problem: String) -> TensorFileError {
        .malformed(file: path, problem: problem)
    }

    private func decodeMetadata(_ value: JSONValue) throws -> [String: String] {
        guard case .object(let members) = value else {
            throw malformed("\(Self.metadataKey) should be an object, found \(value.kind)")
        }
        var metadata: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else {
                throw malformed(
                    "\(Self.metadataKey).\(member.key) should be a string, "
                        + "found \(member.value.kind)"
                )
            }
            metadata[member.key] = text
        }
        return metadata
    }

    private func decodeEntry(_ member: JSONValue.Member) throws -> TensorEntry {
        let name = member.key
        guard case .object(let fields) = member.value else {
            throw malformed("tensor \"\(name)\" should be an object, found \(member.value.kind)")
        }
        func field(_ key: String) throws -> JSONValue {
            guard let field = fields.first(where: { $0.key == key }) else {
                throw malformed("tensor \"\(name)\" has no \(key)")
            }
            return field.value
        }
        let type = try elementType(field("dtype"), of: name)
        let shape = try sizes(field("shape"), of: "the shape of tensor \"\(name)\"")
        let offsets = try sizes(field("data_offsets"), of: "data_offsets of tensor \"\(name)\"")
        guard offsets.count == 2 else {
            throw malformed(
                "data_offsets of tensor \"\(name)\" should be two numbers, found \(offsets.count)"
            )
        }
        return TensorEntry(
            name: name,
            elementType: type,
            shape: shape,
            byteRange: try byteRange(from: offsets[0], to: offsets[1], of: name, type, shape)
        )
    }

    private func elementType(_ value: JSONValue, of name: String) throws -> ElementType {
        guard case .string(let spelling) = value else {
            throw malformed(
                "the dtype of tensor \"\(name)\" should be a string, found \(value.kind)"
            )
        }
        guard let type = ElementType(rawValue: spelling) else {
            throw TensorFileError.unsupported(
                file: path,
                feature: "dtype \"\(spelling)\" of tensor \"\(name)\""
            )
        }
        return type
    }

    private func sizes(_ value: JSONValue, of what: String) throws -> [Int] {
        guard case .array(let elements) = value else {
            throw malformed("\(what) should be an array, found \(value.kind)")
        }
        return try elements.map { element in
            guard case .integer(let size) = element, size >= 0 else {
                throw malformed(
                    "\(what) should hold non-negative integers, found \(element.kind)"
                )
            }
            return size
        }
    }

    /// The bytes in the file between two offsets, which count from the end of the header.
    private func byteRange(
        from begin: Int,
        to end: Int,
        of name: String,
        _ type: ElementType,
        _ shape: [Int]
    ) throws -> Range<Int> {
        let dataLength = fileLength - dataStart
        guard begin <= end, end <= dataLength else {
            throw malformed(
                "tensor \"\(name)\" spans bytes \(begin) to \(end) of a data section of "
                    + "\(dataLength)"
            )
        }
        guard let size = byteCount(of: type, shape: shape) else {
            throw malformed("the shape \(shape) of tensor \"\(name)\" is too large")
        }
        guard end - begin == size else {
            throw malformed(
                "tensor \"\(name)\" of type \(type.rawValue) and shape \(shape) needs \(size) "
                    + "bytes, found \(end - begin)"
            )
        }
        return dataStart + begin..<dataStart + end
    }

    /// Tensors must follow one another without gap or overlap up to the end of the file.
    private func checkCoverage() throws {
        let sorted = entries.sorted {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        var end = dataStart
        for entry in sorted {
            guard entry.byteRange.lowerBound == end else {
                let fault = entry.byteRange.lowerBound < end ? "overlaps the one" : "leaves a gap"
                throw malformed(
                    "tensor \"\(entry.name)\" \(fault) before it: it should start at byte "
                        + "\(end - dataStart), found \(entry.byteRange.lowerBound - dataStart)"
                )
            }
            end = entry.byteRange.upperBound
        }
        guard end == fileLength else {
            throw malformed("the tensors end at byte \(end), the file at \(fileLength)")
        }
    }
}
