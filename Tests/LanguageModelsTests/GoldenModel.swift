import Foundation
import JSON
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// A tiny checkpoint whose logits Transformers computed.
struct GoldenModel: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }

    static let all = GoldenModels.checkpoints.map(GoldenModel.init)

    var folder: URL { Golden.folder("Models/\(name)") }

    func load() throws -> any CausalLanguageModel {
        try ModelFiles(.folder(folder)).build().model
    }

    /// The token sequences, which share their first four tokens.
    func sequences() throws -> [[Int]] {
        try Golden.json("Models/\(name)/golden.json").required("sequences").elements()
            .map { try $0.integers() }
    }

    /// Logits of every position of a sequence: [length, vocabulary].
    func logits(_ index: Int) throws -> Tensor {
        try Golden.tensor("logits.\(index)", in: "Models/\(name)/golden.safetensors")
    }
}
