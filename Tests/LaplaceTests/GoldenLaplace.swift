import Evaluation
import Foundation
import JSON
import LoRA
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

    /// Adapters on query and value, and on every linear layer.
    static let all = ["adapter", "adapter-all"].map(GoldenLaplace.init)

    func json() throws -> JSONNode { try Golden.json("Laplace/\(name)/golden.json") }

    func tensor(_ name: String) throws -> Tensor {
        try Golden.tensor(name, in: "Laplace/\(self.name)/golden.safetensors")
    }

    func load() throws -> TinyModel {
        let folder = Golden.folder("Models/llama2")
        let configuration = try ModelConfiguration(
            contentsOf: folder.appendingPathComponent("config.json")
        )
        let source = HuggingFaceWeights(try ShardedCheckpoint(contentsOf: folder))
        let model = try LoadedModel.build(Llama.self, source, configuration, .cpu).0
        let path = folder.appendingPathComponent(name)
        let layout = try LoRALayout(try PEFTFolder.settings(in: path), for: model)
        let parameters = FlatParameters(layout.parameters)
        let values = try PEFTFolder.values(of: layout, in: path)
        for entry in parameters.entries {
            FlatParameters.view(parameters.values, entry)
                .copyInPlace(Tensor(values[entry.name] ?? [], shape: entry.shape))
        }
        let golden = try json()
        let answers = try golden.required("answers").integers()
        let labels = try golden.required("labels").integers()
        let sequences = try golden.required("sequences").elements()
        return TinyModel(
            scorer: AnswerScorer(model, device: .cpu),
            adapters: LoRAAdapters(layout, on: model, parameters: parameters.tensors),
            parameters: parameters,
            examples: try zip(sequences, labels).enumerated().map { index, example in
                EncodedExample(
                    id: "\(index)",
                    tokens: try example.0.integers(),
                    answerTokens: answers,
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
            adapters: adapters,
            parameters: parameters,
            examples: examples,
            maximumTokens: maximumTokens
        )
    }

    func predictive(maximumTokens: Int = 1024) -> LinearisedPredictive {
        LinearisedPredictive(
            scorer,
            adapters: adapters,
            examples: examples,
            maximumTokens: maximumTokens
        )
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

/// The largest absolute difference of two tables of the same shape.
func largestDifference(_ a: [[Double]], _ b: [[Double]]) -> Double {
    precondition(a.map(\.count) == b.map(\.count), "tables differ in shape")
    return zip(a.joined(), b.joined()).map { abs($0 - $1) }.max() ?? 0
}
