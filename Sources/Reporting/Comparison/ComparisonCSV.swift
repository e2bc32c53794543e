import Metrics

/// Every number of a comparison, one a line.
enum ComparisonCSV {
    /// Lines of `task,method,seed,metric,value`, CRLF as RFC 4180 has it.
    ///
    /// Texts that a spreadsheet would take for a formula have an apostrophe before them.
    ///
    /// Costs are called `cost.KEY`, answers to another task `shift.TASK.KEY`, and how well
    /// uncertainty finds that task `ood.TASK.SCORE.KEY`. Numbers are written in full.
    static func text(of record: ComparisonRecord) -> String {
        var lines = ["task,method,seed,metric,value"]
        for task in record.tasks {
            for method in record.methods(of: task) {
                for result in record.results(of: method, on: task) {
                    for (metric, value) in values(of: result) {
                        lines.append(
                            [task.inCSV, method.inCSV, "\(result.seed)", metric.inCSV, "\(value)"]
                                .joined(separator: ",")
                        )
                    }
                }
            }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    private static func values(of result: MethodResult) -> [(String, Double)] {
        var values: [(String, Double)] = []
        for metric in Metric.allCases {
            values += result.metrics[metric].map { [(metric.rawValue, $0)] } ?? []
        }
        for metric in CostMetric.allCases {
            values += result.cost[metric].map { [("cost.\(metric.rawValue)", $0)] } ?? []
        }
        for shift in result.shifts {
            for metric in Metric.allCases {
                let name = "shift.\(shift.task).\(metric.rawValue)"
                values += shift.metrics?[metric].map { [(name, $0)] } ?? []
            }
            for score in UncertaintyScore.allCases {
                for metric in SeparationMetric.allCases {
                    let name = "ood.\(shift.task).\(score.rawValue).\(metric.rawValue)"
                    values += shift.separation[score]?[metric].map { [(name, $0)] } ?? []
                }
            }
        }
        return values
    }
}

extension String {
    /// The text as a field of CSV, in quotes where it needs them.
    ///
    /// Spreadsheets would take some beginnings for a formula, which runs; an apostrophe before them
    /// makes them texts, and before an apostrophe keeps all texts apart.
    var inCSV: String {
        let isGuarded = unicodeScalars.first.map(Self.formulaStarts.contains) ?? false
        let field = (isGuarded ? "'" : "") + self
        guard unicodeScalars.contains(where: "\",\r\n".unicodeScalars.contains) else {
            return field
        }
        return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    private static let formulaStarts = "=+-@\t\r\n'＝＋－＠".unicodeScalars
}
