/// What the work on one text may take, so that a small file asks neither for hours nor for all
/// memory.
struct Allowance {
    /// Steps of stages, patterns and the search for added tokens that are left.
    var steps: Int
    /// Bytes of rewritten text that are left.
    private var bytes: Int
    private let file: String

    /// What a text of so many bytes is worth.
    ///
    /// That is several times what the usual patterns take, and what the longest compatibility
    /// decomposition makes of a character, spelled in bytes.
    init(_ count: Int, file: String) {
        steps = 5_000_000 + 200 * count
        bytes = 1 << 16 + 32 * count
        self.file = file
    }

    /// Takes off a stage's steps, some for each byte; refuses more bytes than are left.
    mutating func start(_ stage: String, bytes count: Int) throws {
        try check(bytes: count, in: stage)
        try spend(steps: 8 * count, on: stage)
    }

    /// Refuses to make a text of `count` bytes where fewer are left.
    func check(bytes count: Int, in stage: String) throws {
        guard count <= bytes else {
            throw TokenizationError.invalid(
                file: file,
                key: stage,
                expected: "stages that make at most \(bytes) bytes of this text",
                found: "\(count)"
            )
        }
    }

    /// Takes off the bytes of a text that is kept.
    mutating func keep(bytes count: Int) throws {
        try check(bytes: count, in: "normalizer and pre_tokenizer")
        bytes -= count
    }

    mutating func spend(steps count: Int, on key: String) throws {
        steps -= count
        guard steps >= 0 else {
            throw TokenizationError.invalid(
                file: file,
                key: key,
                expected: "fewer steps on this text",
                found: "more than a text of its length may take"
            )
        }
    }
}
