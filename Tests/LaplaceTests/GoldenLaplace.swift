import Evaluation
import Foundation
import JSON
import LoRA
import Metrics
import Optimizers
import Posteriors
import TensorFiles
import TestSupport
import Testing
import TextTasks
import Torch

@testable import LanguageModels
@testable import Laplace

/// A tiny model with a random adapter, and what plain autograd computed about it.
struct GoldenLaplace: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }

    /// Adapters on query and value, on every linear layer of the blocks, and on the head too.
    static let all = ["adapter", "adapter-all", "adapter-head"].map(GoldenLaplace.init)

    func json() throws -> JSONNode { try Golden.json("Laplace/\(name)/golden.json") }

    func tensor(_ name: String) throws -> Tensor {
        try Golden.tensor(name, in: "Laplace/\(self.name)/golden.safetensors")
    }

    func load() throws -> TinyModel {
        let folder = Golden.folder("Models/llama2")
        let model = try ModelFiles(.folder(folder)).build().model
        let path = folder.appendingPathComponent(name)
        let layout = try LoRALayout(try PEFTFolder.settings(in: path), for: model)
        let parameters = FlatParameters(layout.parameters)
        try PEFTFolder.read(path, into: parameters)
        let adapters = LoRAAdapters(layout, on: model, parameters: parameters.tensors)
        let golden = try json()
        let answers = try golden.required("answers").integers()
        let labels = try golden.required("labels").integers()
        let sequences = try golden.required("sequences").elements()
        return TinyModel(
            scorer: AnswerScorer(model, adapters: adapters, device: .cpu),
            adapters: adapters,
            parameters: parameters,
            examples: try zip(sequences, labels).enumerated().map { index, example in
                EncodedExample(
                    id: "\(index)",
                    tokens: try example.0.integers(),
                    answers: answers.map { [$0] },
                    label: example.1
                )
            }
        )
    }
}

/// An adapted model and examples.
struct TinyModel {
    let scorer: AnswerScorer
    let adapters: LoRAAdapters
    let parameters: FlatParameters
    var examples: [EncodedExample]

    func fitter(maximumTokens: Int = 1024) -> LaplaceFitter {
        LaplaceFitter(
            scorer,
            parameters: parameters,
            examples: examples,
            maximumTokens: maximumTokens
        )
    }

    /// The distribution of each example's logits.
    func logits(
        under posterior: any LaplacePosterior,
        maximumTokens: Int = 1024
    ) throws -> [LogitDistribution] {
        try LinearisedAnswers(posterior, scorer).logits(of: examples, maximumTokens: maximumTokens)
    }

    /// Answers at a variance scale.
    func predictions(
        under posterior: any LaplacePosterior,
        varianceScale: Double = 1,
        temperature: Double = 1
    ) throws -> [Prediction] {
        try LinearisedAnswers(
            posterior,
            scorer,
            varianceScale: varianceScale,
            temperature: temperature
        )
        .predictions(examples).map(\.prediction)
    }
}

extension KroneckerCurvature {
    /// The sum over the output side: [out, out].
    var output: Tensor { Self.sum(outputVectors, outputValues) }
    /// The mean over the input side: [in, in].
    var input: Tensor { Self.sum(inputVectors, inputValues) }

    private static func sum(_ vectors: Tensor, _ values: Tensor) -> Tensor {
        (vectors * values).matmul(vectors.transposed(0, 1))
    }
}
