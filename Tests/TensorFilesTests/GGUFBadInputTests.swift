import Foundation
import TensorFiles
import Testing

@Suite("GGUF, bad input")
struct GGUFBadInputTests {
    /// A file that must be refused, and the end of the sentence that says why.
    struct Case: Sendable, CustomTestStringConvertible {
        let file: Data
        let problem: String
        var testDescription: String { problem }

        init(_ problem: String, _ change: (inout GGUFBytes) -> Void) {
            var file = GGUFBytes()
            change(&file)
            self.file = file.file
            self.problem = problem
        }

        init(_ problem: String, key type: UInt32, _ value: Data) {
            self.init(problem) { $0.keys = [("k", type, value)] }
        }

        init(_ problem: String, tensor sizes: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
            self.init(problem) {
                $0.tensors = [("t", sizes, type, offset)]
                $0.data = Data(count: 64)
            }
        }
    }

    static let cases: [Case] = [
        Case("GGUF version 1, other than 2 and 3, is not supported") { $0.version = 1 },
        Case("GGUF version 4, other than 2 and 3, is not supported") { $0.version = 4 },
        Case("GGUF version 0, other than 2 and 3, is not supported") { $0.version = 0 },
        Case("big-endian GGUF (version 3) is not supported") { $0.version = 0x0300_0000 },
        Case("metadata key \"k\" occurs twice") {
            $0.keys = [("k", 0, Data([1])), ("k", 0, Data([2]))]
        },
        Case("metadata key \"k\" has the unknown value type 13", key: 13, Data()),
        Case("metadata key \"k\" is a bool and should be 0 or 1, found 2", key: 7, Data([2])),
        Case(
            "metadata key \"k\", at byte 45, is not UTF-8",
            key: 8,
            bytes(UInt64(2)) + Data([0xC3, 0x28])
        ),
        Case(
            "metadata key \"k\", at byte 45, ends after the file, which has 64 bytes",
            key: 8,
            bytes(UInt64.max)
        ),
        Case(
            "metadata key \"k\", at byte 49, ends after the file, which has 64 bytes",
            key: 9,
            bytes(UInt32(0)) + bytes(UInt64.max)
        ),
        Case(
            "metadata key \"k\", at byte 49, ends after the file, which has 64 bytes",
            key: 9,
            bytes(UInt32(12)) + bytes(UInt64(2))
        ),
        Case(
            "metadata key \"k\" is nested too deeply",
            key: 9,
            (0..<9).reduce(Data()) { data, _ in data + bytes(UInt32(9)) + bytes(UInt64(1)) }
        ),
        Case(
            "metadata key \"general.alignment\" should be a uint32 power of two, found uint32 48"
        ) { $0.keys = [("general.alignment", 4, bytes(UInt32(48)))] },
        Case(
            "metadata key \"general.alignment\" should be a uint32 power of two, found uint32 0"
        ) { $0.keys = [("general.alignment", 4, bytes(UInt32(0)))] },
        Case(
            "metadata key \"general.alignment\" should be a uint32 power of two, found uint64 32"
        ) { $0.keys = [("general.alignment", 10, bytes(UInt64(32)))] },
        Case("tensor \"t\" has 5 dimensions, the limit is 4", tensor: [1, 1, 1, 1, 1]),
        Case(
            "a size of tensor \"t\" is 18446744073709551615, which is too large",
            tensor: [.max]
        ),
        Case(
            "the shape [4294967296, 4294967296] of tensor \"t\" is too large",
            tensor: [1 << 32, 1 << 32]
        ),
        Case("type 99 of tensor \"t\" is not supported", tensor: [1], type: 99),
        Case("type 4 of tensor \"t\" is not supported", tensor: [32], type: 4),
        Case(
            "of tensor \"t\" of shape [2, 16] should be a multiple of 32, the block size of Q4_0",
            tensor: [16, 2],
            type: 2
        ),
        Case(
            "rows of tensor \"t\" of shape [] should be a multiple of 32, the block size of Q4_0",
            tensor: [],
            type: 2
        ),
        Case(
            "the offset 8 of tensor \"t\" should be a multiple of the alignment 32",
            tensor: [1],
            offset: 8
        ),
        Case(
            "of type F32 and shape [17] at offset 0 of the data section ends after the file, "
                + "which has 128 bytes",
            tensor: [17]
        ),
        Case(
            "of type F32 and shape [1] at offset 64 of the data section ends after the file, "
                + "which has 128 bytes",
            tensor: [1],
            offset: 64
        ),
        Case(
            "at offset 18446744073709551584 of the data section ends after the file, "
                + "which has 128 bytes",
            tensor: [1],
            offset: .max - 31
        ),
        Case(
            "of type F32 and shape [4611686018427387904] at offset 0 of the data section ends "
                + "after the file, which has 128 bytes",
            tensor: [1 << 62]
        ),
        Case("two tensors are named \"t\"") {
            $0.tensors = [("t", [1], 0, 0), ("t", [1], 0, 32)]
            $0.data = Data(count: 64)
        },
        Case("tensors \"a\" and \"b\" overlap") {
            $0.tensors = [("b", [1], 0, 32), ("a", [9], 0, 0)]
            $0.data = Data(count: 64)
        },
    ]

