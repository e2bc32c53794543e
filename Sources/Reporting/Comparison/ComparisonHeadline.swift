import Metrics

/// What a comparison found on a task, in sentences computed from its numbers.
struct ComparisonHeadline {
    private let task: ComparisonSummary.Task

    init(_ task: ComparisonSummary.Task) {
        self.task = task
    }

    /// The finding, then what was not found, then the bar.
    var sentences: [String] {
        guard let reference = task.method(ComparisonMethod.reference) else {
            return [
                "On \(task.task) there is no \(referenceTitle) to compare the other methods with."
            ]
        }
        guard !candidates.isEmpty else { return [barSentence].compactMap { $0 } }
        let metrics: [Metric] = [.nll, .ece]
        let findings = metrics.map { finding($0, reference) }
        return ["On \(task.task), \(findings.joined(separator: "; "))."]
            + metrics.compactMap(rest) + [barSentence].compactMap { $0 }
    }

    /// What the words of the sentences mean.
    static let note =
        "“Clearly” says that the 95% bootstrap interval of the paired difference to "
        + "\(ComparisonMethod.named(ComparisonMethod.reference).title), in brackets, excludes 0; "
        + "it covers the choice of the test examples and, with several seeds, that of the seeds."

    private var referenceTitle: String {
        ComparisonMethod.named(ComparisonMethod.reference).title
    }

    /// Methods that set out to be better than `map`, without the bar, which has its own sentence.
    private var candidates: [ComparisonSummary.Method] {
        task.methods.filter { method in
            !["base", ComparisonMethod.reference, ComparisonMethod.bar].contains(method.method)
                && !method.differences.isEmpty
        }
    }

    private func finding(_ metric: Metric, _ reference: ComparisonSummary.Method) -> String {
        let better = candidates.filter { $0.difference(metric)?.isBetter(metric) == true }
        let value = reference.metrics[metric].map { $0.mean.text() } ?? "unknown"
        let methods = better.isEmpty ? "none" : "\(better.count)"
        let verb = better.count > 1 ? "lower" : "lowers"
        return
            "\(methods) of \(candidates.count) methods clearly \(verb) AdamW's \(metric.title) of "
            + value + (better.isEmpty ? "" : ": " + list(better, metric))
    }

    /// The methods that are not better.
    private func rest(_ metric: Metric) -> String? {
        func found(_ condition: (PairedDifference) -> Bool) -> [ComparisonSummary.Method] {
            candidates.filter { $0.difference(metric).map(condition) == true }
        }
        let worse = found { $0.isWorse(metric) }
        let unclear = found { !$0.isWorse(metric) && !$0.isBetter(metric) }
        var parts: [String] = []
        if !worse.isEmpty { parts.append("clearly higher with \(list(worse, metric))") }
        if !unclear.isEmpty {
            let names = unclear.map { ComparisonMethod.named($0.method).nameInWords }
            parts.append("not clearly different with \(names.inWords)")
        }
        return parts.isEmpty ? nil : "\(metric.title) is \(parts.joined(separator: "; it is "))."
    }

    private func list(_ methods: [ComparisonSummary.Method], _ metric: Metric) -> String {
        methods.map { method in
            let difference = method.difference(metric)?.text ?? ""
            return "\(ComparisonMethod.named(method.method).nameInWords) (\(difference))"
        }
        .inWords
    }

    /// How temperature scaling does; nil where it is not among the methods.
    private var barSentence: String? {
        guard let bar = task.method(ComparisonMethod.bar) else { return nil }
        func reached(_ metric: Metric) -> String {
            let difference = bar.difference(metric).map { " (\($0.text))" } ?? ""
            return
                "\(metric.title) \(bar.metrics[metric].map { $0.mean.text() } ?? "")\(difference)"
        }
        func lower(_ metric: Metric) -> String {
            let value = bar.metrics[metric]?.mean ?? .nan
            let count = candidates.count { ($0.metrics[metric]?.mean ?? .nan) < value }
            return "\(count) of \(candidates.count)"
        }
        func lowest(_ metric: Metric) -> String {
            let means = candidates.compactMap { method in
                method.metrics[metric].map { (method: method.method, mean: $0.mean) }
            }
            guard let best = means.min(by: { $0.mean < $1.mean }) else { return "" }
            let name = ComparisonMethod.named(best.method).nameInWords
            return "\(metric.title) \(best.mean.text()) with \(name)"
        }
        let start =
            "\(ComparisonMethod.named(ComparisonMethod.bar).title.capitalisedFirst), the bar since "
            + "it costs one number fitted on validation, reaches "
            + "\(reached(.nll)) and \(reached(.ece))"
        if candidates.isEmpty { return start + "." }
        return start + "; \(lower(.nll)) methods have a lower mean NLL and \(lower(.ece)) a lower "
            + "mean ECE; the lowest are \(lowest(.nll)) and \(lowest(.ece))."
    }
}

extension [String] {
    /// "a", "a and b", "a, b and c".
    var inWords: String {
        guard count > 1, let last else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
