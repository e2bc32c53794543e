/// A word of a tag.
struct TemplateToken: Equatable {
    enum Kind: Equatable {
        case name(String)
        case text(TemplateText)
        case integer(Int)
        case float(Double)
        case symbol(String)
        case end
    }

    let kind: Kind
    let line: Int
}

/// A stretch of a template: text, or the words of a tag.
struct TemplateSegment {
    enum Kind {
        case text(TemplateText)
        /// `{{ … }}`
        case output([TemplateToken])
        /// `{% … %}`
        case statement([TemplateToken])
    }

    let kind: Kind
    let line: Int
}

/// Cuts a template into text and tags, with Jinja's `trim_blocks` and `lstrip_blocks`: the line's
/// indentation before a statement or a comment and the end of line behind it are no text.
struct TemplateLexer {
    private let text: TemplateText
    private var index = 0
    private var line = 1
    private var segments: [TemplateSegment] = []

    /// The segments of a template; throws ``TemplateFaultAtLine``.
    static func segments(of source: String) throws -> [TemplateSegment] {
        var lexer = TemplateLexer(source)
        do {
            while lexer.index < lexer.text.count { try lexer.readSegment() }
        } catch let fault as TemplateFault {
            throw TemplateFaultAtLine(line: lexer.line, problem: fault.problem)
        }
        return lexer.segments
    }

    private init(_ source: String) {
        var text = TemplateText(source).replacing(["\r", "\n"], with: ["\n"])
            .replacing(["\r"], with: ["\n"])
        // As Jinja does without `keep_trailing_newline`.
        if text.last == "\n" { text.removeLast() }
        self.text = text
    }

    private func isNext(_ word: StaticString, at offset: Int = 0) -> Bool {
        let start = index + offset
        guard start <= text.count else { return false }
        return text[start...].starts(with: "\(word)".unicodeScalars)
    }

