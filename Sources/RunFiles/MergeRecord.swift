/// `merge.json`: what a merged run was made of.
public struct MergeRecord: Codable, Equatable, Sendable {
    /// One of the runs.
    public struct Part: Codable, Equatable, Sendable {
        /// Its folder, as it was named.
        public var run: String
        /// The task that it was trained on.
        public var task: String
        /// Its weight, as the rule has it.
        public var weight: Double

        /// A part from what is known of it.
        package init(run: String, task: String, weight: Double) {
            (self.run, self.task, self.weight) = (run, task, weight)
        }
    }

    /// The rule by which they were merged.
    public var by: String
    /// The runs.
    public var runs: [Part]

    /// The record of a rule and the runs.
    package init(by: String, runs: [Part]) {
        (self.by, self.runs) = (by, runs)
    }
}
