import ChatTemplates
import Foundation

/// Turns text into the token ids of a language model, and back.
///
/// A tokenizer is a chain of stages, as in Hugging Face's `tokenizer.json`: added tokens are cut
/// out of the text; the rest is normalized, cut into pieces and encoded piece by piece; special
/// tokens are put around the result. The ids equal those of the Hugging Face `tokenizers` library.
/// Settings for truncation and padding in the file are left aside.
public struct Tokenizer: Sendable {
    /// What errors call the file.
    let file: String
    let normalizer: Normalizer?
    let preTokenizer: PreTokenizer?
    let model: BytePairEncoding
    let added: AddedVocabulary
    let decoder: Decoder?
    var postProcessor: PostProcessor

    /// The token that starts a sequence, if the files name one.
    public internal(set) var beginningOfSequence: Int?
    /// The token that ends a sequence, if the files name one.
    public internal(set) var endOfSequence: Int?
    /// The template that conversations are written by, if the files have one.
    public internal(set) var chatTemplate: ChatTemplateSource?

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - text: Any text; added tokens in it, such as `<|im_end|>`, become their ids.
    ///   - addSpecialTokens: Whether to add the tokens that the tokenizer puts around each text,
    ///     such as a beginning-of-sequence token.
    /// - Returns: The ids, in the order of the text.
    /// - Throws: `JSONError` or ``TokenizationError`` when the file's stages would take too long on
    ///   this text, or make too long a text of it.
    public func encode(_ text: String, addSpecialTokens: Bool = true) throws -> [Int] {
        var ids: [Int] = addSpecialTokens ? postProcessor.prefix : []
        var work = BytePairEncoding.Work()
        let bytes = Array(text.utf8)
        var allowance = Allowance(bytes.count, file: file)
        for part in try added.matcher.parts(of: bytes, &allowance) {
            if let id = part.id {
                ids.append(id)
            } else {
                let startsText = part.range.lowerBound == 0
                let piece = Array(bytes[part.range])
                try encode(piece, startsText: startsText, &allowance, using: &work, to: &ids)
            }
        }
        if addSpecialTokens { ids += postProcessor.suffix }
        return ids
    }

    /// Encodes text between added tokens.
    private func encode(
        _ text: [UInt8],
        startsText: Bool,
        _ allowance: inout Allowance,
        using work: inout BytePairEncoding.Work,
        to ids: inout [Int]
    ) throws {
        let normalized = try normalizer?.normalize(text, &allowance) ?? text
        for part in try added.normalizedMatcher.parts(of: normalized, &allowance) {
            if let id = part.id {
                ids.append(id)
                continue
            }
            var pieces = Pieces(
                Array(normalized[part.range]),
                startsText: startsText && part.range.lowerBound == 0
            )
            try preTokenizer?.apply(to: &pieces, &allowance)
            try allowance.keep(bytes: pieces.text.count)
            for range in pieces.ranges { model.encode(pieces.text, range, using: &work, to: &ids) }
        }
    }

    /// The text of a sequence of ids.
    ///
    /// - Parameters:
    ///   - ids: Token ids; those that stand for no token are left out.
    ///   - skipSpecialTokens: Whether to leave out special tokens.
    /// - Returns: The text; bytes that are not UTF-8 become U+FFFD.
    /// - Throws: As ``encode(_:addSpecialTokens:)`` does.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool = true) throws -> String {
        let tokens = ids.compactMap { id in
            skipSpecialTokens && added.isSpecial(id) ? nil : spelling(of: id)
        }
        guard let decoder else {
            return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
        }
        var allowance = Allowance(tokens.reduce(0) { $0 + $1.count }, file: file)
        let text = try decoder.decode(tokens, &allowance).joined()
        return String(decoding: Array(text), as: UTF8.self)
    }

    private func spelling(of id: Int) -> [UInt8]? {
        added.spelling(of: id) ?? model.vocabulary.token(for: id).map { Array($0) }
    }

    /// The number of tokens, added ones included.
    public var vocabularySize: Int { model.vocabulary.count + added.newCount }

    /// The id of a token as the vocabulary spells it, such as `Ġthe` or `▁the`; nil if there is
    /// no such token.
    public func id(of token: String) -> Int? {
        let bytes = Array(token.utf8)
        return added.id(of: bytes) ?? model.vocabulary.id(of: bytes)
    }

    /// The token of an id as the vocabulary spells it; nil if the id stands for none.
    public func token(for id: Int) -> String? {
        spelling(of: id).map { String(decoding: $0, as: UTF8.self) }
    }
}
