import Foundation

/// What is unusual about a task's data, so that results say less than they seem to.
///
/// The parts are added in the order of ``Split``, so that later ones are compared with the train
/// part; rows without a label are looked at for repetitions alone.
public struct DataSurvey {
    /// A sentence for each finding.
    public private(set) var warnings: [String] = []
    private var trained: Set<Int> = []

    /// A part of fewer rows says little.
    private static let few = 20

    /// A survey of a task, first of the files of its folder.
    public init(_ task: TextTask) {
        let names = task.strangers
        if !names.isEmpty {
            warnings.append(
                "\(task.name): \(list(names)): not used; the parts are train, validation (or "
                    + "valid, val, eval, dev, development) and test, each .jsonl, .csv or a folder "
                    + "of labels"
            )
        }
        // Labels that cannot be read are a fault of the part.
        let labels = (try? task.labels()) ?? []
        let alike = Dictionary(grouping: labels) {
            $0.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        }
        for spellings in alike.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
            warnings.append(
                "\(task.name): the labels \(list(spellings.map(quoted))) differ in white space or "
                    + "case alone, and each is an answer of its own"
            )
        }
    }

    /// Looks at the examples of a part.
    public mutating func add(_ loaded: LoadedExamples, as part: Split) {
        func warn(_ text: String) { warnings.append("\(loaded.file): \(text)") }
        let examples = loaded.examples
        let name = "the \(part.rawValue) part"
        if part != .train, examples.count < Self.few {
            let share = (1000 / Double(examples.count)).rounded() / 1000
            warn("\(name) has few rows, \(examples.count): each moves its accuracy by \(share)")
        }
        if let text = Self.imbalance(of: examples, in: part) { warn(text) }
        let hashes = examples.map { [[$0.prompt], $0.answers].hashValue }
        if part == .train {
            trained = Set(hashes)
        } else if let first = hashes.firstIndex(where: trained.contains) {
            let count = hashes.count(where: trained.contains)
            warn(
                "\(count) of the \(examples.count) rows of \(name) are in the train part, too "
                    + "(\(examples[first].id) is the first): results on them show what was learnt "
                    + "by heart"
            )
        }
    }

    /// What there is to say of how often each answer is right.
    private static func imbalance(of examples: [Example], in part: Split) -> String? {
        var counts: [String: Int] = [:]
        for example in examples {
            if let label = example.label { counts[example.names[label], default: 0] += 1 }
        }
        if counts.count == 1, examples.count > 1, let only = counts.keys.first {
            return "every row of the \(part.rawValue) part has the same answer, \(quoted(only)): "
                + (part == .train
                    ? "the model learns to give it whatever is asked"
                    : "a model that always gives it looks perfect")
        }
        // Where rows have choices of their own, each answer is rare.
        let answers = Set(examples.first?.names ?? [])
        guard examples.count >= few, examples.allSatisfy({ Set($0.names) == answers }) else {
            return nil
        }
        let sorted = answers.map { ($0, counts[$0] ?? 0) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        guard let most = sorted.first, let least = sorted.last, most.1 >= 19 * max(least.1, 1)
        else { return nil }
        return
            "the labels of the \(part.rawValue) part are far out of balance: \(quoted(most.0)) is "
            + "right in \(most.1) rows and \(quoted(least.0)) in \(least.1), so that accuracy says "
            + "little"
    }
}
