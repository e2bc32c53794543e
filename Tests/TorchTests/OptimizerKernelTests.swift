import CTorch
import HostKernels
import TestSupport
import Testing

@testable import Torch

/// The kernels for CUDA, compiled for the processor, against the same rules in 64 bits, which the
/// tests of the optimizers hold against references.
@Suite("Kernels of optimizers for CUDA compute what their rules do")
struct OptimizerKernelTests {
    /// Vectors of numbers, and the same in 64 bits.
    private struct Vectors {
        let narrow: [Tensor]
        let wide: [Tensor]

        init(_ count: Int, _ kinds: [(Tensor) -> Tensor]) {
            narrow = kinds.enumerated().map {
                $1(Generator(seed: UInt64($0)).normal([count]))
            }
            wide = narrow.map { $0.to(.float64) }
        }

        func expectSame(sourceLocation: SourceLocation = #_sourceLocation) {
            for (found, expected) in zip(narrow, wide) {
                let difference = found.to(.float64).relativeDifference(to: expected)
                #expect(difference < 1e-6, sourceLocation: sourceLocation)
            }
        }
    }

    private static let counts = [1, 5, 1023, 5000]

    @Test("IVON's draw", arguments: counts)
    func draw(_ count: Int) {
        let vectors = Vectors(count, [{ $0 }, { $0 }, { $0 }, { $0.magnitude() }])
        let wide = vectors.wide
        wide[0].drawInPlace(
            keeping: wide[1],
            offset: wide[2],
            hessian: wide[3],
            sampleSize: 300,
            decay: 1e-3
        )
        let handles = vectors.narrow.map(\.handle)
        let status = host_ivon_draw(handles[0], handles[1], handles[2], handles[3], 300, 1e-3)
        #expect(status == 0)
        vectors.expectSame()
    }

    @Test("IVON's step", arguments: counts, [(0.05, true), (.infinity, false)])
    func step(_ count: Int, _ kind: (radius: Double, hasPrior: Bool)) {
        // Values, Hessian, momentum, gradient, product, prior.
        let vectors = Vectors(
            count,
            [{ $0 }, { $0.magnitude() + 0.1 }, { $0 }, { $0 }, { $0 * 1e-3 }, { $0 }]
        )
        let rule = IVONRule(
            beta1: 0.9,
            beta2: 0.999,
            sampleSize: 300,
            decay: 0.01,
            debias: 1.7,
            radius: kind.radius,
            rate: 0.3
        )
        let wide = vectors.wide
        let expected = wide[0].stepInPlace(
            by: rule,
            hessian: wide[1],
            momentum: wide[2],
            gradient: wide[3],
            product: wide[4],
            prior: kind.hasPrior ? wide[5] : nil
        )
        let handles = vectors.narrow.map(\.handle)
        var numbers = ctorch_ivon_rule(
            beta1: rule.beta1,
            beta2: rule.beta2,
            sample_size: rule.sampleSize,
            decay: rule.decay,
            debias: rule.debias,
            radius: rule.radius,
            rate: rule.rate
        )
        let share = Tensor {
            host_ivon_step(
                handles[0],
                handles[1],
                handles[2],
                handles[3],
                handles[4],
                kind.hasPrior ? handles[5] : nil,
                &numbers,
                $0
            )
        }
        vectors.expectSame()
        // Of many elements both kinds are there, and all are counted.
        #expect(abs(share.item - expected.item) < 1e-6)
        if count > 100 { #expect((0.01..<0.99).contains(share.item) == kind.hasPrior) }
    }

    @Test("AdamW's step", arguments: counts)
    func adamW(_ count: Int) {
        let vectors = Vectors(count, [{ $0 }, { $0 }, { $0.power(2) }, { $0 }])
        let rule = AdamWRule(
            beta1: 0.9,
            beta2: 0.999,
            rootScale: 3,
            epsilon: 1e-8,
            shrinkage: 0.99,
            rate: 0.1
        )
        vectors.wide[0].stepInPlace(
            by: rule,
            firstMoment: vectors.wide[1],
            secondMoment: vectors.wide[2],
            gradient: vectors.wide[3]
        )
        let handles = vectors.narrow.map(\.handle)
        var numbers = ctorch_adamw_rule(
            beta1: rule.beta1,
            beta2: rule.beta2,
            root_scale: rule.rootScale,
            epsilon: rule.epsilon,
            shrinkage: rule.shrinkage,
            rate: rule.rate
        )
        let status = host_adamw_step(handles[0], handles[1], handles[2], handles[3], &numbers)
        #expect(status == 0)
        vectors.expectSame()
    }

    @Test("Vectors that do not fit are refused before any is changed")
    func misfits() {
        let (values, offset) = (Tensor.zeros([4]), Tensor.full([4], 1))
        let error = #expect(throws: TorchError.self) {
            try withTorchErrors {
                values.drawInPlace(
                    keeping: .zeros([3]),
                    offset: offset,
                    hessian: .zeros([4]),
                    sampleSize: 4,
                    decay: 1
                )
            }
        }
        let message = error?.description ?? ""
        #expect(message.contains("vectors of one length") && message.contains("[3]"))
        #expect(offset.floats == [1, 1, 1, 1] && values.floats == [0, 0, 0, 0])
    }
}
