import Foundation
import JSON
import Metrics
import TextTasks

/// `predictions/test.texts.json`: what the answers are called and what the rows say that a report
/// shows; predictions have numbers and ids alone.
public struct PartTexts: Codable, Equatable, Sendable {
    /// The answers' names; nil where the rows differ in them.
    public var answers: [String]?
    /// The prompts of some rows by their ids.
    public var texts: [String: String]

    /// Unicode scalars that are kept of a text: of prompts, and of names.
    private static let (promptLength, nameLength) = (300, 100)

    /// The texts of the predictions that are worth a look (`NotablePredictions`), which were made
    /// of `examples`; long ones are cut.
    public init(of examples: [Example], _ predictions: [Prediction]) {
        if let first = examples.first?.names, examples.allSatisfy({ $0.names == first }) {
            answers = first.map { $0.cut(to: Self.nameLength, .keepsStart) }
        }
        let notable = NotablePredictions(predictions)
        let ids = Set((notable.confidentMistakes + notable.mostUncertain).map(\.id))
        texts = Dictionary(
            examples.filter { ids.contains($0.id) }
                .map { ($0.id, $0.prompt.cut(to: Self.promptLength, $0.truncation)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Writes the texts.
    ///
    /// - Throws: an error when the file cannot be written; an old one is then intact.
    public func write(to file: URL) throws { try JSONFile.write(self, to: file) }
}

extension String {
    /// The text without white space around it, and at most so many Unicode scalars of its start or
    /// end, with an ellipsis for the others.
    fileprivate func cut(to length: Int, _ truncation: Example.Truncation) -> String {
        let scalars = trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars
        guard scalars.count > length else { return String(scalars) }
        switch truncation {
        case .keepsStart: return String(scalars.prefix(length)) + "…"
        case .keepsEnd: return "…" + String(scalars.suffix(length))
        }
    }
}
