import ArgumentParser
import Evaluation
import Foundation
import JSON
import Metrics
import TextTasks
import Torch
import Training

struct Acquire: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which rows without a label are worth labelling next.",
        discussion: """
            Answers the rows of a pool as predict does, and prints the best ones, a line of
            JSON each: by mutual information those whose label would tell the most of the
            parameters, by entropy those with the least certain answer. Labels in the pool
            do not count. --output gets the chosen rows as they stand in the pool, --rest
            all others (docs/acquisition.md has a loop).

            EXAMPLES
              varlora acquire runs/first --pool pool.jsonl --count 20
              varlora acquire runs/first --pool pool.csv --count 20 \\
                --output to-label.csv --rest pool.csv
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String
    @Option("Rows in the format of the run's task, or any of your own, labels not needed.")
    var pool: String
    @Option("How many rows to choose.")
    var count: String
    @Option("What rows are chosen by (default: mutual-information, without draws entropy).")
    var by: Acquisition?
    @Option("Write the chosen rows to this file, best first.")
    var output: String?
    @Option("Write the other rows to this file, in their order; it may be the pool's.")
    var rest: String?
    @Option("Draws of the posterior (default: the run's).")
    var draws: String?
    @Option("Factor of the posterior's variance (default: the run's).")
    var varianceScale: String?
    @OptionGroup var subject: SubjectOptions
    @OptionGroup var ranks: RankOptions

    func validate() throws {
        try subject.validate(run: runFolder)
        _ = try countValue
        _ = try value("draws", draws, \.draws)
        _ = try value("variance-scale", varianceScale, \.varianceScale)
        let output = output.map(Self.place)
        if output == Self.place(pool) {
            throw ValidationError("--output: is the pool, whose other rows would be lost")
        }
        if let output, output == rest.map(Self.place) {
            throw ValidationError("--output and --rest exclude each other as one file")
        }
        if output == nil, rest.map(Self.place) == Self.place(pool) {
            throw ValidationError(
                "--rest: is the pool; --output must keep the rows that are taken from it"
            )
        }
    }

    private static func place(_ path: String) -> URL {
        URL(fileURLWithPath: path).resolvingSymlinksInPath()
    }

    private var countValue: Int {
        get throws {
            guard let value = Int(count), value > 0 else {
                throw ValidationError("--count: expected an integer from 1, found \"\(count)\"")
            }
            return value
        }
    }

    func run() throws { try ranks.join(acquire) }

    private func acquire(with group: ProcessGroup?) throws {
        let subject = try subject.load(run: runFolder)
        let task = try? subject.recipe.textTask()
        let output = try output.map { try OutputFile($0, reading: [pool], task: task) }
        let rest = try rest.map { try OutputFile($0, task: task) }
        let loaded = try subject.load(pool, ignoringLabels: true)
        let verbatim =
            try output ?? rest == nil ? nil : VerbatimRows(contentsOf: URL(fileURLWithPath: pool))
        let rows = loaded.rows.map { loaded.examples[$0.lowerBound] }
        let scores = try scores(of: loaded, subject, group)
        let ranking =
            scores.map(Acquisition.ranking)
            ?? Acquisition.randomRanking(of: rows.count, seed: UInt64(subject.recipe.seed))
        guard group?.launch.isFirst ?? true else { return }
        let chosen = ranking.prefix(try countValue)
        if chosen.count < (try countValue) {
            Console.note("\(pool): has \(rows.count) rows, all of which are chosen")
        }
        let sources = chosen.map { rows[$0].source }
        // In this order, a row that leaves the pool is written already.
        if let output { try verbatim?.write(sources, to: output.url) }
        if let rest { try verbatim?.write(allBut: sources, to: rest.url) }
        for (rank, place) in chosen.enumerated() {
            let (row, score) = (rows[place], scores?[place])
            let line = Line(rank: rank + 1, id: row.state ?? row.id, score: score)
            Console.print(String(decoding: try JSONLines.line(line).dropLast(), as: UTF8.self))
        }
    }

    /// What each row is worth; nil where chance chooses.
    private func scores(
        of loaded: LoadedExamples,
        _ subject: Subject,
        _ group: ProcessGroup?
    ) throws -> [Double]? {
        let predictive = try subject.predictive(
            draws: try value("draws", draws, \.draws),
            varianceScale: try value("variance-scale", varianceScale, \.varianceScale),
            group: group
        )
        let without = Self.lackOfDraws(predictive, subject)
        let by = self.by ?? (without == nil ? .mutualInformation : .entropy)
        if self.by == nil, let without { Console.note("chosen by entropy: the run is \(without)") }
        if by == .random { return nil }
        if by == .mutualInformation, let without {
            throw TrainingError.noInformation(folder: runFolder, found: without)
        }
        let answers = try predictive.predictions(
            try subject.encode(loaded).examples,
            maximumTokens: subject.recipe.evalTokens
        ) {
            Console.bar("answering, batch \($0)/\($1)")
            if $0 == $1 { Console.bar("") }
        }
        return loaded.rows.map { by.score(of: answers[$0].map(\.prediction)) ?? 0 }
    }

    /// Why answers tell nothing of what the parameters do not know; nil where they do.
    private static func lackOfDraws(_ predictive: any Predictive, _ subject: Subject) -> String? {
        guard let trained = subject.trained, trained.posterior != nil else {
            return "a point estimate"
        }
        if predictive.varianceScale == 0 { return "its mean alone, at variance scale 0" }
        return trained.isLinearised || predictive.drawCount > 1 ? nil : "one draw"
    }

    /// A line of the output.
    private struct Line: Encodable {
        let rank: Int
        let id: String
        let score: Double?
    }
}

extension Acquisition: ExpressibleByArgument {}
