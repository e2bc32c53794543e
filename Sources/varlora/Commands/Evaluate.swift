import ArgumentParser
import Evaluation
import Foundation
import LanguageModels
import Metrics
import TextTasks
import Torch
import Training

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a run, or the untouched base model.",
        discussion: """
            EXAMPLES
              varlora evaluate runs/ivon --draws 10 --predictions answers.jsonl
              varlora evaluate runs/ivon --variance-scale 0.5 --json
              varlora evaluate comparison/films/seed-21/laplace-kfac --predictive draws
              varlora evaluate runs/ivon --task other-data/
              varlora evaluate runs/ivon --ood unrelated-questions.jsonl
              varlora evaluate runs/ivon --curves
              varlora evaluate --model model.gguf --task arc-easy --data arc-easy/
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String?
    @OptionGroup var subject: SubjectOptions
    @Option("The part of the data (default: test; with --curves validation).")
    var split: Split?
    @Option("Draws of the posterior (default: the run's).")
    var draws: String?
    @Option("Factor of the posterior's variance; 0 is the mean (default: the run's).")
    var varianceScale: String?
    @Option("Use the first N examples.")
    var limit: String?
    @Option("Write a line of probabilities for each example to this file.")
    var predictions: String?
    @Option(
        """
        Answer another task's test part or file, too, whose labels do not count, and measure how \
        well uncertainty tells its rows from the part's.
        """
    )
    var ood: String?
    @Flag(
        help: """
            Measure the run by number of draws and by variance scale, and write curves.json into \
            it for the report.
            """
    )
    var curves = false
    @OptionGroup var ranks: RankOptions
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        try subject.validate(run: runFolder)
        if runFolder == nil && subject.task == nil { throw ValidationError("--task is missing") }
        _ = try value("draws", draws, \.draws)
        _ = try value("variance-scale", varianceScale, \.varianceScale)
        _ = try limitValue
        if runFolder == nil, draws != nil || varianceScale != nil {
            throw ValidationError("--draws, --variance-scale: a base model has no posterior")
        }
        if curves {
            let others = [
                ("--model without a run", runFolder == nil), ("--task", subject.task != nil),
                ("--variance-scale", varianceScale != nil), ("--predictions", predictions != nil),
                ("--predictive", subject.predictive != nil), ("--ood", ood != nil),
            ]
            for (name, isGiven) in others where isGiven {
                throw ValidationError("--curves and \(name) exclude each other")
            }
        }
    }

    private var limitValue: Int? {
        get throws { try value("limit", limit, \.limitTest, as: "limit-test") ?? nil }
    }

    func run() throws { try ranks.join(curves ? measureCurves : evaluate) }

    private func evaluate(with group: ProcessGroup?) throws {
        let subject = try subject.load(run: runFolder)
        let recipe = subject.recipe
        let predictions = try predictions.map { try OutputFile($0, task: recipe.textTask()) }
        let split = split ?? .test
        let part = try subject.encode(subject.load(split, limit: limitValue))
        let predictive = try subject.predictive(
            draws: try value("draws", draws, \.draws),
            varianceScale: try value("variance-scale", varianceScale, \.varianceScale),
            group: group
        )
        let start = ContinuousClock.now
        let evaluation = try PartEvaluation(part, predictive, recipe: recipe) {
            Console.bar("evaluating, batch \($0)/\($1)")
            if $0 == $1 { Console.bar("") }
        }
        let drawCount = subject.trained?.posterior.map { _ in predictive.drawCount }
        report(evaluation, drawCount, start.duration(to: .now))
        if let predictions, group?.launch.isFirst ?? true {
            try evaluation.predictions.map(\.prediction)
                .write(to: predictions.url)
        }
        let outOfScope = try ood.map {
            try OutOfScope(
                $0,
                limit: limitValue,
                own: evaluation.predictions.map(\.prediction),
                subject,
                predictive
            )
        }
        let results = evaluation.results
        guard json else {
            let table = TextTable.metrics(
                split.rawValue,
                results,
                draws: predictive.drawCount
            )
            Console.print(table.text)
            if let outOfScope { Console.print(outOfScope.table.text) }
            return
        }
        try Console.printJSON(
            Report(
                model: recipe.model,
                task: recipe.task,
                split: split,
                draws: drawCount,
                varianceScale: subject.trained?.posterior.map { _ in predictive.varianceScale },
                results: results,
                outOfScope: outOfScope
            )
        )
    }

    /// Says what was evaluated and how long that took, apart from the results.
    private func report(_ evaluation: PartEvaluation, _ drawCount: Int?, _ duration: Duration) {
        let draws = drawCount.map { ", \($0) draws" } ?? ""
        let seconds = (duration / .seconds(1)).fixed(2)
        Console.note("\(evaluation.predictions.count) examples\(draws): \(seconds) s")
        if let flips = evaluation.results.orderFlips {
            Console.note("the order of the options changes \(flips.fixed(3)) of the answers")
        }
    }

    private func measureCurves(with group: ProcessGroup?) throws {
        guard let runFolder else { return }
        let subject = try subject.load(run: runFolder)
        guard let trained = subject.trained else { return }
        let split = split ?? .validation
        let limits = [
            Split.validation: subject.recipe.limitValidation, .test: subject.recipe.limitTest,
        ]
        let part = try subject.encode(
            subject.load(split, limit: limitValue ?? limits[split] ?? nil)
        )
        let folder = RunFolder(URL(fileURLWithPath: runFolder))
        let curves = try RunCurves(
            trained,
            folder: folder,
            part,
            split: split,
            draws: try value("draws", draws, \.draws),
            group: group
        ) {
            Console.bar("evaluating, batch \($0)/\($1)")
            if $0 == $1 { Console.bar("") }
        }
        guard group?.launch.isFirst ?? true else { return }
        try curves.write(to: folder.curves)
        if json { return try Console.printJSON(curves) }
        Console.print(TextTable.curves(curves).text)
        Console.note("curves: \(folder.curves.relativePath)")
    }

    /// What `--json` prints.
    private struct Report: Encodable {
        let model: String
        let task: String
        let split: Split
        let draws: Int?
        let varianceScale: Double?
        let results: RunMetrics.Part
        let outOfScope: OutOfScope?

        private enum CodingKeys: String, CodingKey {
            case model, task, split, draws, results
            case varianceScale = "posterior_variance_scale"
            case outOfScope = "ood"
        }
    }
}

extension Split: ExpressibleByArgument {}
