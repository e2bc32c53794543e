import Foundation
import LanguageModels
import Optimizers
import Posteriors
import Torch

/// What a run does as one of several ranks; a process by itself has all of it to do.
///
/// Every rank holds the whole model and all data and takes its share of each batch. Gradients are
/// added up in the optimizer's step, with the loss and the wish to stop beside them: one operation
/// a step. Rank 0 writes the run.
final class DataParallel {
    /// The ranks; nil for a process by itself.
    let group: ProcessGroup?
    private var wantsToStop = false
    private var someoneWantsToStop = false

    init(_ group: ProcessGroup?) {
        self.group = group
    }

    /// The number of this rank, from 0.
    var rank: Int { group?.rank ?? 0 }

    /// Whether this rank reads and writes the run's folder.
    var isFirst: Bool { rank == 0 }

    /// This rank's share of a batch, in the batch's order; all of it for a process by itself.
    func share(of batch: [Int], tokens: (Int) -> Int) -> [Int] {
        guard let group else { return batch }
        return Self.shares(of: batch.map(tokens), among: group.size)[rank].map { batch[$0] }
    }

    /// Divides a batch into shares of about as many tokens, as a step takes as long as its slowest
    /// rank: the longest first, each to the rank with the fewest tokens so far.
    ///
    /// - Returns: the places of each rank's examples, ascending.
    static func shares(of lengths: [Int], among ranks: Int) -> [[Int]] {
        var shares = [[Int]](repeating: [], count: ranks)
        var tokens = [Int](repeating: 0, count: ranks)
        // Ties in the order of batch and ranks, so that all ranks divide alike.
        for place in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
            let rank = tokens.indices.min { (tokens[$0], $0) < (tokens[$1], $1) } ?? 0
            shares[rank].append(place)
            tokens[rank] += lengths[place]
        }
        return shares.map { $0.sorted() }
    }

    /// How an optimizer adds up over the ranks; nil for a process by itself.
    var reduction: Reduction? {
        guard let group else { return nil }
        return { [self] vector, loss in
            let sums = try group.sum(vector, with: [loss, wantsToStop ? 1 : 0])
            someoneWantsToStop = sums[1] > 0
            return sums[0]
        }
    }

    /// Asks, before a step, whether this rank wants the run to stop after it.
    func ask(_ shouldStop: () -> Bool) {
        if group != nil { wantsToStop = shouldStop() }
    }

    /// Whether the run stops after the step just taken; the same on all ranks.
    func stops(_ shouldStop: () -> Bool) -> Bool {
        group == nil ? shouldStop() : someoneWantsToStop
    }
}

extension DataParallel {
    /// Settings that may differ between machines: what they lead to is compared.
    private static let localKeys = ["model", "task", "data", "device", "threads"]

    /// Checks that all ranks were started for the same run.
    ///
    /// - Throws: ``TrainingError`` that names the first rank and key that differ from rank 0, on
    ///   every rank.
    func checkAgreement(_ recipe: Recipe, fingerprints: [String: String]) throws {
        guard let group else { return }
        var facts = recipe.values.filter { !Self.localKeys.contains($0.key) }
        facts.merge(fingerprints) { $1 }
        let all = try group.gather(JSONEncoder().encode(facts)).map {
            try JSONDecoder().decode([String: String].self, from: $0)
        }
        for (rank, other) in all.enumerated() {
            let keys = Set(all[0].keys).union(other.keys).sorted()
            guard let key = keys.first(where: { all[0][$0] != other[$0] }) else { continue }
            throw TrainingError.ranksDisagree(
                rank: rank,
                key: key,
                expected: all[0][key] ?? "none",
                found: other[key] ?? "none"
            )
        }
        guard recipe.batchSize >= group.size else {
            throw TrainingError.batchTooSmall(size: recipe.batchSize, ranks: group.size)
        }
    }

    /// The numbers that rank 0 has, on every rank: of what all of them measured alike.
    func agreed(_ numbers: [Double]) throws -> [Double] {
        guard let group else { return numbers }
        let bits = try JSONEncoder().encode(numbers.map(\.bitPattern))
        return try JSONDecoder().decode([UInt64].self, from: try group.broadcast(bits))
            .map(Double.init(bitPattern:))
    }

    /// Gives every rank what rank 0 read or initialised: progress, parameters, optimizer.
    func share(
        _ checkpoint: Checkpoint,
        _ parameters: FlatParameters,
        _ optimizer: any Optimizer
    ) throws -> Checkpoint {
        guard let group else { return checkpoint }
        let own = SharedProgress(step: checkpoint.step, interval: checkpoint.interval)
        let shared = try JSONDecoder().decode(
            SharedProgress.self,
            from: try group.broadcast(try JSONEncoder().encode(own))
        )
        try group.broadcast(parameters.values)
        let state = optimizer.state
        for name in state.keys.sorted() {
            if let vector = state[name] { try group.broadcast(vector) }
        }
        optimizer.restore(stepCount: shared.step, state: state)
        var result = checkpoint
        (result.step, result.interval) = (shared.step, shared.interval)
        return result
    }

    /// Checks that the parameters are the same on all ranks, bit for bit.
    ///
    /// - Throws: ``TrainingError/ranksDiverged(rank:step:)`` on every rank.
    func checkSame(_ parameters: FlatParameters, after step: Int) throws {
        guard let group else { return }
        let hashes = try group.gather(Data(PosteriorFile.hash(of: parameters.values).utf8))
        if let rank = hashes.indices.first(where: { hashes[$0] != hashes[0] }) {
            throw TrainingError.ranksDiverged(rank: rank, step: step)
        }
    }
}

/// What the ranks need of a checkpoint beside its vectors.
private struct SharedProgress: Codable {
    let step: Int
    let interval: IntervalSums
}
