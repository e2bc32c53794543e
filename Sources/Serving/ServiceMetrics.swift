import Synchronization

/// Counts of what was served, in Prometheus' text format.
final class ServiceMetrics: Sendable {
    /// Upper ends of the buckets of latencies, in seconds.
    private static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private struct Latencies {
        var counts = [Int](repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    private struct Answers {
        var count = 0
        var abstentions = 0
        var confidence = 0.0
    }

    private struct Counts {
        var requests: [Int: Int] = [:]  // by status
        var latencies = Latencies()
        var answers: [String: Answers] = [:]  // by model
    }

    private let counts = Mutex(Counts())

    /// Counts a request to `/v1/systemone` that took some seconds.
    func count(status: Int, seconds: Double) {
        counts.withLock { counts in
            counts.requests[status, default: 0] += 1
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            counts.latencies.counts[bucket] += 1
            counts.latencies.sum += seconds
        }
    }

    /// Counts the answers of a request.
    func count(_ decision: Decision) {
        counts.withLock { counts in
            var answers = counts.answers[decision.model, default: Answers()]
            for named in decision.answers {
                answers.count += 1
                answers.abstentions += named.answer.abstains == true ? 1 : 0
                answers.confidence += named.answer.confidence
            }
            counts.answers[decision.model] = answers
        }
    }

    /// The text, with `waiting` requests in the queue.
    func text(waiting: Int) -> String {
        let counts = self.counts.withLock { $0 }
        var lines: [String] = []
        func add(_ name: String, _ type: String, _ help: String, _ values: [(String, String)]) {
            lines.append("# HELP varlora_\(name) \(help)")
            lines.append("# TYPE varlora_\(name) \(type)")
            lines += values.map { "varlora_\(name)\($0.0) \($0.1)" }
        }
        func byModel(_ value: (Answers) -> String) -> [(String, String)] {
            counts.answers.sorted { $0.key < $1.key }.map { name, answers in
                ("{model=\"\(Self.escaped(name))\"}", value(answers))
            }
        }
        add(
            "requests_total",
            "counter",
            "Requests for answers, by status.",
            counts.requests.sorted { $0.key < $1.key }.map { ("{status=\"\($0)\"}", "\($1)") }
        )
        var total = 0
        let ends = Self.bounds.map { "\($0)" } + ["+Inf"]
        let buckets = zip(ends, counts.latencies.counts).map { end, count in
            total += count
            return ("_bucket{le=\"\(end)\"}", "\(total)")
        }
        add(
            "request_seconds",
            "histogram",
            "Seconds from a request to its response.",
            buckets + [("_sum", "\(counts.latencies.sum)"), ("_count", "\(total)")]
        )
        add("waiting_requests", "gauge", "Requests in the queue.", [("", "\(waiting)")])
        add("answers_total", "counter", "Answers, by model.", byModel { "\($0.count)" })
        add(
            "abstentions_total",
            "counter",
            "Answers that a policy leaves to someone else.",
            byModel { "\($0.abstentions)" }
        )
        add(
            "confidence_mean",
            "gauge",
            "Mean confidence of the answers since the start.",
            byModel { "\($0.confidence / Double(max(1, $0.count)))" }
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ label: String) -> String {
        label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
