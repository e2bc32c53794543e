import ArgumentParser
import Foundation
import JSON
import LanguageModels
import Laplace
import TextTasks
import Torch
import Training

struct SensitivityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sensitivity",
        abstract: "Rank a run's training rows by how much the model leans on them.",
        discussion: """
            Estimates from the posterior, without training again, how much the loss of a
            row would grow if the run had been trained without it: wrong labels and
            unusual rows come first. Sizes are to be compared within a run
            (docs/sensitivity.md). The run needs a posterior with variances, such as
            IVON's. Probabilities are those of the labels at the mean.

            EXAMPLES
              varlora sensitivity runs/ivon
              varlora sensitivity runs/ivon --count 50 --output rows.jsonl
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String
    @Option("Rows to show, the most sensitive first.")
    var count = "20"
    @Option("Write all rows to this file, too, one a line.")
    var output: String?
    @Option("Where the run's base model lies now.")
    var model: String?
    @Option("Where the run's own task lies now.")
    var task: String?
    @Option("Where the run's named data set lies now.")
    var data: String?
    @Option("cpu, cuda, cuda:N or mps.")
    var device = "cpu"
    @Option(of: "threads") var threads: String?

    func validate() throws {
        _ = try shownCount
        _ = try value("threads", threads, \.threads)
    }

    private var shownCount: Int {
        get throws {
            guard let number = Int(count), number > 0 else {
                throw ValidationError("--count: expected a positive integer, found \"\(count)\"")
            }
            return number
        }
    }

    func run() throws {
        if let count = try value("threads", threads, \.threads) ?? nil { Engine.threads = count }
        let folder = RunFolder(URL(fileURLWithPath: runFolder))
        var recipe = try folder.readRecipe()
        recipe.model = model ?? recipe.model
        recipe.task = task ?? recipe.task
        recipe.data = data ?? recipe.data
        let output = try output.map { try OutputFile($0, task: recipe.textTask()) }
        let base = try LoadedModel(
            try ModelLocation(recipe.model),
            device: RankOptions.launch().device(device),
            precision: recipe.precision
        )
        let trained = try TrainedRun(folder, recipe: recipe, model: base)
        let loaded = try recipe.fittingParts(of: recipe.textTask()).train
        let part = try EncodedPart(loaded, recipe: recipe, tokenizer: base.tokenizer)
        try part.check(fits: base)
        try folder.check(isTrainedOn: part)
        let found = try trained.sensitivities(to: part) {
            Console.bar("batch \($0)/\($1)")
            if $0 == $1 { Console.bar("") }
        }
        let rows = Row.ranked(loaded.examples, found)
        if let output { try JSONLines.write(rows, to: output.url) }
        let title = "\(rows.count) training rows"
        var table = TextTable([title, "label", "probability", "sensitivity"])
        for row in rows.prefix(try shownCount) {
            table.add([
                row.name, Row.cut(row.labelText, to: 16), row.probability.fixed(3),
                String(format: "%.4g", row.sensitivity),
            ])
        }
        Console.print(table.text)
    }

    /// A line of the output.
    private struct Row: Encodable {
        let rank: Int
        let id: String
        let text: String
        let label: Int?
        let labelText: String
        let probability: Double
        let sensitivity: Double
        let logOddsChange: Double
        let variance: Double

        /// What the table says of the row: with a label of 16 characters, 80 columns.
        var name: String { Self.cut("\(id)  \(text)", to: 36) }

        /// A text on one line, at most so many characters of it.
        static func cut(_ text: String, to length: Int) -> String {
            let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return line.count > length ? line.prefix(length - 1) + "…" : line
        }

        /// The rows, those that the model leans on most first.
        static func ranked(_ examples: [Example], _ sensitivities: [Sensitivity]) -> [Row] {
            zip(examples, sensitivities).enumerated()
                .sorted {
                    (-$0.element.1.lossChange, $0.offset) < (-$1.element.1.lossChange, $1.offset)
                }
                .enumerated()
                .map { Row(rank: $0.offset + 1, $0.element.element.0, $0.element.element.1) }
        }

        private init(rank: Int, _ example: Example, _ sensitivity: Sensitivity) {
            self.rank = rank
            id = example.id
            text = example.prompt
            label = example.label
            labelText = example.label.map { example.names[$0] } ?? ""
            probability = sensitivity.probability
            self.sensitivity = sensitivity.lossChange
            logOddsChange = sensitivity.logOddsChange
            variance = sensitivity.variance
        }

        private enum CodingKeys: String, CodingKey {
            case rank, id, text, label, probability, sensitivity, variance
            case labelText = "label_text"
            case logOddsChange = "log_odds_change"
        }
    }
}
