import Foundation
import TensorFiles
import Testing

@Suite("Safetensors, bad input")
struct SafetensorsBadInputTests {
    static let byte = #""dtype":"U8","shape":[1]"#

    @Test(
        "A bad header is refused with the reason",
        arguments: [
            ("[]", 0, "the header does not start with \"{\""),
            (" {}", 0, "the header does not start with \"{\""),
            ("", 0, "the header does not start with \"{\""),
            (
                "{", 0,
                "header: not valid JSON at line 1, column 2: expected a key in double quotes, "
                    + "found the end of the text"
            ),
            (
                "{}{", 0,
                "header: not valid JSON at line 1, column 3: expected the end of the text, "
                    + "found '{'"
            ),
            ("{}", 1, "the tensors end at byte 10, the file at 11"),
            (#"{"a":1}"#, 0, "tensor \"a\" should be an object, found the number 1"),
            (#"{"a":{}}"#, 0, "tensor \"a\" has no dtype"),
            (#"{"a":{"dtype":"U8"}}"#, 0, "tensor \"a\" has no shape"),
            (#"{"a":{\#(byte)}}"#, 0, "tensor \"a\" has no data_offsets"),
            (#"{"__metadata__":[]}"#, 0, "__metadata__ should be an object, found an array"),
            (
                #"{"__metadata__":{"k":1}}"#, 0,
                "__metadata__.k should be a string, found the number 1"
            ),
            (
                #"{"a":{"dtype":8,"shape":[],"data_offsets":[0,0]}}"#, 0,
                "the dtype of tensor \"a\" should be a string, found the number 8"
            ),
            (
                #"{"a":{"dtype":"F4","shape":[],"data_offsets":[0,0]}}"#, 0,
                "dtype \"F4\" of tensor \"a\" is not supported"
            ),
            (
                #"{"a":{"dtype":"U8","shape":3,"data_offsets":[0,3]}}"#, 3,
                "the shape of tensor \"a\" should be an array, found the number 3"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1,
                "the shape of tensor \"a\" should hold non-negative integers, found the number -1"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1,
                "the shape of tensor \"a\" should hold non-negative integers, found the number 1.0"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}"#, 1,
                "should hold non-negative integers, found the number 9.223372036854776e+18"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
                "the shape [4294967296, 4294967296] of tensor \"a\" is too large"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#, 0,
                "the shape [4611686018427387904] of tensor \"a\" is too large"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0]}}"#, 1,
                "data_offsets of tensor \"a\" should be two numbers, found 1"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[1,0]}}"#, 1,
                "tensor \"a\" spans bytes 1 to 0 of a data section of 1"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,2]}}"#, 1,
                "tensor \"a\" spans bytes 0 to 2 of a data section of 1"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,9223372036854775807]}}"#, 1,
                "tensor \"a\" spans bytes 0 to 9223372036854775807 of a data section of 1"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,2]}}"#, 2,
                "tensor \"a\" of type U8 and shape [1] needs 1 bytes, found 2"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,1]},"b":{\#(byte),"data_offsets":[0,1]}}"#, 1,
                "overlaps the one before it: it should start at byte 1, found 0"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,1]},"b":{\#(byte),"data_offsets":[2,3]}}"#, 3,
                "tensor \"b\" leaves a gap before it: it should start at byte 1, found 2"
            ),
            (
                #"{"a":{\#(byte),"data_offsets":[0,1]},"a":{\#(byte),"data_offsets":[1,2]}}"#, 2,
                "header: not valid JSON at line 1, column 54: expected distinct keys, "
                    + "found \"a\" once more"
            ),
            (
                #"{"\#u{E9}":{\#(byte),"data_offsets":[0,1]},"#
                    + #""e\#u{301}":{\#(byte),"data_offsets":[1,2]}}"#, 2,
                "two tensors are named \"e\u{301}\""
            ),
        ] as [(String, Int, String)]
    )
    func refuses(header: String, dataLength: Int, problem: String) throws {
        try withFile(safetensorsFile(header, dataLength: dataLength)) { url in
            let text = try sentence { _ = try Safetensors(contentsOf: url) }
            #expect(text.hasPrefix("\(url.path): ") && text.hasSuffix(problem))
        }
    }

    @Test(
        "A length field beyond the file or the limit is refused",
        arguments: [
            (UInt64(3), "the header ends at byte 11, the file at 10"),
            (100_000_000, "the header ends at byte 100000008, the file at 10"),
            (100_000_001, "the header's length is 100000001, the limit is 100000000"),
            (.max, "the header's length is 18446744073709551615, the limit is 100000000"),
        ]
    )
    func refusesLength(length: UInt64, problem: String) throws {
        try withFile(bytes(length) + Data("{}".utf8)) { url in
            let text = try sentence { _ = try Safetensors(contentsOf: url) }
            #expect(text.hasSuffix(problem))
        }
    }

    @Test("A Git LFS pointer is called one")
    func refusesPointer() throws {
        try withFile(Data("version https://git-lfs.github.com/spec/v1\n".utf8)) { url in
            let text = try sentence { _ = try Safetensors(contentsOf: url) }
            let problem = "it is a Git LFS pointer, the weights themselves were not downloaded"
            #expect(text == "\(url.path): \(problem)")
        }
    }

    @Test("A name that is not UTF-8 is refused")
    func refusesBadText() throws {
        var file = safetensorsFile(#"{"x":{}}"#, dataLength: 0)
        file[10] = 0xFF
        try withFile(file) { url in
            let text = try sentence { _ = try Safetensors(contentsOf: url) }
            #expect(
                text.hasSuffix(
                    "header: not valid JSON at line 1, column 3: expected UTF-8, "
                        + "found another byte sequence"
                )
            )
        }
    }

    @Test("Every shortened file is refused")
    func refusesPrefixes() throws {
        let whole = try Data(contentsOf: golden("all-types.safetensors"))
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("short.safetensors")
            for length in 0..<whole.count {
                try whole.prefix(length).write(to: url)
                #expect(throws: TensorFileError.self, "\(length) bytes") {
                    try Safetensors(contentsOf: url)
                }
            }
        }
    }

    @Test(
        "A header of many small values, which would take many times its length, is refused",
        arguments: ["0,", "[],", "[1],", #"{"":0},"#, #""","#]
    )
    func refusesManyValues(value: String) throws {
        let values = String(repeating: value, count: 30_000 / value.utf8.count)
        let header = #"{"a":{"dtype":"F32","shape":[\#(values)0]}}"#
        try withFile(safetensorsFile(header, dataLength: 0)) { url in
            let text = try sentence { _ = try Safetensors(contentsOf: url) }
            #expect(text.contains("values in a text of 30"), "\(text)")
        }
    }

    @Test("A file with random bytes changed is read or refused, never more")
    func survivesMutation() throws {
        let whole = try Data(contentsOf: golden("all-types.safetensors"))
        var random = SeededGenerator(state: 1)
        var refused = 0
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("mutated.safetensors")
            for _ in 0..<4000 {
                var mutated = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let index = Int.random(in: 0..<mutated.count, using: &random)
                    mutated[index] = UInt8.random(in: .min ... .max, using: &random)
                }
                try mutated.write(to: url)
                do {
                    let file = try Safetensors(contentsOf: url)
                    for name in file.names {
                        _ = try SafetensorsTests.content(file.bytes(of: name))
                    }
                } catch is TensorFileError {
                    refused += 1
                }
            }
        }
        // Most of the file is header, where nearly every change breaks the format.
        #expect(refused > 2000 && refused < 4000)
    }
}
