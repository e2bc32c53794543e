import Foundation

/// Data that cannot be used as asked, and why.
public enum TextTaskError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// A line of a data file that cannot be used; `source` is file:line, the reason a clause.
    case row(source: String, reason: String)
    /// Neither the name of a task nor an existing path.
    case unknownTask(String)
    /// A data folder was given for a task that is a path itself.
    case folderForPath(task: String)
    /// A published data set, whose prompts are the paper's, was to be asked in another way.
    case styleOfPublished(task: String)
    /// The data set's folder is not known or not there; `home` says where the files come from.
    case noData(task: String, looked: String, home: String)
    /// A file that is no JSON Lines, but something else that is known.
    case form(file: String, FileForm)
    /// A part of the data has no file in the folder; `found` is a clause about what there is.
    case noFile(part: Split, folder: String, names: [String], found: String? = nil)
    /// A part of the data has several files in the folder.
    case severalFiles(part: Split, folder: String, names: [String])
    /// A file without a usable example.
    case noExamples(file: String, leftOut: Int)
    /// A file with too few examples to be split.
    case tooFewExamples(file: String, count: Int, needed: Int)
    /// A training part with fewer rows than the labels that are to be drawn from it.
    case tooFewLabels(file: String, count: Int, needed: Int)
    /// Fewer rows than folds, or one fold alone.
    case tooFewRows(file: String, count: Int, folds: Int)
    /// The maximum length leaves no room for a prompt.
    case maximumLength(Int, minimum: Int)
    /// The tokenizer's special tokens do not stand around the text.
    case unclearTemplate
    /// An example's texts cannot become tokens as its task asks; the reason is a clause.
    case encoding(source: String, id: String, reason: String)

    /// One sentence that names the place, what was expected and what was found.
    public var description: String {
        switch self {
        case .row(let source, let reason):
            "\(source): \(reason)"
        case .unknownTask(let name):
            "\"\(name)\" is neither a file or folder nor one of the tasks "
                + TextTask.names.joined(separator: ", ")
        case .folderForPath(let task):
            "a data folder can be given for a named task only, and \"\(task)\" is a path"
        case .styleOfPublished(let task):
            "the prompts of \(task) are the paper's: answers must be auto, and list-options be "
                + "left out"
        case .noData(let task, let looked, let home):
            "the data of \(task) was not found \(looked); the official files come from \(home)"
        case .form(let file, let form):
            "\(file): expected a JSON object a line, found \(form.name): \(form.advice)"
        case .noFile(let part, let folder, let names, let found):
            "\(folder): the \(part.rawValue) part needs \(names.joined(separator: " or ")), "
                + "which is not there" + (found.map { "; there is \($0)" } ?? "")
        case .severalFiles(let part, let folder, let names):
            "\(folder): the \(part.rawValue) part should be one file and may be any of "
                + names.joined(separator: ", ")
        case .noExamples(let file, let leftOut):
            "\(file): there is no usable example"
                + (leftOut > 0 ? " (\(leftOut) without four choices)" : "")
        case .tooFewExamples(let file, let count, let needed):
            "\(file): splitting needs at least \(needed) examples that may be separated, "
                + "not \(count)"
        case .tooFewLabels(let file, let count, let needed):
            "\(file): labels and held-out need at least \(needed) rows, found \(count)"
        case .tooFewRows(let file, let count, let folds):
            "\(file): folds: expected 2 to \(count), as many as rows, found \(folds)"
        case .maximumLength(let length, let minimum):
            "the maximum length must be within \(minimum)...\(Int32.max) tokens, not \(length)"
        case .unclearTemplate:
            "the tokenizer changes a text's own tokens when it adds special tokens"
        case .encoding(let source, let id, let reason):
            source == id || source.hasSuffix("/\(id)")
                ? "\(source): \(reason)" : "\(source) (\(id)): \(reason)"
        }
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}
