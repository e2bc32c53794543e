import Foundation
import Metrics

/// One task of a comparison with its predictions, as its figures need it.
struct ComparedTask {
    /// A method with its predictions, one list a seed.
    struct Answers {
        let method: ComparisonMethod
        let seeds: [[Prediction]]
    }

    let record: ComparisonRecord
    let task: String
    /// In the order of tables.
    let methods: [ComparisonMethod]
    let answers: [Answers]

    init(_ record: ComparisonRecord, _ task: String) throws {
        self.record = record
        self.task = task
        let methods = record.methods(of: task).map(ComparisonMethod.named)
        self.methods = methods
        answers = try methods.map { method in
            let results = record.results(of: method.key, on: task)
            return Answers(method: method, seeds: try results.map(record.predictions))
        }
    }

    func results(of method: ComparisonMethod) -> [MethodResult] {
        record.results(of: method.key, on: task)
    }

    /// The name of a figure's file; it says which task where there are several.
    func name(_ stem: String) -> String {
        guard record.tasks.count > 1, let index = record.tasks.firstIndex(of: task) else {
            return stem
        }
        // File systems take 255 bytes.
        let allowed = task.prefix(60).map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return "\(stem)-\(index + 1)-\(String(allowed))"
    }

    /// The title of a figure; it says which task where there are several.
    func title(_ title: String) -> String {
        record.tasks.count > 1 ? "\(title): \(task)" : title
    }
}

/// A number of each seed over an axis, one line a method.
struct SeedCurve {
    let method: ComparisonMethod
    /// The places that every seed has, rising, with the number over the seeds.
    let points: [(x: Double, value: SeedSummary)]

    /// A curve through numbers over the seeds.
    init(_ method: ComparisonMethod, points: [(x: Double, value: SeedSummary)]) {
        self.method = method
        self.points = points
    }

    /// The curve of `value`; places that not all seeds have are left out.
    init(
        _ method: ComparisonMethod,
        _ seeds: [[MethodResult.CurvePoint]],
        _ value: (MethodResult.CurvePoint) -> Double
    ) {
        self.method = method
        let places = distinct(seeds.joined().map(\.x)).sorted()
        points = places.compactMap { x in
            let found = seeds.compactMap { seed in seed.first { $0.x == x }.map(value) }
            guard found.count == seeds.count else { return nil }
            return SeedSummary(found).map { (x: x, value: $0) }
        }
    }

    /// The means, with the method's title in the legend.
    fileprivate func line(_ place: (Double) -> Double) -> Mark {
        let line = points.map { Point(x: place($0.x), y: $0.value.mean) }
        return Mark(
            name: method.shortTitle,
            shape: line.count > 1 ? .line(line) : .points(line),
            style: method.style
        )
    }

    /// The standard error around the means; nil with one seed.
    fileprivate func band(_ place: (Double) -> Double) -> Mark? {
        let banded = points.filter { $0.value.standardError != nil }
        guard banded.count > 1 else { return nil }
        func edge(_ sign: Double) -> [Point] {
            banded.map {
                Point(x: place($0.x), y: $0.value.mean + sign * ($0.value.standardError ?? 0))
            }
        }
        return Mark(
            name: nil,
            shape: .band(lower: edge(-1), upper: edge(1)),
            style: method.style
        )
    }

    /// Every end of line and band, for the range of an axis.
    var heights: [Double] {
        points.flatMap { point in
            let error = point.value.standardError ?? 0
            return [point.value.mean - error, point.value.mean + error]
        }
    }
}

extension [SeedCurve] {
    /// Bands of the standard error below all lines, so that they do not stain them.
    func marks(place: (Double) -> Double = { $0 }) -> [Mark] {
        compactMap { $0.band(place) } + map { $0.line(place) }
    }
}

extension Array {
    /// The elements in lists of at most `count`.
    func inGroups(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map {
            Array(self[$0..<Swift.min($0 + count, self.count)])
        }
    }
}
