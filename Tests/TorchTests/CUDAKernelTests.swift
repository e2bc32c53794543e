import CTorch
import Foundation
import HostKernels
import TestSupport
import Testing

@testable import Torch

/// The kernels for CUDA, compiled for the processor, against the layers in 64 bits.
///
/// What starts them is the code that starts them on a card, but for the driver's call.
@Suite("Kernels for CUDA compute what the layers do")
struct CUDAKernelTests {
    /// Rounding leaves at most half a unit in the last place, of many numbers less on average.
    private static let tolerances: [DType: Double] = [.float32: 1e-6, .bfloat16: 2e-3]

    /// What a layer in 64 bits makes of x, and of a gradient of its result.
    private func expected(
        _ x: Tensor,
        _ gradient: Tensor? = nil,
        _ layer: (Tensor) -> Tensor
    ) -> (result: Tensor, gradient: Tensor, outer: Tensor) {
        let value = x.to(.float64)
        let collected = Tensor.zeros(like: value)
        value.collectGradient(in: collected)
        let result = layer(value)
        let outer = gradient ?? Generator(seed: 99).normal(result.shape).to(x.dtype)
        (result * outer.to(.float64)).sum().backward()
        return (result, collected, outer)
    }

    private func expect(
        _ found: Tensor,
        _ type: DType,
        near expected: Tensor,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.dtype == type, sourceLocation: sourceLocation)
        let difference = found.to(.float64).relativeDifference(to: expected)
        #expect(difference < Self.tolerances[type] ?? 0, sourceLocation: sourceLocation)
    }

    @Test(
        "RMS norm",
        arguments: [[37, 70], [5, 4, 1, 6], [3, 576], [2, 4096]],
        [(DType.float32, DType.float32), (.float32, .bfloat16), (.bfloat16, .bfloat16)]
    )
    func rmsNorm(_ shape: [Int], _ types: (DType, DType)) throws {
        let (type, result) = types
        let x = Generator(seed: 1).normal(shape).to(type)
        let weight = Generator(seed: 2).normal([shape[shape.count - 1]])
        let reference = expected(x) { $0.rmsNorm(weight: weight.to(.float64), epsilon: 1e-2) }
        var factors: ctorch_tensor?
        let found = Tensor {
            host_rms_norm(x.handle, weight.handle, 1e-2, result.code, $0, &factors)
        }
        let kept = Tensor(handle: factors)
        expect(found, result, near: reference.result)

        // The forward pass keeps x in the type of the result, and the factors of x before that.
        let saved = x.to(result)
        let outer = reference.outer.to(result)
        let gradient = Tensor {
            host_rms_norm_backward(
                outer.handle,
                saved.handle,
                weight.handle,
                kept.handle,
                type.code,
                $0
            )
        }
        let wide = saved.to(.float64)
        let weighted = outer.to(.float64) * weight.to(.float64)
        let width = shape[shape.count - 1]
        let mean = Tensor.full([width, width], 1 / Double(width), dtype: .float64)
        let along = (weighted * wide).matmul(mean) * kept.to(.float64).power(2)
        expect(gradient, type, near: (weighted - along * wide) * kept.to(.float64))
        if type == result { expect(gradient, type, near: reference.gradient) }
    }

    @Test(
        "Gates",
        arguments: [[37, 100], [5, 4, 1, 6], [3, 3072], [2, 22_016]],
        [(DType.float32, GateActivation.silu), (.bfloat16, .silu), (.float32, .gelu)]
    )
    func gates(_ shape: [Int], _ kind: (DType, GateActivation)) {
        let (type, activation) = kind
        let x = Generator(seed: 1).normal(shape).to(type)
        let reference = expected(x) { $0.gated(by: activation) }
        let isGELU = activation == .gelu
        expect(Tensor { host_gated(x.handle, isGELU, $0) }, type, near: reference.result)
        let gradient = Tensor {
            host_gated_backward(reference.outer.handle, x.handle, isGELU, $0)
        }
        expect(gradient, type, near: reference.gradient)
    }

    @Test("Far from zero gates are open or shut, gradients finite", arguments: [false, true])
    func saturatedGates(_ isGELU: Bool) {
        let x = Tensor([-1e4, -90, 90, 1e4, 1, 1, 1, 1] as [Float], shape: [1, 8])
        let gates = Tensor { host_gated(x.handle, isGELU, $0) }
        #expect(gates.largestDifference(to: Tensor([0, 0, 90, 1e4], shape: [1, 4])) < 1e-6)
        let ones = Tensor([1, 1, 1, 1] as [Float], shape: [1, 4])
        let gradient = Tensor { host_gated_backward(ones.handle, x.handle, isGELU, $0) }
        let expected = Tensor([0, 0, 1, 1, 0, 0, 90, 1e4], shape: [1, 8])
        #expect(gradient.largestDifference(to: expected) < 1e-6)
    }

    @Test(
        "Rotation, and the rest of a head behind it",
        arguments: [(3, 2, 2, 0), (37, 3, 17, 0), (5, 9, 32, 0), (4, 2, 64, 0), (5, 2, 3, 4)],
        [DType.float32, .bfloat16]
    )
    func rotation(_ sizes: (Int, Int, Int, Int), _ type: DType) {
        let (rows, heads, pairs, rest) = sizes
        let x = Generator(seed: 1).normal([rows, heads, 2 * pairs + rest]).to(type)
        let cosine = Generator(seed: 2).normal([rows, pairs])
        let sine = Generator(seed: 3).normal([rows, pairs])
        let reference = expected(x) {
            $0.rotated(cosine: cosine.to(.float64), sine: sine.to(.float64))
        }
        let found = Tensor {
            host_rotate(x.handle, cosine.handle, sine.handle, false, $0)
        }
        expect(found, type, near: reference.result)
        let gradient = Tensor {
            host_rotate(reference.outer.handle, cosine.handle, sine.handle, true, $0)
        }
        expect(gradient, type, near: reference.gradient)
    }

    @Test(
        "Dropout has the processor's mask, to the bit",
        arguments: [[1], [4], [37, 103], [3, 4096]],
        [DType.float32, .bfloat16]
    )
    func dropout(_ shape: [Int], _ type: DType) {
        let x = Generator(seed: 1).normal(shape).to(type)
        for (probability, seed) in [(0.1, UInt64(7)), (0.5, .max), (0, 1)] {
            let found = Tensor { host_dropout(x.handle, probability, seed, $0) }
            #expect(found.isEqual(to: x.dropout(probability, seed: seed)))
        }
    }

    @Test(
        "The products of an adapter, and of its gradient",
        arguments: [(5, 20, 3), (33, 576, 8), (3, 100, 17)],
        [(DType.float32, 0.0), (.float32, 0.25), (.bfloat16, 0.25)]
    )
    func lowRank(_ sizes: (Int, Int, Int), _ kind: (DType, Double)) {
        let ((rows, width, rank), (type, probability)) = (sizes, kind)
        let x = Generator(seed: 1).normal([rows, width]).to(type)
        let a = Generator(seed: 2).normal([rank, width])
        let small = Generator(seed: 3).normal([rows, rank]).to(type)
        func dropped(_ x: Tensor) -> Tensor {
            probability == 0 ? x : x.to(.float64).dropout(probability, seed: 7)
        }
        // A as it lies in memory, and as the transpose of one that lies the other way.
        for matrix in [a, a.transposed(0, 1).clone().rowMajor.transposed(0, 1)] {
            let down = Tensor {
                host_low_rank_down(x.handle, matrix.handle, 2, probability, 7, $0)
            }
            let wide = a.to(.float64)
            let product = dropped(x).to(.float64).matmul(wide.transposed(0, 1)) * 2
            expect(down, type, near: product)
            let transposed = matrix.transposed(0, 1)
            let up = Tensor {
                host_low_rank_up(small.handle, transposed.handle, probability, 7, $0)
            }
            expect(up, type, near: dropped(small.to(.float64).matmul(wide)))
        }
    }

    @Test("Layers of no rows give none")
    func noRows() {
        let x = Tensor.zeros([0, 2, 8])
        let angles = Tensor.zeros([0, 4])
        #expect(Tensor { host_gated(x.handle, false, $0) }.shape == [0, 2, 4])
        #expect(Tensor { host_dropout(x.handle, 0.5, 1, $0) }.shape == [0, 2, 8])
        let rotated = Tensor { host_rotate(x.handle, angles.handle, angles.handle, false, $0) }
        #expect(rotated.shape == [0, 2, 8])
    }
}

