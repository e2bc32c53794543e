/// What the work on one text may take, so that a small file asks neither for hours nor for all
/// memory.
struct Allowance {
    /// Steps of patterns and of the search for added tokens that are left.
    var steps: Int
    /// Bytes of rewritten text that are left.
    private(set) var bytes: Int
    private let file: String

    /// What a text of so many bytes is worth: several times what the usual patterns take, and the
    /// growth of the longest compatibility decomposition, spelled in bytes.
    init(_ count: Int, file: String) {
        steps = 5_000_000 + 100 * count
        bytes = 1 << 16 + 32 * count
        self.file = file
    }

    /// Refuses to make a text of `count` bytes where fewer are left.
    func check(bytes count: Int) throws {
        guard count <= bytes else {
            throw TokenizationError.invalid(
                file: file,
                key: "normalizer, pre_tokenizer, decoder",
                expected: "stages that make at most \(bytes) bytes of this text",
                found: "\(count)"
            )
        }
    }

    /// Takes off the bytes of a text that is kept.
    mutating func keep(bytes count: Int) throws {
        try check(bytes: count)
        bytes -= count
    }

    /// Takes off the steps of a search for added tokens.
    mutating func spend(steps count: Int) throws {
        steps -= count
        guard steps >= 0 else {
            throw TokenizationError.invalid(
                file: file,
                key: "added_tokens",
                expected: "tokens that are found in fewer steps in this text",
                found: "long ones that almost match"
            )
        }
    }
}
