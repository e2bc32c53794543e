/// Why a chat template cannot be used; it prints as one sentence.
public struct ChatTemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file that the template stands in.
    public let file: String
    /// The line of the template, counted from 1.
    public let line: Int
    /// What is wrong there.
    public let problem: String

    /// One sentence that names file, line, expected and found.
    public var description: String { "\(file): line \(line) of the chat template: \(problem)" }
}

/// What is wrong at a place that the thrower does not know.
struct TemplateFault: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }

    /// A construct of Jinja that is not served here.
    static func unsupported(_ construct: String) -> Self { Self("\(construct) is not supported") }
}

/// What is wrong at a line.
struct TemplateFaultAtLine: Error {
    let line: Int
    let problem: String
}
