import Training

/// A row of the table: how the posterior of one task and seed comes about.
///
/// Adding one is a file below `Methods/` with a `static let`, and a row in ``all``.
public struct Method: Sendable {
    /// The row's name in commands and files.
    public private(set) var name: String
    /// The method whose run this one starts from; nil for those that train.
    private(set) var source: String?
    /// How it trains a trajectory that others start from; nil for a method that does not train.
    var trains: TrainingMethod?
    /// Whether its training looks at the validation part as it goes.
    var looksAhead = false
    /// Whether it fits or chooses something by the validation part.
    var usesValidation: @Sendable (ComparisonSettings) -> Bool = { _ in false }

    /// What methods use under any settings.
    @Sendable static func always(_ settings: ComparisonSettings) -> Bool { true }

    /// Whether its run, and those that it starts from, leave out the labels that are held out.
    private(set) var holdsOut = false
    /// Leaves the method's posterior in the study's folder, as a run.
    let make: @Sendable (Study) throws -> Void

    /// Every method, in the order of the table.
    public static let all: [Method] =
        [
            .base, .map, .dropout, .laplaceDiagonal, .laplaceKronecker, .swa, .swag, .ensemble,
            .earlyStopping, .temperature, .tfb, .ivonMean, .ivon, .automaticIVONMean,
            .automaticIVON,
        ] + ["swag", "laplace-diagonal", "laplace-kfac", "tfb", "ivon"].map(tuned)

    /// The methods of those names, in the order of the table; `place` is what messages call them.
    ///
    /// - Throws: ``ComparisonError`` for a name that is none.
    public static func named(_ names: [String], place: String) throws -> [Method] {
        if let unknown = names.first(where: { name in !all.contains { $0.name == name } }) {
            throw ComparisonError(
                "\(place): expected some of \(all.map(\.name).joined(separator: ", ")), "
                    + "found \(unknown)"
            )
        }
        return all.filter { names.contains($0.name) }
    }

    /// These methods, each after the one that it starts from.
    static func withSources(_ methods: [Method]) -> [Method] {
        var result: [Method] = []
        func add(_ method: Method) {
            if result.contains(where: { $0.name == method.name }) { return }
            if let source = method.sourceMethod { add(source) }
            result.append(method)
        }
        methods.forEach(add)
        return result
    }

    /// The method whose run this one starts from, which holds out what this one does.
    private var sourceMethod: Method? {
        guard let source else { return nil }
        let suffix = holdsOut ? Self.heldOutSuffix : ""
        let found = Self.all.first { $0.name + suffix == source }
        return holdsOut ? found?.holdingOut(as: source) : found
    }

    /// The same method, its sources with it, on what is left without the labels that are held out.
    func holdingOut(as name: String) -> Method {
        var method = self
        method.name = name
        method.source = source.map { $0 + Self.heldOutSuffix }
        method.holdsOut = true
        return method
    }

    private static let heldOutSuffix = "-held-out"
}

/// Why a comparison cannot be made; `description` is one sentence.
public struct ComparisonError: Error, Equatable, CustomStringConvertible {
    /// The sentence: place, expected, found.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A folder that holds a comparison, which nobody asked to go on with.
    public static func exists(_ folder: String) -> ComparisonError {
        ComparisonError("\(folder): holds a comparison; --resume goes on with it")
    }
}

/// The comparison was asked to stop; everything up to here is saved.
struct Stopped: Error {}
