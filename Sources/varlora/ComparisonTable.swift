import Comparison
import Metrics

extension TextTable {
    /// A row a task and method, averaged over seeds.
    static func comparison(_ results: [ComparisonResult]) -> TextTable {
        var table = TextTable(["task, method", "ACC", "ECE", "NLL", "Brier"])
        var seen: Set<String> = []
        for result in results where seen.insert(result.task + result.method).inserted {
            let all = results.filter { $0.task == result.task && $0.method == result.method }
            func mean(_ value: (MetricValues) -> Double) -> String {
                (all.reduce(0) { $0 + value($1.metrics) } / Double(all.count)).fixed(4)
            }
            table.add([
                "\(result.task), \(result.method)", mean(\.accuracy), mean(\.ece), mean(\.nll),
                mean(\.brier),
            ])
        }
        return table
    }
}
