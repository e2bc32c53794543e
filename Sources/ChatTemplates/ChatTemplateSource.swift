/// A chat template as a model's files have it, not yet read.
///
/// A model can be used without its template, so that only its use finds faults in it.
public struct ChatTemplateSource: Equatable, Sendable {
    /// The template, in Jinja.
    public var text: String
    /// What errors call the file that it stands in.
    public var file: String
    /// Texts of special tokens by the names that templates know them by, such as `bos_token`.
    public var specialTokens: [String: String]

    /// A template from its parts.
    public init(_ text: String, file: String, specialTokens: [String: String] = [:]) {
        self.text = text
        self.file = file
        self.specialTokens = specialTokens
    }
}
