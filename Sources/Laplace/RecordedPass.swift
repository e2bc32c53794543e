import Evaluation
import Foundation
import LoRA
import TextTasks
import Torch

/// What the tokens of a batch add to the gradient of one adapter matrix: each row the outer product
/// of its two sides.
struct MatrixGradient {
    /// What the matrix is applied to: [rows, in].
    let input: Tensor
    /// The gradient with respect to the matrix's output: [rows, out].
    let output: Tensor
}

/// One forward pass over examples, with the graph behind the logits of their answers.
///
/// Sequences share no prefix, so every row of every layer belongs to one example, and one backward
/// pass gives the gradients of all of them.
struct RecordedPass {
    /// Number of answers of each example.
    let answerCounts: [Int]
    /// Logits of each example's answers at the mean: [examples][answers].
    let logits: [[Double]]
    private let graph: Tensor  // [examples, most answers]
    private let records: [AdapterRecord]
    private let tokens: RowPadding
    private let lastTokens: RowPadding  // of layers of the last block that run on these only

    /// A pass of a scorer that has adapters.
    ///
    /// - Throws: ``LaplaceError`` where an adapted head would run several times in it; `TorchError`
    ///   when the engine failed in it.
    init(_ examples: [EncodedExample], _ scorer: AnswerScorer) throws {
        guard let adapters = scorer.adapters else {
            preconditionFailure("only adapters have gradients")
        }
        let long = examples.first { $0.answers.contains { $0.count > 1 } }
        if let long, adapters.layout.adaptsHead {
            let tokens = long.answers.map(\.count).max() ?? 0
            throw LaplaceError.longAnswers(id: long.id, tokens: tokens)
        }
        let batch = AnswerBatch(examples, sharesPrefix: false)
        (graph, records) = adapters.recording { scorer.logits(batch) }
        answerCounts = examples.map(\.answers.count)
        let width = batch.width
        let values = graph.doubles
        try checkTorch()
        logits = answerCounts.enumerated().map { Array(values[$0 * width..<$0 * width + $1]) }
        tokens = RowPadding(batch.packed.lengths, device: graph.device)
        lastTokens = RowPadding(batch.packed.outputs, device: graph.device)
    }

    /// Gradients of functions of the logits, for every adapter matrix in the order of the flat
    /// parameters: [functions][matrices].
    ///
    /// Function k of example n is `Σ_c weights[n][k][c] · logit[n][c]`; it is 0 for an example that
    /// has fewer functions. Each function is one backward pass.
    func gradients(_ weights: [[[Double]]]) -> [[MatrixGradient]] {
        let width = answerCounts.max() ?? 0
        let count = weights.map(\.count).max() ?? 0
        return (0..<count).map { function in
            var flat: [Float] = []
            for rows in weights {
                let row = function < rows.count ? rows[function] : []
                flat += (0..<width).map { $0 < row.count ? Float(row[$0]) : 0 }
            }
            let gradients = graph.gradients(
                weightedBy: Tensor(flat, shape: [weights.count, width], device: graph.device),
                of: records.map(\.probe),
                keepingGraph: function + 1 < count
            )  // [rows, out] of each adapted layer
            return zip(records, gradients).flatMap { record, gradient in
                let scaled = gradient.to(.float32) * record.module.scale
                return [
                    MatrixGradient(input: record.input, output: scaled.matmul(record.b)),
                    MatrixGradient(input: record.reducedInput, output: scaled),
                ]
            }
        }
    }

    /// The gradient of each function of each example, for one matrix: [examples, functions, out,
    /// in].
    func jacobian(_ functions: [MatrixGradient]) -> Tensor {
        guard let input = functions.first?.input else { return Tensor.zeros([0]) }
        let rows = input.shape.first == tokens.total ? tokens : lastTokens
        let outputs = Tensor.concatenated(functions.map(\.output), along: 1)
        return rows.paddedWithZeros(outputs).transposed(1, 2)  // [examples, functions * out, rows]
            .matmul(rows.padded(input))
            .reshaped([answerCounts.count, functions.count, -1, input.shape.last ?? 0])
    }

    /// The covariances of each example's functions under some distributions of the parameters, each
    /// given by a root of its covariance: [distributions] of [examples, functions, functions],
    /// float64, on the CPU.
    func covariances(of functions: [[MatrixGradient]], under roots: [CovarianceRoot]) -> [Tensor] {
        let (examples, count) = (answerCounts.count, functions.count)
        let sums = roots.map { _ in Tensor.zeros([examples, count, count], dtype: .float64) }
        for matrix in (functions.first ?? []).indices {
            let jacobian = jacobian(functions.map { $0[matrix] })
            for (root, sum) in zip(roots, sums) {
                let rows = root(jacobian, matrix).reshaped([examples, count, -1])
                sum.addInPlace(rows.matmul(rows.transposed(1, 2)).to(.cpu))
            }
        }
        return sums
    }
}

/// A root R of a covariance R Rᵀ, as it acts on gradients: Rᵀ applied to matrices [..., out, in]
/// shaped as the parameter of an index.
typealias CovarianceRoot = (_ matrices: Tensor, _ parameter: Int) -> Tensor

/// The logarithms of a distribution from its logits.
func logSoftmax(_ logits: [Double]) -> [Double] {
    let largest = logits.max() ?? 0
    let total = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    return logits.map { $0 - total }
}

/// A distribution from its logits.
func softmax(_ logits: [Double]) -> [Double] { logSoftmax(logits).map(exp) }

/// Rows V [answers - 1][answers] with `Vᵀ V = diag(p) - p pᵀ`, the Fisher matrix of a softmax with
/// respect to its logits.
///
/// Row j is what is left to know at answer j when those before it are ruled out: with the tail sums
/// `q_j = p_j + p_{j+1} + ...`, it is `sqrt(p_j q_{j+1} / q_j) (e_j - Σ_{c>j} p_c / q_{j+1} e_c)`
/// (the Cholesky factor of a multinomial covariance, Tanabe and Sagae 1992).
func fisherRows(_ probabilities: [Double]) -> [[Double]] {
    var tail = probabilities.reduce(0, +)
    return probabilities.indices.dropLast().map { answer in
        let rest = probabilities[(answer + 1)...].reduce(0, +)
        defer { tail = rest }
        var row = [Double](repeating: 0, count: probabilities.count)
        guard tail > 0, rest > 0 else { return row }
        let size = (probabilities[answer] * rest / tail).squareRoot()
        row[answer] = size
        for later in (answer + 1)..<row.count { row[later] = -size * probabilities[later] / rest }
        return row
    }
}
