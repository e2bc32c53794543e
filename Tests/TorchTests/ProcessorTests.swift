import Testing

@testable import Torch

@Suite("What the processor can do")
struct ProcessorTests {
    @Test(
        "Products in bfloat16 are known by their flags",
        arguments: [
            ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 avx512vl\nbogomips\t: 5", true),
            ("processor\t: 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile", true),
            ("processor\t: 0\nFeatures\t: fp asimd bf16 i8mm", true),
            ("processor\t: 0\nflags\t\t: fpu avx avx2 avx512f", false),
            ("processor\t: 0\nFeatures\t: fp asimd svebf16x", false),
            ("hart\t: 0\nisa\t: rv64imafdc", nil),
            ("", nil),
        ] as [(String, Bool?)]
    )
    func bfloat16(_ text: String, _ expected: Bool?) {
        #expect(Processor.multipliesBFloat16(accordingTo: text) == expected)
    }
}
