import Foundation
import Torch

/// Adds up a vector in place, and a loss, over all ranks of a run; every rank gets the same sums.
///
/// Each rank's vector and loss are its share of the whole batch's: sums over its own examples
/// divided by the number of all examples.
///
/// - Returns: the sum of the losses.
/// - Throws: an error when a rank is lost.
public typealias Reduction = (_ vector: Tensor, _ loss: Double) throws -> Double

/// Changes parameters to lower a loss.
public protocol Optimizer: AnyObject {
    /// Step size; a schedule sets it before each step.
    var learningRate: Double { get set }
    /// Steps taken so far.
    var stepCount: Int { get }

    /// Takes one step.
    ///
    /// `loss` is called once for each draw of the parameters, with gradients at zero and the draw
    /// in place. It returns the loss and leaves its gradient in ``FlatParameters/gradients``; it
    /// may run several backward passes (micro-batches), which add up. When it throws, parameters
    /// and state are as before.
    ///
    /// With a ``Reduction``, which each optimizer calls once a step, gradient and loss are this
    /// rank's share, and parameters and state stay the same on all ranks, bit for bit.
    ///
    /// - Returns: the mean loss over the draws, of the whole batch.
    func step(_ loss: () throws -> Double) throws -> Double

    /// What the optimizer has to say of its last step, by name; always the same names.
    var measures: [String: Double] { get }

    /// Everything besides the parameters that a later step depends on: vectors [count], by name.
    var state: [String: Tensor] { get }

    /// Continues where ``state`` was read after `stepCount` steps; traps when a vector is missing.
    func restore(stepCount: Int, state: [String: Tensor])
}

extension Double {
    /// The number, or infinity of its sign where float32 has none so large: a rate beyond any sense
    /// ends as a loss that is none, which is what a run says of it.
    var orInfinite: Double {
        magnitude > Double(Float.greatestFiniteMagnitude) ? copysign(.infinity, self) : self
    }
}

extension Optimizer {
    /// Nothing.
    public var measures: [String: Double] { [:] }

    /// Fills the vectors of ``state`` with saved ones; traps when one is missing.
    func copyState(from saved: [String: Tensor]) {
        for (name, vector) in state {
            guard let values = saved[name] else { preconditionFailure("no saved state \(name)") }
            vector.copyInPlace(values)
        }
    }
}
