import TestSupport
import Testing

@testable import Torch

@Suite("Tensors", .serialized)
struct TensorTests {
    @Test("Values keep their shape, type and order")
    func values() {
        let tensor = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .float32)
        #expect(tensor.device == .cpu)
        #expect(tensor.transposed(0, 1).doubles == [1, 4, 2, 5, 3, 6])
        #expect(tensor.narrowed(1, start: 1, length: 2).doubles == [2, 3, 5, 6])
        #expect(tensor.split([1, 2], along: 1).map(\.doubles) == [[1, 4], [2, 3, 5, 6]])
        #expect(tensor.selecting(Tensor([1]), along: 0).doubles == [4, 5, 6])
        #expect(Tensor([7, 8]).integers == [7, 8])
    }

    @Test("Failures inside a scope are thrown with the operation's name, and the scope ends")
    func errors() throws {
        let error = #expect(throws: TorchError.self) {
            try withTorchErrors { _ = Tensor([1, 2] as [Float]) + Tensor([1, 2, 3] as [Float]) }
        }
        #expect(error?.message.hasPrefix("+(_:_:):") == true)
        #expect(error?.message.contains("size") == true)
        #expect(try withTorchErrors { (Tensor([1] as [Float]) + 1).item } == 2)
    }

    @Test("Lack of memory is a sentence with what takes less")
    func lackOfMemory() {
        let advice =
            " more; a smaller micro-batch-size or batch-size, gradient-checkpointing, or"
            + " base-precision int8 take less"
        // 2^50 bytes are more than a process can address.
        let error = #expect(throws: TorchError.self) {
            try withTorchErrors { _ = Tensor.zeros([1 << 48]) }
        }
        let asked = "out of memory: full(_:_:dtype:device:) asked for 1125899906 MB"
        #expect(error?.description == asked + advice)
        // As libtorch 2.11 to 2.13 word it.
        let device = TorchError(
            """
            CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79 GiB \
            of which 1.20 GiB is free. Process 7 has 77.90 GiB memory in use.
            """,
            in: "product"
        )
        #expect(device.description == "out of memory: product asked for 2.50 GiB" + advice)
        #expect(TorchError("no such device\nmore", in: "to").description == "to: no such device")
    }

    @Test(
        "A difference that is no number holds for no bound, wherever it stands",
        arguments: [Double.nan, .infinity, -.infinity]
    )
    func differences(_ stray: Double) {
        for place in 0..<3 {
            var numbers = [1.0, 2, 3]
            numbers[place] = stray
            let (one, other) = (Tensor(numbers), Tensor([1.0, 2, 3]))
            #expect(!(one.largestDifference(to: other) < 1e-4))
            #expect(!(other.largestDifference(to: one) < 1e-4))
            #expect(!(other.relativeDifference(to: one) < 1e-4))
        }
        #expect(Tensor([1.0, 2.5, 3]).largestDifference(to: Tensor([1.0, 2, 3])) == 0.5)
        #expect(largestDifference([[1], [2, 3]], [[1, 2], [3]]).isNaN)
    }

    @Test("A scope can be asked for its first error before it ends, and nothing else has one")
    func collectedErrors() throws {
        try checkTorch()
        var reached: [Int] = []
        let error = #expect(throws: TorchError.self) {
            try withTorchErrors {
                for size in 1...4 {
                    _ = Tensor.zeros([2]) + Tensor.zeros([size])
                    try withTorchErrors { try checkTorch() }
                    try checkTorch()
                    reached.append(size)
                }
            }
        }
        #expect(reached == [1, 2])
        #expect(error?.message.contains("(2)") == true && error?.message.contains("(3)") == true)
        try checkTorch()
    }

    @Test("Zeros like a tensor have its shape and type and no gradient", arguments: DType.allCases)
    func zerosLike(_ type: DType) {
        let tensor = Tensor.zeros([2, 3], dtype: type)
        if type == .float64 { tensor.requireGradient() }
        let zeros = Tensor.zeros(like: tensor)
        #expect(zeros.shape == [2, 3] && zeros.dtype == type)
        #expect(zeros.doubles == [0, 0, 0, 0, 0, 0])
        let notANumber = Tensor([Double.nan])
        #expect(Tensor.zeros(like: notANumber).doubles == [0])
    }

    @Test("The same seed gives the same numbers, another seed others")
    func generators() {
        func draw(_ seed: UInt64) -> [Float] { Generator(seed: seed).normal([100]).floats }
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
        let uniform = Generator(seed: 3).uniform([1000], -2..<3).doubles
        #expect(uniform.allSatisfy { (-2.0..<3.0).contains($0) })
    }

    @Test("Temporaries are freed at once and no handle is left")
    func noLeaks() {
        let before = Tensor.liveCount
        do {
            let tensor = Tensor.zeros([10])
            for _ in 0..<100 { _ = tensor + tensor * 2 }
            #expect(Tensor.liveCount == before + 1)
        }
        #expect(Tensor.liveCount == before)
    }

    @Test("A view of foreign bytes keeps their owner alive")
    func viewingBytes() {
        final class Owner {
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
            let onRelease: () -> Void
            init(_ onRelease: @escaping () -> Void) { self.onRelease = onRelease }
            deinit {
                bytes.deallocate()
                onRelease()
            }
        }
        var released = false
        var owner: Owner? = Owner { released = true }
        owner?.bytes.storeBytes(of: 1.5, as: Float.self)
        owner?.bytes.storeBytes(of: 2.5, toByteOffset: 4, as: Float.self)
        var tensor: Tensor? = owner.map {
            Tensor(
                viewing: UnsafeRawBufferPointer(start: $0.bytes, count: 8),
                shape: [2],
                dtype: .float32,
                owner: $0
            )
        }
        owner = nil
        #expect(!released)
        #expect(tensor?.floats == [1.5, 2.5])
        tensor = nil
        #expect(released)
    }

    @Test("Unknown devices are refused by name")
    func devices() throws {
        #expect(try Device("cpu") == .cpu)
        #expect(Device.cpu.memory == nil && Device(trusted: "cuda:9").memory == nil)
        let error = #expect(throws: TorchError.self) { try Device("tpu") }
        #expect(error?.message.contains("\"tpu\"") == true)
        guard let fault = Device.cudaFault else { return }
        let missing = #expect(throws: TorchError.self) { try Device("cuda:1") }
        #expect(missing?.message.contains("found \"cuda:1\": \(fault)") == true)
    }

    @Test("Eigenvectors rebuild a symmetric matrix, eigenvalues ascend")
    func symmetricEigen() {
        let matrix = Tensor([2, 1, 1, 2] as [Double], shape: [2, 2])
        let (values, vectors) = matrix.symmetricEigen()
        #expect(values.largestDifference(to: Tensor([1, 3] as [Double])) < 1e-12)
        let rebuilt = (vectors * values).matmul(vectors.transposed(0, 1))
        #expect(rebuilt.largestDifference(to: matrix) < 1e-12)
    }

    @Test("Sums along a dimension and logarithms")
    func sumsAndLogarithms() {
        let tensor = Tensor([1, 2, 3, 4] as [Double], shape: [2, 2])
        #expect(tensor.sum(along: 0).doubles == [4, 6])
        #expect(tensor.sum(along: 1).doubles == [3, 7])
        #expect(tensor.exponential().logarithm().largestDifference(to: tensor) < 1e-12)
    }

    @Test("Gradients asked for twice are those of the weights, and leaves collect none")
    func gradients() {
        let (x, y) = (Tensor([2, 3] as [Float]), Tensor([5, 7] as [Float]))
        let collected = Tensor.zeros([2])
        x.collectGradient(in: collected)
        y.requireGradient()
        let product = x * x * y
        let first = product.gradients(
            weightedBy: Tensor([1, 0] as [Float]),
            of: [x, y],
            keepingGraph: true
        )
        let second = product.gradients(weightedBy: Tensor([0, 10] as [Float]), of: [y])
        #expect(first.map(\.doubles) == [[20, 0], [4, 0]])
        #expect(second.map(\.doubles) == [[0, 90]])
        #expect(collected.doubles == [0, 0])
    }

    @Test("Quantiles interpolate between order statistics")
    func quantiles() {
        let tensor = Tensor([4, 1, 3, 2] as [Float])
        #expect(tensor.quantiles([0, 0.5, 1, 0.25]) == [1, 2.5, 4, 1.75])
    }
}
