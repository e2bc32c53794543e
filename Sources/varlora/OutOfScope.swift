import Evaluation
import Foundation
import Metrics
import TextTasks
import Training

/// How well a run's uncertainty tells another task's rows from its own.
struct OutOfScope: Encodable {
    /// The other task as it was named.
    let task: String
    /// Rows of it.
    let examples: Int
    /// Detection by each uncertainty; the other task's rows are the positives.
    let detection: OutOfDistribution

    /// Answers the rows of `task`, labelled or not, as the run answers its own, of which `own` are
    /// the predictions.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    init(
        _ task: String,
        limit: Int?,
        own: [Prediction],
        _ subject: Subject,
        _ predictive: any Predictive
    ) throws {
        let part = try subject.encode(Self.rows(of: task, limit: limit, subject))
        let answers = try predictive.predictions(
            part.examples,
            maximumTokens: subject.recipe.evalTokens
        )
        self.task = task
        examples = answers.count
        detection = try OutOfDistribution(inTask: own, outOfTask: answers.map(\.prediction))
    }

    /// All rows of a file, or the test part of a folder or a published data set.
    private static func rows(
        of task: String,
        limit: Int?,
        _ subject: Subject
    ) throws -> LoadedExamples {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: task, isDirectory: &isFolder)
        guard isThere, !isFolder.boolValue, !TextTask.names.contains(task) else {
            var style = subject.recipe.promptStyle
            if TextTask.names.contains(task) { style.listsOptions = subject.statedListing }
            return try TextTask(task, style: style).loadForOthers(
                labels: subject.labels,
                seed: subject.recipe.seedOfSplit,
                limit: limit
            )
        }
        var loaded = try subject.load(task, ignoringLabels: true)
        if let limit { loaded.examples = Array(loaded.examples.prefix(limit)) }
        return loaded
    }

    /// The detection as a table.
    var table: TextTable {
        var table = TextTable(["\(task), \(examples) rows", "AUROC", "AUPR", "FPR at 95% TPR"])
        let rows = [
            ("confidence", detection.maxProbability), ("entropy", detection.entropy),
            ("mutual information", detection.mutualInformation),
        ]
        for (name, found) in rows {
            guard let found else { continue }
            table.add([name] + [found.auroc, found.aupr, found.fpr95].map { $0.fixed(3) })
        }
        return table
    }
}
