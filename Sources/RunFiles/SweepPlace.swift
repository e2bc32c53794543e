/// Where a task of a comparison stands among those that differ in some settings alone.
public struct SweepPlace: Codable, Equatable, Sendable {
    /// What they are called alike.
    public var task: String
    /// This one's values, by the settings' keys.
    public var values: [String: Double]

    /// A place.
    public init(task: String, values: [String: Double]) {
        self.task = task
        self.values = values
    }
}