    @Test("A bad file is refused with the reason", arguments: cases)
    func refuses(test: Case) throws {
        try withFile(test.file) { url in
            let text = try sentence { _ = try GGUF(contentsOf: url) }
            #expect(text.hasPrefix("\(url.path): ") && text.hasSuffix(test.problem))
        }
    }

    @Test("Numbers of keys and tensors beyond the file are refused", arguments: [8, 16])
    func refusesCounts(offset: Int) throws {
        var file = GGUFBytes().file
        file.replaceSubrange(offset..<offset + 8, with: bytes(UInt64.max))
        try withFile(file) { url in
            _ = #expect(throws: TensorFileError.self) { try GGUF(contentsOf: url) }
        }
    }

    @Test(
        "Headers that a sparse file is long enough for are refused before they fill the memory",
        arguments: [
            // Arrays of bytes, of two bytes, of texts, of arrays; a text.
            (UInt32(9), bytes(UInt32(0)), 1 << 21, "has 2097152 elements of one or two bytes"),
            (9, bytes(UInt32(3)), 1 << 21, "the limit for a file is 1048576"),
            (9, bytes(UInt32(8)), 1 << 30, "ends after the limit of 268435456 bytes"),
            (9, bytes(UInt32(9)), 1 << 30, "ends after the limit of 268435456 bytes"),
            (8, Data(), 1 << 40, "ends after the limit of 268435456 bytes"),
        ]
    )
    func refusesLongValues(type: UInt32, elements: Data, length: Int, problem: String) throws {
        var file = GGUFBytes()
        file.keys = [("k", type, elements + bytes(UInt64(length)))]
        try withFile(file.file) { url in
            #expect(truncate(url.path, 1 << 42) == 0)
            let text = try sentence { _ = try GGUF(contentsOf: url) }
            #expect(text.contains(problem), "\(text)")
        }
    }

    @Test("A big-endian file by gguf-py and other formats are refused by name")
    func refusesOtherFormats() throws {
        let bigEndian = try sentence {
            _ = try GGUF(contentsOf: golden("metadata-big-endian.gguf"))
        }
        #expect(bigEndian.hasSuffix("big-endian GGUF (version 3) is not supported"))
        let other = try sentence { _ = try GGUF(contentsOf: golden("all-types.safetensors")) }
        #expect(other.hasSuffix("all-types.safetensors: it does not start with \"GGUF\""))
    }

    @Test("Every file shortened before its last weight is refused")
    func refusesPrefixes() throws {
        let source = golden("metadata-v3.gguf")
        let whole = try Data(contentsOf: source)
        let end = try #require(
            GGUF(contentsOf: source).tensors.values.map(\.byteRange.upperBound).max()
        )
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("short.gguf")
            for length in 0..<end {
                try whole.prefix(length).write(to: url)
                #expect(throws: TensorFileError.self, "\(length) bytes") {
                    try GGUF(contentsOf: url)
                }
            }
            try whole.prefix(end).write(to: url)
            #expect(throws: Never.self) { try GGUF(contentsOf: url) }
        }
    }

    @Test(
        "A file with random bytes changed is read or refused, never more",
        arguments: [("metadata-v3.gguf", 0..<960, 4000), ("blocks.gguf", 0..<700, 1500)]
    )
    func survivesMutation(name: String, range: Range<Int>, count: Int) throws {
        let whole = try Data(contentsOf: golden(name))
        var random = SeededGenerator(state: 2)
        var refused = 0
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("mutated.gguf")
            for _ in 0..<count {
                var mutated = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let index = Int.random(in: range, using: &random)
                    mutated[index] = UInt8.random(in: .min ... .max, using: &random)
                }
                try mutated.write(to: url)
                do {
                    let file = try GGUF(contentsOf: url)
                    // Formats that are not decoded may throw here.
                    for name in file.names { _ = try? file.dequantized(name) }
                } catch is TensorFileError {
                    refused += 1
                }
            }
        }
        // Changed values of metadata are as valid as before; lengths, types and offsets are not.
        #expect(refused > count / 4 && refused < count)
    }
}
