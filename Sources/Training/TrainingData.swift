import Foundation
import JSON
import RunFiles
import TextTasks
import Tokenization

/// The encoded parts of a task.
public struct TrainingData: Sendable {
    /// What the adapter is fitted to.
    public let train: EncodedPart
    /// What settings may be chosen by.
    public let validation: EncodedPart
    /// What results are reported on; none for data without a test part.
    public let test: EncodedPart?
    /// The labels that texts choose from, in the order of the answers; nil for other data.
    public let labels: [String]?
    /// What is unusual about the data, a sentence each.
    public let warnings: [String]
}

extension TrainingData {
    /// Loads and encodes the parts that a recipe names.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    public init(_ recipe: Recipe, tokenizer: Tokenizer) throws {
        try recipe.validate()
        let task = try recipe.textTask()
        var survey = DataSurvey(task)
        func part(_ loaded: LoadedExamples, _ split: Split) throws -> EncodedPart {
            survey.add(loaded, as: split)
            var part = try EncodedPart(loaded, recipe: recipe, tokenizer: tokenizer)
            if split == .test { part.originals = loaded.examples }
            return part
        }
        let loaded = try recipe.fittingParts(of: task)
        train = try part(loaded.train, .train)
        validation = try part(loaded.validation, .validation)
        do {
            let seed = recipe.seedOfSplit
            test = try part(task.load(.test, seed: seed, limit: recipe.limitTest), .test)
        } catch TextTaskError.noFile(part: .test, _, _, _)
            where !TextTask.names.contains(recipe.task)
        {
            // One's own folder need not have a test part; a published data set does.
            test = nil
        }
        labels = try task.labels()
        warnings = survey.warnings
    }
}

extension TrainingData {
    /// Writes what a run must know of its data to answer rows from elsewhere.
    ///
    /// - Throws: `FileError` when a file cannot be written.
    package func write(to run: RunFolder) throws {
        if let labels { try JSONFile.write(labels, to: run.labels) }
    }
}

extension Recipe {
    /// The task that the recipe names.
    ///
    /// - Throws: `TextTaskError` when there is no such task or its data is not there.
    public func textTask() throws -> TextTask {
        try TextTask(task, folder: data.map { URL(fileURLWithPath: $0) }, style: promptStyle)
    }

    /// The examples that a run may see before it is tested: to fit the adapter to, and to choose
    /// settings by.
    ///
    /// - Throws: `TextTaskError` or `JSONLinesError` where a part cannot be loaded or has too few
    ///   rows.
    package func fittingParts(
        of task: TextTask
    ) throws -> (train: LoadedExamples, validation: LoadedExamples) {
        func load(_ split: Split, _ limit: Int?) throws -> LoadedExamples {
            try task.load(split, seed: seedOfSplit, limit: limit)
        }
        let train = try load(.train, limitTrain)
        if labels == nil, heldOut == 0 { return (train, try load(.validation, limitValidation)) }
        let budget = LabelBudget(labels: labels, heldOut: heldOut, seed: seedOfSplit)
        let drawn = try budget.draw(from: train)
        let isHeldOut = !drawn.heldOut.examples.isEmpty
        return (drawn.train, isHeldOut ? drawn.heldOut : try load(.validation, limitValidation))
    }

    /// A part of the recipe's task as a run has it, with the labels that it draws and holds out, or
    /// its first `limit` rows.
    ///
    /// - Throws: as ``fittingParts(of:)``.
    package func part(
        _ split: Split,
        of task: TextTask,
        limit: Int? = nil
    ) throws -> LoadedExamples {
        let isDrawn = split == .train && (labels != nil || heldOut > 0)
        guard isDrawn || split == .validation && heldOut > 0 else {
            return try task.load(split, seed: seedOfSplit, limit: limit)
        }
        let parts = try fittingParts(of: task)
        var loaded = isDrawn ? parts.train : parts.validation
        if let limit {
            loaded.examples = loaded.rows.prefix(limit).flatMap { loaded.examples[$0] }
        }
        return loaded
    }

    /// How rows of the user's own data become prompts.
    public var promptStyle: PromptStyle {
        var style = PromptStyle(answers: answers, listsOptions: listOptions)
        style.orders = orders
        style.version = promptVersion
        return style
    }

    /// The seed that divides the data into parts.
    public var seedOfSplit: UInt64 { UInt64(splitSeed ?? seed) }
}
