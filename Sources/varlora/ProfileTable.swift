import Torch
import Training

/// What `varlora train --profile` prints: where the time of the steps went, and how near they are
/// to what the machine's matrix products allow.
struct ProfileTable {
    private let profile: TrainingProfile
    private let method: String
    private let device: Device
    /// Operations a second of this machine's matrix products.
    private let rate: Double

    init(_ profile: TrainingProfile, method: String, device: Device, rate: Double) {
        self.profile = profile
        self.method = method
        self.device = device
        self.rate = rate
    }

    var text: String {
        let times = profile.times
        guard times.steps > 0, seconds > 0 else { return "no steps were taken" }
        var table = TextTable(["\(times.steps) steps, \(method)", "ms a step", "share"])
        let parts = [
            ("forward, loss, backward", times.forwardBackward), ("draw", times.draw),
            ("optimizer step", times.update),
            ("the rest (logging, checkpoints)", profile.rest), ("all", seconds),
        ]
        for (name, part) in parts {
            table.add([
                name, (part / Double(times.steps) * 1000).fixed(2),
                "\((part / seconds * 100).fixed(1))%",
            ])
        }
        return table.text + "\n"
            + [speed, search, memory, floor].compactMap { $0 }.joined(separator: "\n")
    }

    /// Seconds of all steps, without evaluations between them and a search before them.
    private var seconds: Double {
        profile.seconds - (profile.times.evaluation ?? 0) - (profile.times.search ?? 0)
    }

    private var search: String? {
        profile.times.search.map { "\($0.fixed(1)) s before the first step, to find settings" }
    }

    private var speed: String {
        "\((Double(profile.sequences) / seconds).fixed(1)) examples/s, "
            + "\((Double(profile.tokens) / seconds).fixed(0)) tokens/s "
            + "(\(profile.tokens / max(1, profile.passes)) tokens a pass)"
    }

    private var memory: String? {
        func megabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e6).fixed(0)) MB" }
        let own = PeakMemory.bytes.map { "peak memory \(megabytes($0))" }
        let devices = device.memory.map {
            "peak memory of \(device) \(megabytes($0.peak)), \(megabytes($0.available)) free"
        }
        let known = [own, devices].compactMap { $0 }
        return known.isEmpty ? nil : known.joined(separator: "; ")
    }

    private var floor: String? {
        guard rate > 0 else { return nil }
        let operations = profile.operations
        let steps = Double(profile.times.steps)
        let seconds = operations.total / rate
        let parts = [
            ("frozen", operations.frozen), ("adapters", operations.adapters),
            ("attention", operations.attention),
        ]
        .map { "\($0) \(($1 / steps / 1e9).fixed(2))" }.joined(separator: ", ")
        let spent = profile.times.forwardBackward + profile.times.draw + profile.times.update
        return """
            matrix products: \((operations.total / steps / 1e9).fixed(2)) GFLOP a step (\(parts))
            at this machine's \((rate / 1e9).fixed(0)) GFLOP/s: \
            \((seconds / steps * 1000).fixed(2)) ms a step, \
            \((seconds / spent * 100).fixed(0))% of the time of the steps
            """
    }
}
