import JSON

/// Why a run cannot start or go on; `description` is one sentence.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// The output folder holds a run.
    case runExists(folder: String)
    /// The output folder holds other files.
    case notARun(folder: String, found: String)
    /// The output folder holds the files of a run whose recipe was removed.
    case recipeGone(folder: String, found: String)
    /// There is no run to go on with or to read.
    case noRun(folder: String)
    /// An adapter of PEFT is in the place of a run.
    case adapterAlone(folder: String)
    /// The run to predict with has no adapter yet.
    case unfinished(folder: String)
    /// A setting of the draws is asked of a run that answers without, or with others.
    case noDraws(key: String, reason: String, found: String)
    /// The run to draw from is a point estimate.
    case noPosterior(folder: String)
    /// How much a run leans on its training rows cannot be estimated.
    case noSensitivity(expected: String, found: String)
    /// A run is to go on with another setting than it was started with.
    case otherRecipe(file: String, key: String, saved: String, asked: String)
    /// A file belongs to another model, data set or recipe.
    case mismatch(file: String, key: String, expected: String, found: String)
    /// Another process works on the run.
    case busy(folder: String)
    /// The loss is infinite or not a number.
    case lossNotFinite(loss: Double, step: Int, ids: [String], checkpoint: String?)
    /// A prompt has more tokens than the model computes rightly.
    case promptTooLong(id: String, length: Int, maximum: Int)
    /// A prompt or an answer has a token that the model has no embedding for.
    case tokenOutsideModel(
        file: String,
        token: String,
        number: Int,
        vocabulary: Int,
        id: String
    )
    /// The prompts are to be a conversation with a model that has no template for one.
    case noChatTemplate(model: String)
    /// A step made parameters infinite or not numbers.
    case parametersNotFinite(step: Int, ids: [String], checkpoint: String?)
    /// A rank was started with something else than rank 0.
    case ranksDisagree(rank: Int, key: String, expected: String, found: String)
    /// A batch has fewer examples than there are ranks.
    case batchTooSmall(size: Int, ranks: Int)
    /// The ranks' parameters are no longer the same.
    case ranksDiverged(rank: Int, step: Int)
    /// A run cannot be merged with another one, for a reason.
    case notAlike(
        folder: String,
        key: String,
        expected: String,
        other: String,
        found: String,
        reason: String
    )
    /// A run that is to be merged by precisions has none, or of another kind than the first.
    case noPrecisions(folder: String, expected: String, found: String)
    /// The answers of a run cannot be tempered by a temperature that is fitted to them.
    case noTemperature(folder: String, expected: String, found: String)
    /// A label of one training row, which no model that is trained without it can know.
    case loneLabel(file: String, label: String)
    /// A run that tells nothing of the mutual information of answer and parameters is asked for it.
    case noInformation(folder: String, found: String)
    /// A file or the folder of a run is no longer where the training had it.
    case takenAway(path: String)

    /// One sentence that says what to do about it.
    public var description: String {
        switch self {
        case .runExists(let folder):
            "\(folder): holds another run; use --resume to go on with it or --force to replace it"
        case .notARun(let folder, let found):
            "\(folder): expected a new or empty folder or a run, found \(found)"
        case .recipeGone(let folder, let found):
            "\(folder): holds a run without its recipe.yaml, found \(found);"
                + " use --force to replace it"
        case .noRun(let folder):
            "\(folder): expected the folder of a run, found no recipe.yaml in it"
        case .adapterAlone(let folder):
            "\(folder): expected the folder of a run, found an adapter without a recipe.yaml;"
                + " to use one that PEFT trained, merge it (merge_and_unload, save_pretrained) and"
                + " name the merged model by --model"
        case .unfinished(let folder):
            "\(folder): the run is not finished; go on with it with train --resume"
        case .noDraws(let key, let reason, let found):
            "\(key): expected none, as the run answers by \(reason), found \(found)"
        case .noPosterior(let folder):
            "\(folder): expected a run with a posterior to draw from, found a point estimate"
        case .noSensitivity(let expected, let found):
            "sensitivity: expected \(expected), found \(found)"
        case .otherRecipe(let file, let key, let saved, let asked):
            "\(file): the run was started with \(key) \(saved), but \(asked) was asked for;"
                + " --resume repeats the same run"
        case .mismatch(let file, let key, let expected, let found):
            "\(file): \(key): expected \(expected), found \(found)"
        case .busy(let folder): "\(folder): another process is training this run"
        case .lossNotFinite(let loss, let step, let ids, let checkpoint):
            "the loss is \(Self.text(loss)) at step \(step), on the examples"
                + " \(ids.joined(separator: ", ")); \(Self.text(checkpoint))"
        case .promptTooLong(let id, let length, let maximum):
            "the prompt of \(id) with its longest answer has \(length) tokens, expected at most"
                + " the model's \(maximum); set max-length \(length - maximum) below the prompt's"
                + " length"
        case .tokenOutsideModel(let file, let token, let number, let vocabulary, let id):
            "\(file): token \(token.quoted), which \(id) has, is number \(number), expected"
                + " one below \(vocabulary), the rows of the model's embedding: tokenizer and"
                + " weights do not belong together"
        case .noChatTemplate(let model):
            "\(model): chat: expected a model with a chat template, found neither"
                + " chat_template.jinja nor a default chat_template; leave chat out for base models"
        case .parametersNotFinite(let step, let ids, let checkpoint):
            "the parameters are not finite after step \(step), on the examples"
                + " \(ids.joined(separator: ", "));"
                + " \(Self.text(checkpoint))"
        case .ranksDisagree(let rank, let key, let expected, let found):
            "rank \(rank) was started with \(key) \(found), expected \(expected) as on rank 0"
        case .batchTooSmall(let size, let ranks):
            "batch-size: expected at least the number of ranks, \(ranks), found \(size)"
        case .ranksDiverged(let rank, let step):
            "the parameters of rank \(rank) differ from those of rank 0 after step \(step)"
        case .notAlike(let folder, let key, let expected, let other, let found, let reason):
            "\(folder): \(key): expected \(expected) as of \(other), found \(found); \(reason)"
        case .noPrecisions(let folder, let expected, let found):
            "\(folder): expected a posterior with a precision of each parameter (\(expected)),"
                + " found \(found); merge by average or task-arithmetic"
        case .noTemperature(let folder, let expected, let found):
            "\(folder): temperature: expected \(expected), found \(found)"
        case .loneLabel(let file, let label):
            "\(file): folds: expected two rows of a label or more, found one of \(label.quoted)"
        case .noInformation(let folder, let found):
            "\(folder): mutual-information: expected a run that averages over draws, found"
                + " \(found); choose by entropy"
        case .takenAway(let path):
            "\(path): was removed, moved or replaced during the training, which ends here;"
                + " a run that is left in its place can be replaced with --force"
        }
    }

    private static func text(_ checkpoint: String?) -> String {
        checkpoint.map { "the last good checkpoint is \($0)" } ?? "no checkpoint was saved yet"
    }

    private static func text(_ loss: Double) -> String { loss.isNaN ? "not a number" : "\(loss)" }
}
