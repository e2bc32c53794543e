import Optimizers
import Torch

/// The curvature of one matrix [out, in] as a Kronecker product, by the eigenvectors of its sides.
///
/// It is `(U_S diag(s) U_Sᵀ) ⊗ (U_A diag(a) U_Aᵀ)`: s and U_S belong to the gradients with respect
/// to the matrix's outputs, a and U_A to its inputs. A side may have fewer eigenvectors than its
/// width; the eigenvalues of the directions that are left out are 0.
public struct KroneckerCurvature {
    /// Eigenvectors of the output side (U_S), as columns: [out, output values].
    public let outputVectors: Tensor
    /// Eigenvalues of the output side (s), not negative.
    public let outputValues: Tensor
    /// Eigenvectors of the input side (U_A), as columns: [in, input values].
    public let inputVectors: Tensor
    /// Eigenvalues of the input side (a), not negative.
    public let inputValues: Tensor

    /// A curvature from its parts, each with at least one eigenvector; float32, as in files.
    public init(
        outputVectors: Tensor,
        outputValues: Tensor,
        inputVectors: Tensor,
        inputValues: Tensor
    ) {
        // Row-major, too: the order in memory changes how products are rounded.
        self.outputVectors = outputVectors.to(.float32).rowMajor
        self.outputValues = outputValues.to(.float32)
        self.inputVectors = inputVectors.to(.float32).rowMajor
        self.inputValues = inputValues.to(.float32)
    }

    /// The eigenvalues of the product: [output values, input values].
    var values: Tensor { outputValues.reshaped([-1, 1]) * inputValues }

    /// `(curvature + δ I)^(-1/2)` applied to matrices [..., out, in].
    ///
    /// Directions within the span of the eigenvectors are scaled by `1 / sqrt(s a + δ)`, the others
    /// by `1 / sqrt(δ)`; nothing larger than the matrices is made.
    func whitened(_ matrices: Tensor, priorPrecision: Double) -> Tensor {
        let (rows, columns) = (outputVectors.transposed(0, 1), inputVectors.transposed(0, 1))
        // [..., output values, input values]
        let inside = rows.matmul(matrices).matmul(inputVectors)
        let scaled = inside * (values + priorPrecision).power(-0.5)
        let outside = matrices - outputVectors.matmul(inside).matmul(columns)
        return outside * (1 / priorPrecision.squareRoot())
            + outputVectors.matmul(scaled).matmul(columns)
    }
}

extension KroneckerCurvature {
    /// Adds both sides' eigenvectors and eigenvalues, for the parameter called `name`.
    func write(to contents: inout PosteriorContents, of name: String) {
        contents.add(outputVectors, as: "output_vectors.\(name)")
        contents.add(outputValues, as: "output_values.\(name)")
        contents.add(inputVectors, as: "input_vectors.\(name)")
        contents.add(inputValues, as: "input_values.\(name)")
    }

    /// Reads what ``write(to:of:)`` added for a parameter.
    init(_ contents: PosteriorContents, of entry: FlatParameters.Entry) throws {
        guard entry.shape.count == 2 else {
            throw contents.mismatch(entry.name, "a matrix", "the shape \(entry.shape)")
        }
        func side(_ name: String, width: Int) throws -> (vectors: Tensor, values: Tensor) {
            let key = "\(name)_values.\(entry.name)"
            let values = try contents.tensor(key, shape: [-1], atLeast: 0)
            let shape = [width, values.count]
            return (try contents.tensor("\(name)_vectors.\(entry.name)", shape: shape), values)
        }
        let output = try side("output", width: entry.shape[0])
        let input = try side("input", width: entry.shape[1])
        self.init(
            outputVectors: output.vectors,
            outputValues: output.values,
            inputVectors: input.vectors,
            inputValues: input.values
        )
    }
}
