import Foundation
import TestSupport

@testable import Comparison

/// A comparison of every method with two seeds and two other tasks, run once for all tests that
/// only read it.
struct WholeComparison: Sendable {
    let tiny: TinyComparison
    let results: [ComparisonRow]

    /// The comparison, in a folder that is removed when the process ends.
    static func get() throws -> WholeComparison { try shared.get() }

    private static let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("varlora-\(UUID().uuidString)")

    private static let shared = Result {
        atexit { try? FileManager.default.removeItem(at: WholeComparison.folder) }
        let tiny = try TinyComparison(in: folder)
        guard let results = try tiny.compare() else { throw Stopped() }
        return WholeComparison(tiny: tiny, results: results)
    }

    /// The result of a method with a seed.
    func result(_ method: String, seed: Int = 3) -> ComparisonRow? {
        results.first { $0.method == method && $0.seed == seed }
    }
}
