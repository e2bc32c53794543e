import JSON

/// What is known of the answer of a question: the right option, or the probability of each.
///
/// A target is an option's name, or an object with the probabilities of some, the others having
/// none; they sum to 1 within 0.001. For a noul it may be true or false, too, and for a score a
/// level's number, counted from 0. A level goes by its number or by its text.
struct QuestionTarget: Equatable {
    /// Index of the right option, or of the first of the most probable ones.
    let label: Int
    /// Probability of each option; nil where one is right.
    let probabilities: [Double]?

    private static let tolerance = 1e-3

    /// Reads the target of a question.
    ///
    /// Throws `JSONError` that names the key, what was expected and what was found.
    init(_ node: JSONNode, of question: Question) throws {
        switch (question.kind, node.value) {
        case (_, .object):
            let shares = try Self.shares(node, of: question)
            // The first of the largest.
            label = shares.indices.reduce(0) { shares[$1] > shares[$0] ? $1 : $0 }
            probabilities = shares
        case (_, .string(let name)):
            (label, probabilities) = (try question.indices(of: [name], at: node)[0], nil)
        case (.noul, .boolean(let isTrue)):
            (label, probabilities) = (isTrue ? 1 : 0, nil)
        case (.score, .integer(let level)) where question.options.indices.contains(level):
            (label, probabilities) = (level, nil)
        default: throw node.invalid(expected: question.expectedTarget)
        }
    }

    private static func shares(_ node: JSONNode, of question: Question) throws -> [Double] {
        let children = try node.children()
        let indices = try question.indices(of: children.map(\.name), at: node)
        var shares = [Double](repeating: 0, count: question.options.count)
        for (index, child) in zip(indices, children) {
            let share = try child.node.number()
            guard (0...1).contains(share) else {
                throw child.node.invalid(expected: "a probability from 0 to 1")
            }
            shares[index] = share
        }
        let sum = shares.reduce(0, +)
        guard abs(sum - 1) <= tolerance else {
            throw node.invalid(expected: "probabilities that sum to 1", found: "a sum of \(sum)")
        }
        return shares.map { $0 / sum }
    }
}

extension Question {
    /// What a target may be, in words.
    fileprivate var expectedTarget: String {
        let names =
            options.prefix(12).map(\.name.quoted).joined(separator: ", ")
            + (options.count > 12 ? ", …" : "")
        let others =
            switch kind {
            case .noul: "true, false, "
            case .choice: ""
            case .score: "a whole number within 0...\(options.count - 1), a level's text, "
            }
        return "\(others)one of \(names), or an object with their probabilities"
    }

    /// The indices of options by name; levels all by number, or all by text.
    fileprivate func indices(of names: [String], at node: JSONNode) throws -> [Int] {
        let known = options.map(\.name)
        let texts = isOrdered ? options.map { $0.criterion?.outline ?? $0.name } : known
        switch (places(of: names, among: known), places(of: names, among: texts)) {
        case (let numbers?, let levels?) where numbers != levels:
            throw node.invalid(
                expected: "levels that are all by number or all by text",
                found: "\(names[0].quoted), which is the number of one and the text of another"
            )
        case (let indices?, _), (nil, let indices?): return indices
        case (nil, nil):
            let unknown = names.first { !(known + texts).contains($0) } ?? names[0]
            throw node.invalid(expected: expectedTarget, found: unknown.quoted)
        }
    }

    private func places(of names: [String], among known: [String]) -> [Int]? {
        let places = names.compactMap { name in
            known.firstIndex { $0.utf8.elementsEqual(name.utf8) }
        }
        return places.count == names.count ? places : nil
    }
}