/// NVIDIA's compiler, which needs no card.
private let compiler = ProcessInfo.processInfo.environment["VARLORA_NVRTC"] ?? ""

@Suite(
    "Kernels for CUDA compile for cards",
    .enabled(if: !compiler.isEmpty, "no NVRTC: see Scripts/fetch-nvrtc")
)
struct CUDACompilerTests {
    private func compile(in folder: String, for architecture: Int32) throws -> (Int32, Int64) {
        var (kernels, bytes): (Int32, Int64) = (0, 0)
        try checked(host_compile(compiler, folder, architecture, &kernels, &bytes))
        return (kernels, bytes)
    }

    private func checked(_ status: Int32) throws {
        if status != 0 { throw TorchError(message: String(cString: ctorch_last_error())) }
    }

    @Test("For each architecture, and once", arguments: [Int32(80), 86, 89, 90, 100])
    func compiles(_ architecture: Int32) throws {
        try withTemporaryFolder { folder in
            let first = try compile(in: folder.path, for: architecture)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(first.0 > 10 && files.count == Int(first.0))
            #expect(first.1 > 1000 * Int64(first.0))

            // Each is an ELF file for NVIDIA's machines behind its key.
            let file = try Data(contentsOf: folder.appendingPathComponent(files[0]))
            #expect(file.range(of: Data([0x7F] + Array("ELF".utf8))) != nil)

            // Taken from there afterwards, unless what is there is damaged.
            let dates = try times(folder)
            #expect(try compile(in: folder.path, for: architecture) == first)
            #expect(try times(folder) == dates)
            try file.dropLast(100).write(to: folder.appendingPathComponent(files[0]))
            #expect(try compile(in: folder.path, for: architecture) == first)
            #expect(try Data(contentsOf: folder.appendingPathComponent(files[0])) == file)
        }
    }

    private func times(_ folder: URL) throws -> [String: Date] {
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let path = folder.appendingPathComponent(name).path
                let date = try manager.attributesOfItem(atPath: path)[.modificationDate] as? Date
                return (name, date ?? .distantPast)
            }
        )
    }

    @Test("What cannot be compiled is said")
    func unknownArchitecture() {
        let error = #expect(throws: TorchError.self) { try compile(in: "", for: 7) }
        #expect(error?.description.contains("sm_7") ?? false)
    }
}
