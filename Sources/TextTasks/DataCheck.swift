import Foundation

/// What a task's data hold, to be looked over before a model is trained on them.
public struct DataCheck: Sendable {
    /// The parts that are there and can be read.
    public private(set) var parts: [Part] = []
    /// What is unusual, a sentence each, as ``DataSurvey`` has it.
    public let warnings: [String]
    /// Why parts cannot be read, a sentence each.
    public private(set) var faults: [String] = []

    /// Reads all parts of a task.
    ///
    /// `seed` divides files that serve several parts. What cannot be read is among the ``faults``.
    public init(_ task: TextTask, seed: UInt64) {
        var survey = DataSurvey(task)
        for split in Split.allCases {
            do {
                let loaded = try task.load(split, seed: seed, requiringLabels: false)
                survey.add(loaded, as: split)
                parts.append(Part(loaded, split, after: parts))
            } catch TextTaskError.noFile(part: .test, _, _, _) {
                // A folder need not have a test part.
            } catch {
                let fault = "\(error)"
                // A train file that is divided fails for each part that it serves.
                if !faults.contains(fault) { faults.append(fault) }
            }
        }
        warnings = survey.warnings
    }

    /// What one part holds.
    public struct Part: Sendable {
        /// Which part it is.
        public let split: Split
        /// Its examples and their file.
        public let loaded: LoadedExamples
        /// How often each answer is right, the most frequent first; `QUESTION: ANSWER` where rows
        /// have several questions.
        public let labels: [(name: String, count: Int)]
        /// Number of lines of its file that it has.
        public let rows: Int
        /// Number of examples whose answer is not known.
        public let unlabelled: Int
        /// Examples that stand in the part before.
        public let within: Repetition
        /// Examples that stand in an earlier part, by that part.
        public let across: [(split: Split, repetition: Repetition)]
        /// The longest prompts, at most three, the longest first.
        public let longest: [(id: String, characters: Int)]

        private let firsts: [Asked: Example]

        fileprivate init(_ loaded: LoadedExamples, _ split: Split, after earlier: [Part]) {
            (self.loaded, self.split) = (loaded, split)
            let examples = loaded.examples
            rows = zip(examples, [nil] + examples.map(Optional.some)).count { example, previous in
                example.state == nil || example.state != previous?.state
            }
            var counts: [String: Int] = [:]
            for example in examples {
                if let name = example.nameOfLabel { counts[name, default: 0] += 1 }
            }
            labels = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { (name: $0.key, count: $0.value) }
            unlabelled = examples.count { $0.label == nil }
            var firsts: [Asked: Example] = [:]
            var within = Repetition()
            for example in examples {
                let asked = Asked(example)
                if let first = firsts[asked] {
                    within.add(example, like: first)
                } else {
                    firsts[asked] = example
                }
            }
            across = earlier.map { part in
                var repetition = Repetition()
                for example in examples {
                    if let first = part.firsts[Asked(example)] {
                        repetition.add(example, like: first)
                    }
                }
                return (part.split, repetition)
            }
            (self.within, self.firsts) = (within, firsts)
            longest = examples.map { (id: $0.id, characters: $0.prompt.count) }
                .sorted { ($1.characters, $0.id) < ($0.characters, $1.id) }
                .prefix(3).map { $0 }
        }
    }

    /// Examples that ask what others have asked before.
    public struct Repetition: Equatable, Sendable {
        /// Number of those whose answer is the same, or not known of one of both.
        public private(set) var same = 0
        /// Number of those whose answer is another, so that one of both is wrong.
        public private(set) var contrary = 0
        /// The first two of the latter, by their ids.
        public private(set) var firstContrary: [String] = []

        fileprivate mutating func add(_ example: Example, like first: Example) {
            guard let label = example.label, let other = first.label, label != other else {
                same += 1
                return
            }
            if contrary == 0 { firstContrary = [first.id, example.id] }
            contrary += 1
        }
    }

    /// What an example asks.
    private struct Asked: Hashable {
        let prompt: String
        let answers: [String]

        init(_ example: Example) { (prompt, answers) = (example.prompt, example.answers) }
    }
}

extension Example {
    /// The right answer as people write it, behind the question's name where a row has several.
    fileprivate var nameOfLabel: String? {
        guard let label else { return nil }
        let answer = names[label]
        guard let state, id.hasPrefix("\(state)/") else { return answer }
        return "\(id.dropFirst(state.count + 1)): \(answer)"
    }
}
