/// A part of a task's examples.
public enum Split: String, CaseIterable, Codable, Sendable {
    /// What parameters are fitted to.
    case train
    /// What settings and checkpoints are chosen by.
    case validation
    /// What results are reported on; nothing is chosen by it.
    case test
}

/// The examples of one part, and what is worth reporting about it.
public struct LoadedExamples: Equatable, Sendable {
    /// The examples in the order of their file.
    public var examples: [Example]
    /// Path of the file they come from.
    public var file: String
    /// Questions of the whole file left out because they have not four choices, as in the paper.
    public var leftOut: Int
    /// Whether the part is a seeded share of the file, not all of it.
    public var isShare: Bool

    /// The examples by rows of the file: those of one row together.
    public var rows: [Range<Int>] { runsOfStates(examples.map(\.source)) }
}