    private mutating func takes(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    private mutating func advance(to end: Int) {
        line += text[index..<end].count { $0 == "\n" }
        index = end
    }

    private mutating func skipSpace() {
        var end = index
        while end < text.count, text[end].isPythonSpace { end += 1 }
        advance(to: end)
    }

    private mutating func readSegment() throws {
        let start = index
        var end = index
        while end < text.count, !["{{", "{%", "{#"].contains(text[end...].prefix(2).string) {
            end += 1
        }
        let firstLine = line
        advance(to: end)
        guard end < text.count else { return append(Array(text[start...]), line: firstLine) }
        let isOutput = isNext("{{")
        append(leftOfTag(start..<end, isOutput: isOutput), line: firstLine)
        let isComment = isNext("{#")
        index += 2
        if isComment { return try skipComment() }
        if !takes("-") { _ = takes("+") }
        if !isOutput, try readRaw() { return }
        let tagLine = line
        let tokens = try readTag(isOutput: isOutput)
        segments.append(.init(kind: isOutput ? .output(tokens) : .statement(tokens), line: tagLine))
    }

    private mutating func append(_ text: TemplateText, line: Int) {
        if !text.isEmpty { segments.append(.init(kind: .text(text), line: line)) }
    }

    /// The text in `range`, behind which a tag begins, without what the tag strips.
    private func leftOfTag(_ range: Range<Int>, isOutput: Bool) -> TemplateText {
        let left = Array(text[range])
        let sign = range.upperBound + 2 < text.count ? text[range.upperBound + 2] : " "
        if sign == "-" { return left.stripped(start: false) }
        if sign == "+" || isOutput { return left }
        let lineStart = left.lastIndex(of: "\n").map { $0 + 1 } ?? 0
        let startsLine =
            lineStart > 0 || range.lowerBound == 0 || text[range.lowerBound - 1] == "\n"
        let isIndentation = left[lineStart...].allSatisfy(\.isPythonSpace)
        return startsLine && isIndentation ? Array(left[..<lineStart]) : left
    }

    /// Passes over what the end of a statement or comment strips behind it.
    private mutating func endTag(_ sign: Unicode.Scalar) {
        if sign == "-" {
            skipSpace()
        } else if sign != "+", isNext("\n") {
            advance(to: index + 1)
        }
    }

    private mutating func skipComment() throws {
        guard let close = text.range(of: ["#", "}"], from: index) else {
            throw TemplateFault("a comment without its \"#}\"")
        }
        let sign = close.lowerBound > index ? text[close.lowerBound - 1] : " "
        advance(to: close.upperBound)
        endTag(sign)
    }

    /// Reads `{% raw %}` to `{% endraw %}` behind the first mark; false where it is another tag.
    private mutating func readRaw() throws -> Bool {
        let (start, startLine) = (index, line)
        /// The sign before the end of a tag of one word; nil where it is none.
        func restOfTag(_ word: StaticString, _ lexer: inout Self) -> Unicode.Scalar? {
            lexer.skipSpace()
            guard lexer.takes(word) else { return nil }
            lexer.skipSpace()
            let sign = lexer.index < lexer.text.count ? lexer.text[lexer.index] : " "
            if sign == "-" || sign == "+" { lexer.index += 1 }
            return lexer.takes("%}") ? sign : nil
        }
        guard let sign = restOfTag("raw", &self) else {
            (index, line) = (start, startLine)
            return false
        }
        if sign == "-" { skipSpace() }
        let (content, contentLine) = (index, line)
        while index < text.count {
            guard isNext("{%") else {
                advance(to: index + 1)
                continue
            }
            let open = index
            index += 2
            if !takes("-") { _ = takes("+") }
            if let sign = restOfTag("endraw", &self) {
                append(leftOfTag(content..<open, isOutput: false), line: contentLine)
                endTag(sign)
                return true
            }
        }
        throw TemplateFault("a raw block without its endraw")
    }

    /// The words of a tag up to its end mark, which stands outside all brackets.
    private mutating func readTag(isOutput: Bool) throws -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var brackets: [String] = []
        while true {
            skipSpace()
            guard index < text.count else {
                throw TemplateFault("a tag without its \"\(isOutput ? "}}" : "%}")\"")
            }
            if brackets.isEmpty, endsTag(isOutput) { break }
            let kind = try readToken()
            if case .symbol(let symbol) = kind {
                if let close = ["(": ")", "[": "]", "{": "}"][symbol] { brackets.append(close) }
                if [")", "]", "}"].contains(symbol), brackets.popLast() != symbol {
                    throw TemplateFault("expected no \"\(symbol)\" here")
                }
            }
            tokens.append(.init(kind: kind, line: line))
        }
        tokens.append(.init(kind: .end, line: line))
        return tokens
    }

    private mutating func endsTag(_ isOutput: Bool) -> Bool {
        let sign = text[index]
        let length = sign == "-" || (sign == "+" && !isOutput) ? 1 : 0
        guard isNext(isOutput ? "}}" : "%}", at: length) else { return false }
        index += length + 2
        if sign == "-" || !isOutput { endTag(sign) }
        return true
    }

    private static let symbols = [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":",
        "|", ",", "(", ")", "[", "]", "{", "}",
    ]

    private mutating func readToken() throws -> TemplateToken.Kind {
        let scalar = text[index]
        if scalar == "'" || scalar == "\"" { return .text(try readText(until: scalar)) }
        if scalar.isASCIIDigit { return try readNumber() }
        if scalar == "_" || scalar.properties.isXIDStart {
            let name = text[index...].prefix { $0.properties.isXIDContinue }
            index += name.count
            return .name(TemplateText(name).string)
        }
        let next = text[index...].prefix(2).string
        guard let symbol = Self.symbols.first(where: next.hasPrefix) else {
            throw TemplateFault("expected a value, a name or an operator, found \"\(scalar)\"")
        }
        index += symbol.utf8.count
        return .symbol(symbol)
    }

    private mutating func readNumber() throws -> TemplateToken.Kind {
        func digits() -> String {
            let digits = text[index...].prefix { $0.isASCIIDigit || $0 == "_" }
            index += digits.count
            return TemplateText(digits.filter { $0 != "_" }).string
        }
        var number = digits()
        var isInteger = true
        if isNext("."), index + 1 < text.count, text[index + 1].isASCIIDigit {
            index += 1
            isInteger = false
            number += "." + digits()
        }
        if isNext("e") || isNext("E") {
            index += 1
            isInteger = false
            number += "e"
            if takes("-") { number += "-" } else { _ = takes("+") }
            number += digits()
        }
        if isInteger, let value = Int(number) { return .integer(value) }
        guard !isInteger, let value = Double(number) else {
            throw TemplateFault("expected a number of at most 64 bits, found \(number)")
        }
        return .float(value)
    }

    private mutating func readText(until quote: Unicode.Scalar) throws -> TemplateText {
        index += 1
        var content: TemplateText = []
        while index < text.count, text[index] != quote {
            if text[index] == "\\", index + 1 < text.count {
                content += try readEscape()
            } else {
                content.append(text[index])
                advance(to: index + 1)
            }
        }
        guard index < text.count else { throw TemplateFault("a string without its end") }
        index += 1
        return content
    }

    private static let escapes: [Unicode.Scalar: TemplateText] = [
        "n": ["\n"], "t": ["\t"], "r": ["\r"], "\\": ["\\"], "'": ["'"], "\"": ["\""], "\n": [],
        "0": ["\0"], "a": ["\u{07}"], "b": ["\u{08}"], "f": ["\u{0c}"], "v": ["\u{0b}"],
    ]

    private mutating func readEscape() throws -> TemplateText {
        let letter = text[index + 1]
        advance(to: index + 2)
        if let escape = Self.escapes[letter] { return escape }
        guard let length = ["x": 2, "u": 4, "U": 8][letter] else { return ["\\", letter] }
        let digits = text[index...].prefix(length).string
        guard digits.utf8.count == length, let code = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw TemplateFault("expected \(length) hexadecimal digits behind \"\\\(letter)\"") }
        index += length
        return [scalar]
    }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate var string: String { TemplateText(self).string }
}

extension Unicode.Scalar {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
