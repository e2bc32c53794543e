import ArgumentParser
import Foundation
import JSON
import LanguageModels
import LoRA
import Metrics
import Reporting
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
        if try run.holdsRun {
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
            "model       \(path.printable)", "format      \(format), family \(family)",
            "parameters  \(parameters), \(bytes.inMegabytes)",
            "sizes       "
                + sizes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "),
            "layers      "
                + linearLayers.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
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
            "adapter     \(path.printable)",
            "settings    rank \(rank), alpha \(alpha), dropout \(dropout), targets "
                + targetModules.joined(separator: ",")
                + (usesRankStabilizedScale ? ", rsLoRA" : ""),
            "parameters  \(parameters), \(bytes.inMegabytes)",
        ] + sorted.map { "  \($0.key.printable) \($0.value)" }
    }
}

/// What a run folder holds.
private struct RunSummary: Encodable {
    let path: String
    let recipe: [String: String]
    let metrics: RunMetrics?
    private let classes: ClassTables?

    private enum CodingKeys: String, CodingKey { case path, recipe, metrics }

    init(_ run: RunFolder) throws {
        classes = try ClassTables(run)
        path = run.url.path
        recipe = try run.readRecipe().values
        metrics = try run.readMetrics()
    }

    var lines: [String] {
        var lines = ["run         \(path.printable)"]
        lines += recipe.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.printable)" }
        lines.append(metrics == nil ? "not finished: go on with varlora train --resume" : "results")
        guard let metrics else { return lines }
        for (name, part) in [("validation", metrics.validation), ("test", metrics.test)] {
            guard let part else { continue }
            lines.append(TextTable.metrics(name, part, draws: metrics.drawCount).text)
        }
        lines += metrics.posterior.map { [TextTable.health($0).text] } ?? []
        if let classes {
            lines += ["test, answer by answer", classes.classes.text]
            if !classes.confusions.rows.isEmpty { lines.append(classes.confusions.text) }
        }
        return lines
    }
}

extension TextTable {
    /// How far a posterior has moved: as a whole, then each kind of matrix, with the lowest and the
    /// highest quantile of its layers.
    fileprivate static func health(_ health: PosteriorHealth) -> TextTable {
        var table = TextTable(["posterior", "h/h0 5%", "50%", "95%", "50% by layer", "deviation"])
        func add(_ name: String, _ ratios: [Double?], _ layers: [LayerHealth], _ deviation: Double)
        {
            let medians = layers.map { $0.hessianRatio[1] }.filter(\.isFinite).sorted()
            let ends = [medians.first, medians.last].compactMap { $0?.fixed(3) }
            table.add(
                [name] + ratios.map { $0?.fixed(3) ?? "" }
                    + [ends.joined(separator: " to "), deviation.fixed(6)]
            )
        }
        let layers = health.layers ?? []
        add("all", health.hessianRatio, layers, health.standardDeviation)
        let kinds = Dictionary(grouping: layers) { "\($0.projection).lora_\($0.matrix)" }
        for (name, layers) in kinds.sorted(by: { $0.key < $1.key }) {
            let ratios = [
                layers.map { $0.hessianRatio[0] }.min(), nil,
                layers.map { $0.hessianRatio[2] }.max(),
            ]
            // The matrices of a kind are equally large.
            let deviation = layers.reduce(0) { $0 + $1.standardDeviation } / Double(layers.count)
            add(name, ratios, layers, deviation)
        }
        return table
    }
}

extension Int {
    /// A number of bytes in words.
    fileprivate var inMegabytes: String { "\((Double(self) / 1e6).fixed(1)) MB" }
}
