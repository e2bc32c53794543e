import Foundation
import LanguageModels

/// Which layers of a model get adapters, and the names and shapes of their parameters.
public struct LoRALayout: Equatable, Sendable {
    /// One adapted layer.
    public struct Module: Equatable, Sendable {
        /// The layer's checkpoint path.
        public let path: String
        /// Rank of the adapter (r).
        public let rank: Int
        /// Factor of the adapter's output.
        public let scale: Double
        /// Width of the layer's input and output.
        public let input: Int
        /// Width of the layer's output.
        public let output: Int

        /// The name of A [rank, input] in a PEFT file.
        public var nameA: String { "base_model.model.\(path).lora_A.weight" }
        /// The name of B [output, rank] in a PEFT file.
        public var nameB: String { "base_model.model.\(path).lora_B.weight" }
    }

    /// The settings behind the layout.
    public let settings: LoRASettings
    /// The adapted layers, in the order of the model.
    public let modules: [Module]
    /// Whether the head is one of them.
    public let adaptsHead: Bool

    /// Lays adapters over the linear layers of a model.
    ///
    /// - Throws: ``LoRAError`` when a setting is out of range or a target names no layer.
    public init(_ settings: LoRASettings, for model: any CausalLanguageModel) throws {
        try settings.validate()
        let (layers, head) = (model.adaptable, model.head.path)
        let ofBlocks = model.linears.keys.sorted {
            $0.compare($1, options: .numeric) == .orderedAscending
        }
        let paths = ofBlocks + [head]
        for target in settings.targetModules where target != "all-linear" {
            guard paths.contains(where: { $0 == target || $0.hasSuffix("." + target) }) else {
                let names = Set(paths.compactMap { $0.split(separator: ".").last.map(String.init) })
                throw LoRAError.unknownTarget(name: target, available: names.sorted())
            }
        }
        for path in paths { try settings.checkPatterns(path) }
        self.settings = settings
        adaptsHead = settings.targets(head, isHead: true)
        modules = paths.filter { settings.targets($0, isHead: $0 == head) }.compactMap { path in
            guard let linear = layers[path] else { return nil }
            let (rank, scale) = settings.rankAndScale(of: path)
            return Module(
                path: path,
                rank: rank,
                scale: scale,
                input: linear.shape.input,
                output: linear.shape.output
            )
        }
    }

    /// Name and shape of every trainable matrix: A and B of each layer in turn.
    public var parameters: [(name: String, shape: [Int])] {
        modules.flatMap {
            [($0.nameA, [$0.rank, $0.input]), ($0.nameB, [$0.output, $0.rank])]
        }
    }

    /// The number of trainable parameters.
    public var parameterCount: Int {
        modules.reduce(0) { $0 + $1.rank * ($1.input + $1.output) }
    }
}
