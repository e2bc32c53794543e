import Foundation
public struct Tokenizer: Sendable {
    public init(contentsOf url: URL) throws {}
}
