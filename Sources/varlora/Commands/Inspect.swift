import ArgumentParser
import Foundation
import LanguageModels
import LoRA
import Optimizers
import Posteriors
import TensorFiles
import Torch
import Training

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a model, an adapter or a run holds.",
        discussion: """
            EXAMPLES
              varlora inspect model.gguf
              varlora inspect runs/ivon --json
            """
    )

    @Argument(help: "A run folder, a PEFT adapter folder, a model folder, a GGUF file or org/name.")
    var path: String
    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() throws {
        let url = URL(fileURLWithPath: path)
        let run = RunFolder(url)
        if run.holdsRun {
            try show(try RunSummary(run)) { $0.lines }
        } else if PEFTFolder.isAdapter(url) {
            try show(try AdapterSummary(url)) { $0.lines }
        } else {
            try show(ModelSummary(try ModelFiles(ModelLocation(path)))) { $0.lines }
        }
    }

    private func show<Summary: Encodable>(
        _ summary: Summary,
        _ lines: (Summary) -> [String]
    ) throws {
        if json { return try Console.printJSON(summary) }
        for line in lines(summary) { Console.print(line) }
    }
}

extension ModelSummary {
    fileprivate var lines: [String] {
        [
            "model       \(path)", "format      \(format), family \(family)",
            "parameters  \(parameters), \(bytes.inMegabytes)",
            "sizes       "
                + sizes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "),
            "tensors     "
                + tensorTypes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                .joined(separator: ", "),
        ]
    }
}

/// What an adapter folder holds.
private struct AdapterSummary: Encodable {
    let path: String
    let rank: Int
    let alpha: Double
    let dropout: Double
    let targetModules: [String]
    let usesRankStabilizedScale: Bool
    let parameters: Int
    let bytes: Int
    let shapes: [String: [Int]]

    private enum CodingKeys: String, CodingKey {
        case path, rank, alpha, dropout, parameters, bytes, shapes
        case targetModules = "target_modules"
        case usesRankStabilizedScale = "use_rslora"
    }

    init(_ folder: URL) throws {
        let settings = try PEFTFolder.settings(in: folder)
        let entries = try PEFTFolder.weights(in: folder).entries
        path = folder.path
        rank = settings.rank
        alpha = settings.alpha
        dropout = settings.dropout
        targetModules = settings.targetModules
        usesRankStabilizedScale = settings.usesRankStabilizedScale
        parameters = entries.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
        bytes = entries.values.reduce(0) { $0 + $1.byteRange.count }
        shapes = entries.mapValues(\.shape)
    }

    var lines: [String] {
        let sorted = shapes.sorted {
            $0.key.compare($1.key, options: .numeric) == .orderedAscending
        }
        return [
            "adapter     \(path)",
            "settings    rank \(rank), alpha \(alpha), dropout \(dropout), targets "
                + targetModules.joined(separator: ",")
                + (usesRankStabilizedScale ? ", rsLoRA" : ""),
            "parameters  \(parameters), \(bytes.inMegabytes)",
        ] + sorted.map { "  \($0.key) \($0.value)" }
    }
}

/// What a run folder holds.
private struct RunSummary: Encodable {
    /// Quantiles of a kind of layer's matrices.
    struct Health: Encodable {
        let layers: String
        let hessianRatio: [Double]
        let standardDeviation: Double

        private enum CodingKeys: String, CodingKey {
            case layers
            case hessianRatio = "hessian_ratio"
            case standardDeviation = "standard_deviation"
        }
    }

    /// The smallest and the largest median of h / h₀ over the layers of a group, by its name.
    private var medians: [String: ClosedRange<Double>] {
        var medians: [String: ClosedRange<Double>] = [:]
        for layer in metrics?.posterior?.layers ?? [] {
            guard let median = layer.hessianRatio.dropFirst().first, median.isFinite else {
                continue
            }
            for name in ["all", "\(layer.projection).lora_\(layer.matrix)"] {
                let known = medians[name] ?? median...median
                medians[name] = min(known.lowerBound, median)...max(known.upperBound, median)
            }
        }
        return medians
    }

    let path: String
    let recipe: [String: String]
    let metrics: RunMetrics?
    let posterior: [Health]?

    init(_ run: RunFolder) throws {
        path = run.url.path
        recipe = try run.readRecipe().values
        metrics = try run.readMetrics()
        posterior =
            metrics?.posteriorKind == IVONPosterior.name ? try Self.health(run.posterior) : nil
    }

    /// Quantiles of h / h₀ at 5%, 50% and 95% for all matrices, then for A and B of each kind of
    /// layer.
    private static func health(_ file: URL) throws -> [Health] {
        let prefix = "hessian."
        let entries = try Safetensors(contentsOf: file).entries.values
            .filter { $0.name.hasPrefix(prefix) }
            .sorted { $0.name.compare($1.name, options: .numeric) == .orderedAscending }
        let parameters = FlatParameters(
            entries.map { (String($0.name.dropFirst(prefix.count)), $0.shape) }
        )
        guard
            let ivon = try PosteriorFile(contentsOf: file, for: parameters).kind as? IVONPosterior
        else { return [] }
        func health(_ name: String, _ part: (Tensor) -> Tensor) -> Health {
            Health(
                layers: name,
                hessianRatio: (part(ivon.hessian) * (1 / ivon.hessianInitialization))
                    .quantiles([0.05, 0.5, 0.95]),
                standardDeviation: part(ivon.standardDeviation).mean().item
            )
        }
        let groups = Dictionary(grouping: parameters.entries) { entry in
            entry.name.split(separator: ".").dropLast().suffix(2).joined(separator: ".")
        }
        return [health("all") { $0 }]
            + groups.sorted { $0.key < $1.key }.map { name, entries in
                health(name) { vector in
                    let parts = entries.map {
                        vector.narrowed(0, start: $0.range.lowerBound, length: $0.range.count)
                    }
                    return Tensor.concatenated(parts, along: 0)
                }
            }
    }

    var lines: [String] {
        var lines = ["run         \(path)"]
        lines += recipe.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        lines.append(metrics == nil ? "not finished: go on with varlora train --resume" : "results")
        if let metrics {
            for (name, part) in [("validation", metrics.validation), ("test", metrics.test)] {
                guard let part else { continue }
                lines.append(TextTable.metrics(name, part, draws: metrics.drawCount).text)
            }
        }
        guard let posterior else { return lines }
        let medians = medians
        var table = TextTable(["posterior", "h/h0 5%", "50%", "95%", "50% by layer", "deviation"])
        for health in posterior {
            let ratios = health.hessianRatio.map { $0.fixed(3) }
            let range = medians[health.layers].map {
                "\($0.lowerBound.fixed(3)) to \($0.upperBound.fixed(3))"
            }
            table.add(
                [health.layers] + ratios + [range ?? "", health.standardDeviation.fixed(6)]
            )
        }
        return lines + [table.text]
    }
}

extension Int {
    /// A number of bytes in words.
    fileprivate var inMegabytes: String { "\((Double(self) / 1e6).fixed(1)) MB" }
}
