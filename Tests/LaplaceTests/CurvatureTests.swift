import Evaluation
import Optimizers
import Posteriors
import TestSupport
import Testing
import Torch

@testable import Laplace

@Suite("Gradients of each example and Fisher matrices are those of plain autograd")
struct CurvatureTests {
    @Test("Jacobians of every logit but for a shift", arguments: GoldenLaplace.all)
    func jacobians(_ golden: GoldenLaplace) throws {
        let model = try golden.load()
        let pass = try RecordedPass(model.examples, model.scorer)
        let contrasts = model.examples.map { _ in [[-1.0, 1, 0], [-1, 0, 1]] }
        let functions = pass.gradients(contrasts)
        #expect(functions.count == 2)
        let expectedLogits = try golden.json().required("logits").elements()
            .map { try $0.numbers() }
        #expect(largestDifference(pass.logits, expectedLogits) < 5e-5)
        for (index, entry) in model.parameters.entries.enumerated() {
            let raw = try golden.tensor("jacobian." + entry.name)  // [examples, answers, out, in]
            let first = raw.narrowed(1, start: 0, length: 1)
            let expected = raw.narrowed(1, start: 1, length: 2) - first
            let found = pass.jacobian(functions.map { $0[index] })
            #expect(found.relativeDifference(to: expected) < 1e-4, "\(entry.name)")
        }
    }

    @Test("Recording leaves outputs, parameters' gradients and later passes as they were")
    func recording() throws {
        let model = try GoldenLaplace.all[1].load()
        let batch = AnswerBatch(model.examples, sharesPrefix: false)
        let before = model.scorer.logits(batch)
        let (recorded, records) = model.adapters.recording { model.scorer.logits(batch) }
        #expect(recorded.isEqual(to: before))
        #expect(records.map(\.module) == model.adapters.layout.modules)
        _ = recorded.gradients(
            weightedBy: Tensor.full(recorded.shape, 1),
            of: records.map(\.probe)
        )
        #expect(model.parameters.gradients.isEqual(to: .zeros(like: model.parameters.gradients)))
        #expect(model.scorer.logits(batch).isEqual(to: before))
    }

    @Test("The Fisher diagonal", arguments: GoldenLaplace.all)
    func diagonal(_ golden: GoldenLaplace) throws {
        let model = try golden.load()
        let fisher = try model.fitter().diagonal().posterior.fisher
        for entry in model.parameters.entries {
            let expected = try golden.tensor("fisher." + entry.name)
            let found = FlatParameters.view(fisher, entry)
            #expect(found.relativeDifference(to: expected) < 2e-4, "\(entry.name)")
        }
    }

    @Test("Kronecker factors in full", arguments: GoldenLaplace.all)
    func kronecker(_ golden: GoldenLaplace) throws {
        let model = try golden.load()
        let posterior = try model.fitter().kronecker().posterior
        for (entry, curvature) in zip(model.parameters.entries, posterior.curvatures) {
            for (part, found) in [("output", curvature.output), ("input", curvature.input)] {
                let expected = try golden.tensor("\(part).\(entry.name)")
                #expect(found.relativeDifference(to: expected) < 2e-4, "\(part) of \(entry.name)")
            }
        }
    }

    @Test("Batches of another size change nothing but the last digits")
    func batchSize() throws {
        let model = try GoldenLaplace.all[1].load()
        let (together, alone) = (model.fitter(), model.fitter(maximumTokens: 1))
        #expect(together.batchCount == 1)
        #expect(alone.batchCount == 3)
        #expect(
            try together.diagonal().posterior.fisher
                .relativeDifference(to: alone.diagonal().posterior.fisher) < 1e-5
        )
        func values(_ fitter: LaplaceFitter) throws -> Tensor {
            try fitter.kronecker(rank: 3, fullBelow: 0).posterior.curvatureEigenvalues
        }
        #expect(try values(together).relativeDifference(to: values(alone)) < 1e-5)
    }

    @Test("Kronecker factors of low rank come closer to the full ones as the rank grows")
    func rank() throws {
        let model = try GoldenLaplace.all[0].load()
        let full = try model.fitter().kronecker().posterior.curvatures
        let errors = try [1, 4, 16, 32].map { rank in
            let fit = try model.fitter().kronecker(rank: rank, fullBelow: 0)
            let curvatures = fit.posterior.curvatures
            return zip(curvatures, full).map { low, full in
                low.input.relativeDifference(to: full.input)
                    + low.output.relativeDifference(to: full.output)
            }
            .reduce(0, +)
        }
        #expect(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] > errors[3])
        #expect(errors[3] < 1e-3)
    }

    @Test("Examples with fewer answers count with theirs alone")
    func unevenAnswers() throws {
        var model = try GoldenLaplace.all[0].load()
        model.examples[1].answers = [[5], [9]]
        model.examples[1].label = 1
        let together = try model.fitter().diagonal().posterior.fisher
        let examples = model.examples
        let sum = try examples.reduce(.zeros(like: together)) { sum, example in
            model.examples = [example]
            return try sum + model.fitter().diagonal().posterior.fisher
        }
        #expect(together.relativeDifference(to: sum) < 1e-5)
    }
}

