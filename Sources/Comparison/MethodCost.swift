import Files
import Foundation
import JSON
import Metrics
import Posteriors
import Training

/// What making a method's run took: `cost.json` in its folder.
struct MethodCost: Codable, Equatable {
    /// Seconds until the posterior was there: of training or fitting.
    var fitSeconds: Double
    /// Seconds of answering the validation and test parts.
    var answerSeconds: Double
    /// The largest resident memory in that time, in bytes, where the system tells.
    var peakMemory: Int?

    private enum CodingKeys: String, CodingKey {
        case fitSeconds = "fit_seconds"
        case answerSeconds = "answer_seconds"
        case peakMemory = "peak_memory_bytes"
    }

    func write(to run: RunFolder) throws { try JSONFile.write(self, to: run.cost) }

    /// The cost of a run; nil where it was not measured, as the process was killed.
    ///
    /// - Throws: an error when the file cannot be read or is broken.
    init?(of run: RunFolder) throws {
        guard let data = try RegularFile.readIfPresent(run.cost) else { return nil }
        self = try JSONFile.read(Self.self, from: data, file: run.cost.path)
    }

    init(fitSeconds: Double, answerSeconds: Double, peakMemory: Int?) {
        self.fitSeconds = fitSeconds
        self.answerSeconds = answerSeconds
        self.peakMemory = peakMemory
    }
}

extension ComparisonRow.Cost {
    /// The cost of a method among the runs of a task and seed.
    init(of method: Method, in folder: URL) throws {
        func run(_ name: String) -> RunFolder { RunFolder(folder.appendingPathComponent(name)) }
        let chain = Method.withSources([method])
        let costs = try chain.map { try MethodCost(of: run($0.name)) }
        if let trained = chain.first, trained.trains != nil {
            trainingSeconds = try run(trained.name).trainingSeconds()
        }
        let fits = costs.dropFirst()
        extraSeconds =
            fits.contains { $0 == nil } ? nil : fits.reduce(0) { $0 + ($1?.fitSeconds ?? 0) }
        peakMemory = costs.last??.peakMemory
        let own = run(method.name)
        let results = try own.readMetrics()
        let isMean = results?.varianceScale == 0
        forwardPasses = isMean ? 1 : results?.drawCount ?? 1
        let isLinearised =
            try results?.posteriorKind != nil && PosteriorFile.isLinearised(own.posterior)
        let answers =
            try isLinearised && !isMean
            ? [Prediction](contentsOf: own.predictions("validation")) : []
        backwardPasses = (answers.map(\.probabilities.count).max() ?? 1) - 1
        let attributes = try? FileManager.default.attributesOfItem(atPath: own.posterior.path)
        extraBytes = (attributes?[.size] as? Int) ?? 0
    }
}

extension RunFolder {
    /// Seconds of training up to the last line of the timings, which a run that was stopped and
    /// went on starts anew each time.
    fileprivate func trainingSeconds() throws -> Double? {
        guard try FileSystem.exists(timings) else { return nil }
        let seconds = try JSONLines.read(Timing.self, from: timings).map(\.row.seconds)
        return zip(seconds, seconds.dropFirst() + [0]).reduce(0) { sum, pair in
            pair.1 < pair.0 ? sum + pair.0 : sum
        }
    }
}
