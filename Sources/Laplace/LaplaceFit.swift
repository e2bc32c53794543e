import Evaluation
import Optimizers
import Posteriors
import TextTasks
import Torch

/// Fits Laplace approximations around the trained values of adapters, over a frozen base model and
/// without dropout.
///
/// The curvature is the exact Fisher matrix of the answers,
/// `F = Σ_n Σ_c p_c ∇log p_c ∇log p_cᵀ` over examples n and their answers c, which for a softmax is
/// `Σ_n Jᵀ (diag(p) - p pᵀ) J` with the Jacobian J of the logits.
///
/// Each batch takes one forward pass and one backward pass for each answer but one; per-example
/// gradients are products of what the adapters recorded. Beside the pass itself that keeps the
/// gradient of every adapted layer's output: 4 · tokens · (sum of their widths) bytes an answer.
public struct LaplaceFitter {
    private let scorer: AnswerScorer
    private let parameters: FlatParameters
    private let examples: [EncodedExample]
    private let batches: [[Int]]

    /// A fitter to `examples`, in batches of at most `maximumTokens` tokens each.
    ///
    /// `parameters` are those of the scorer's adapters.
    public init(
        _ scorer: AnswerScorer,
        parameters: FlatParameters,
        examples: [EncodedExample],
        maximumTokens: Int = 1024
    ) {
        self.scorer = scorer
        self.parameters = parameters
        self.examples = examples
        batches =
            EvaluationBatches(
                lengths: examples.map(\.length),
                maximumTokens: maximumTokens
            )
            .batches
    }

    /// How often a fit calls `progress`.
    public var batchCount: Int { batches.count }

    /// The approximation with the Fisher matrix's diagonal.
    ///
    /// `progress` is called after each batch.
    ///
    /// - Throws: `TorchError` when the engine fails.
    public func diagonal(
        _ progress: () -> Void = {}
    ) throws -> LaplaceFit<LaplaceDiagonalPosterior> {
        let fisher = Tensor.zeros(like: parameters.values)
        let sums = parameters.entries.map { FlatParameters.view(fisher, $0) }
        let likelihood = try run(progress) { pass, functions in
            for function in functions {
                for (sum, gradient) in zip(sums, function) {
                    let squares = pass.jacobian([gradient]).power(2)  // [examples, 1, out, in]
                    sum.addInPlace(squares.sum(along: 0).sum(along: 0))
                }
            }
        }
        let kind = LaplaceDiagonalPosterior(
            fisher: fisher,
            priorPrecision: 1,
            of: parameters.entries
        )
        return LaplaceFit(kind, logLikelihood: likelihood, mean: parameters.values)
    }

    /// The approximation with a Kronecker-factored Fisher matrix of each adapter matrix.
    ///
    /// Weights are shared over tokens as in KFAC-expand (Eschenhagen et al. 2023, arXiv
    /// 2311.00636): each token is a term of its own. Let a matrix be applied to R tokens of all
    /// sequences together (in the last block some layers run on last tokens only), r of sequence n
    /// with the input x_nr, and let g_nrc be the gradient of `log p_c` with respect to its output
    /// there. Then the curvature of the matrix is
    /// `(Σ_n Σ_r Σ_c p_c g_nrc g_nrcᵀ) ⊗ (1/R Σ_n Σ_r x_nr x_nrᵀ)`.
    ///
    /// A side that is at least `fullBelow` wide and wider than `rank` is approximated with `rank`
    /// directions, by an incremental singular value decomposition in float64 that takes
    /// 8 · side · (rank + 64) bytes; the others are full and take 8 · side² bytes. `progress` is
    /// called after each batch.
    ///
    /// - Throws: `TorchError` when the engine fails.
    public func kronecker(
        rank: Int = 10,
        fullBelow: Int = 100,
        _ progress: () -> Void = {}
    ) throws -> LaplaceFit<LaplaceKroneckerPosterior> {
        func moment(_ side: Int) -> SecondMoment {
            SecondMoment(side: side, rank: side < fullBelow || side <= rank ? nil : rank)
        }
        let outputs = parameters.entries.map { moment($0.shape[0]) }
        let inputs = parameters.entries.map { moment($0.shape[1]) }
        let likelihood = try run(progress) { _, functions in
            for index in outputs.indices {
                let gradients = functions.map { $0[index] }
                guard let first = gradients.first else { continue }
                inputs[index].add(first.input)
                let rows = Tensor.concatenated(gradients.map(\.output), along: 1)
                outputs[index].add(rows.reshaped([-1, outputs[index].side]))
            }
        }
        let curvatures = zip(outputs, inputs).map { output, input in
            let (s, a) = (output.eigen(), input.eigen())
            return KroneckerCurvature(
                outputVectors: s.vectors,
                outputValues: s.values,
                inputVectors: a.vectors,
                inputValues: a.values * (1 / Double(max(1, input.count)))
            )
        }
        let kind = LaplaceKroneckerPosterior(
            curvatures: curvatures,
            priorPrecision: 1,
            of: parameters.entries
        )
        return LaplaceFit(kind, logLikelihood: likelihood, mean: parameters.values)
    }

    /// Gives every batch's pass and the gradients whose outer products sum to its Fisher matrix;
    /// returns the log likelihood of the labels.
    private func run(
        _ progress: () -> Void,
        _ body: (RecordedPass, [[MatrixGradient]]) -> Void
    ) throws -> Double {
        var likelihood = 0.0
        try withTorchErrors {
            for batch in batches {
                let members = batch.map { examples[$0] }
                let pass = try RecordedPass(members, scorer)
                let probabilities = pass.logits.map(softmax)
                for (example, logits) in zip(members, pass.logits) {
                    if let label = example.label { likelihood += logSoftmax(logits)[label] }
                }
                let functions = pass.gradients(probabilities.map(fisherRows))
                if !functions.isEmpty { withoutGradients { body(pass, functions) } }
                try checkTorch()
                progress()
            }
        }
        return likelihood
    }
}

/// A fitted Laplace approximation, with the prior precision that maximises the evidence.
public struct LaplaceFit<Kind: LaplacePosterior> {
    /// The posterior.
    public let posterior: Kind
    /// The evidence as a function of the prior precision.
    public let evidence: Evidence

    init(_ kind: Kind, logLikelihood: Double, mean: Tensor) {
        evidence = Evidence(
            logLikelihood: logLikelihood,
            squaredNorm: mean.detached().to(.float64).power(2).sum().item,
            eigenvalues: kind.curvatureEigenvalues
        )
        var kind = kind
        kind.priorPrecision = evidence.bestPriorPrecision
        posterior = kind
    }
}