@Suite("The Fisher matrix of a softmax, row by row")
struct FisherRowTests {
    @Test(
        "Rows' outer products sum to diag(p) - p pᵀ, also for impossible answers",
        arguments: [[0.2, 0.5, 0.3], [0.9, 0.1], [1, 0, 0], [0, 0.4, 0, 0.6], [1]]
    )
    func rows(_ p: [Double]) {
        let rows = fisherRows(p)
        #expect(rows.count == p.count - 1)
        for i in p.indices {
            for j in p.indices {
                let found = rows.reduce(0) { $0 + $1[i] * $1[j] }
                #expect(abs(found - ((i == j ? p[i] : 0) - p[i] * p[j])) < 1e-15)
            }
        }
    }
}

@Suite("Sums of outer products")
struct SecondMomentTests {
    private func golden() throws -> (rows: Tensor, sum: Tensor, rank: Int) {
        let golden = try Golden.json("Laplace/moment.json")
        let side = try golden.required("side").integer()
        func table(_ key: String) throws -> Tensor {
            let values = try golden.required(key).elements().flatMap { try $0.numbers() }
            return Tensor(values, shape: [values.count / side, side])
        }
        return (try table("rows"), try table("sum"), try golden.required("rank").integer())
    }

    private func sum(_ moment: SecondMoment) -> Tensor {
        let (values, vectors) = moment.eigen()
        return (vectors * values).matmul(vectors.transposed(0, 1))
    }

    @Test("The incremental decomposition is that of NumPy, however the rows arrive")
    func incremental() throws {
        let (rows, expected, rank) = try golden()
        for pieces in [[200], [64, 136], [1, 99, 100]] {
            let moment = SecondMoment(side: 24, rank: rank)
            for part in rows.split(pieces, along: 0) { moment.add(part) }
            #expect(moment.count == 200)
            #expect(sum(moment).relativeDifference(to: expected) < 1e-10)
        }
    }

    @Test("A sum of no rows is zero in every direction", arguments: [nil, 3])
    func empty(_ rank: Int?) {
        let (values, vectors) = SecondMoment(side: 4, rank: rank).eigen()
        #expect(values.doubles.allSatisfy { $0 == 0 })
        #expect(vectors.shape == [4, 1])
    }

    @Test("Rows of few directions are kept without loss, and eigenvectors are orthonormal")
    func exact() throws {
        let (rows, _, rank) = try golden()
        let basis = Generator(seed: 3).normal([rank - 2, 24], dtype: .float64)
        let few = rows.narrowed(1, start: 0, length: rank - 2).matmul(basis)
        let (low, full) = (SecondMoment(side: 24, rank: rank), SecondMoment(side: 24, rank: nil))
        for moment in [low, full] { moment.add(few) }
        #expect(sum(low).relativeDifference(to: sum(full)) < 1e-10)
        let (values, vectors) = low.eigen()
        #expect(values.doubles.prefix(2).allSatisfy { $0 == 0 })
        let real = vectors.narrowed(1, start: 2, length: rank - 2)
        let products = real.transposed(0, 1).matmul(real).doubles
        for (place, value) in products.enumerated() {
            let isDiagonal = place / (rank - 2) == place % (rank - 2)
            #expect(abs(value - (isDiagonal ? 1 : 0)) < 1e-10)
        }
    }
}

@Suite("Curvature of answers of several tokens")
struct AnswerTreeCurvatureTests {
    @Test("Jacobians are what backward passes over one answer's logit give")
    func jacobians() throws {
        var model = try GoldenLaplace.all[1].load()
        model.examples[0].answers = [[5, 9, 3], [5, 2], [6]]
        model.examples[1].answers = [[7], [8, 8, 8, 8]]
        model.examples[1].label = 1
        let pass = try RecordedPass(model.examples, model.scorer)
        let functions = pass.gradients(
            pass.answerCounts.map { count in
                (1..<count).map { answer in
                    (0..<count).map { $0 == answer ? 1 : $0 == 0 ? -1 : 0 }
                }
            }
        )
        #expect(functions.count == 2)
        for (index, example) in model.examples.enumerated() {
            for answer in 1..<example.answers.count {
                model.parameters.gradients.zeroInPlace()
                let logits = model.scorer.logits(AnswerBatch([example]))
                let weights = (0..<example.answers.count).map { column in
                    column == answer ? Float(1) : column == 0 ? -1 : 0
                }
                (logits * Tensor(weights)).sum().backward()
                for (matrix, entry) in model.parameters.entries.enumerated() {
                    let expected = FlatParameters.view(model.parameters.gradients, entry)
                    let found = pass.jacobian([functions[answer - 1][matrix]])
                        .narrowed(0, start: index, length: 1).reshaped(expected.shape)
                    #expect(found.relativeDifference(to: expected) < 1e-4, "\(entry.name)")
                }
            }
        }
    }
}
