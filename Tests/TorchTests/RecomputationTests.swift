import CTorch
import Foundation
import Testing

@testable import Torch

@Suite("Parts that run again in the backward pass", .serialized)
struct RecomputationTests {
    /// A part with a parameter: tanh-like in x, quadratic in the weight.
    private func gradients(
        _ wrap: (Tensor, @escaping (Tensor) -> Tensor) -> Tensor
    ) -> (output: Tensor, x: Tensor, weight: Tensor) {
        let x = Generator(seed: 1).normal([4, 5])
        let weight = Generator(seed: 2).normal([5, 5])
        let (xGradient, weightGradient) = (Tensor.zeros([4, 5]), Tensor.zeros([5, 5]))
        x.collectGradient(in: xGradient)
        weight.collectGradient(in: weightGradient)
        let y = wrap(wrap(x * 2) { $0.matmul(weight).power(2) + $0 }) { $0.matmul(weight) * $0 }
        (y * Generator(seed: 3).normal([4, 5])).sum().backward()
        return (y, xGradient, weightGradient)
    }

    @Test("Same output and gradients, of what they capture too, and nothing is left")
    func same() {
        let before = Tensor.liveCount
        do {
            let plain = gradients { $1($0) }
            var runs = 0
            let found = gradients { x, body in
                x.recomputedInBackward {
                    runs += 1
                    return body($0)
                }
            }
            #expect(runs == 4)
            #expect(found.output.isEqual(to: plain.output))
            #expect(found.x.isEqual(to: plain.x))
            #expect(found.weight.isEqual(to: plain.weight))
        }
        #expect(Tensor.liveCount == before)
    }

    @Test("The input needs no gradient of its own")
    func leafInput() {
        let weight = Generator(seed: 2).normal([5, 5])
        let gradient = Tensor.zeros([5, 5])
        weight.collectGradient(in: gradient)
        Generator(seed: 1).normal([4, 5]).recomputedInBackward { $0.matmul(weight) }
            .sum().backward()
        #expect(gradient.doubles.contains { $0 != 0 })
    }

    @Test("A failure in the part is thrown, forward and backward")
    func failures() {
        for failing in [1, 2] {
            var runs = 0
            let error = #expect(throws: TorchError.self) {
                try withTorchErrors {
                    Generator(seed: 1).normal([4, 5])
                        .recomputedInBackward {
                            runs += 1
                            return runs == failing ? $0 + Tensor.zeros([3]) : $0 * 2
                        }
                        .sum().backward()
                }
            }
            #expect(error?.message.contains("size") == true)
            #expect(runs == failing)
        }
    }

    /// A graph whose part fails when it runs again.
    private func failingInBackward() -> Tensor {
        var runs = 0
        return Generator(seed: 1).normal([4, 5])
            .recomputedInBackward {
                runs += 1
                return runs == 2 ? $0 + Tensor.zeros([3]) : $0 * 2
            }
            .sum()
    }

    // A device's backward pass runs on a thread of libtorch, where no scope was opened.
    @Test("On a thread without a scope a failure in the part is the backward pass's own")
    func otherThread() async {
        let (status, message) = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let loss = failingInBackward()
                let status = withExtendedLifetime(loss) { ctorch_backward(loss.handle) }
                continuation.resume(returning: (status, String(cString: ctorch_last_error())))
            }
        }
        #expect(status == 1)
        #expect(message.contains("size"))
    }
}
