import Testing

@testable import Torch

/// Operands that do not fit an operation, and what its sentence has to say of them.
struct Misuse: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let found: [String]
    let run: @Sendable () -> Void

    init(_ name: String, _ found: String..., run: @escaping @Sendable () -> Void) {
        testDescription = name
        self.found = found
        self.run = run
    }
}

@Suite("What does not fit an operation is refused with the shapes")
struct MisuseTests {
    private static func zeros(_ shape: Int..., type: DType = .float32) -> Tensor {
        .zeros(shape, dtype: type)
    }

    private static let layers: [Misuse] = [
        Misuse("A norm's weight that is shorter", "float32 [2, 3, 6]", "float32 [5]") {
            _ = zeros(2, 3, 6).rmsNorm(weight: zeros(5), epsilon: 1)
        },
        Misuse("A norm's weight that is longer", "[2, 6]", "[7]") {
            _ = zeros(2, 6).rmsNorm(weight: zeros(7), epsilon: 1)
        },
        Misuse("A norm's weight of rows", "[2, 6]", "[1, 6]") {
            _ = zeros(2, 6).rmsNorm(weight: zeros(1, 6), epsilon: 1)
        },
        Misuse("A norm of integers", "int64 [6]", "float32 [6]") {
            _ = zeros(6, type: .int64).rmsNorm(weight: zeros(6), epsilon: 1)
        },
        Misuse("A norm of a scalar", "float32 []") {
            _ = zeros().rmsNorm(weight: zeros(1), epsilon: 1)
        },
        Misuse("A gate of an odd width", "[2, 4, 5]") { _ = zeros(2, 4, 5).gated(by: .silu) },
        Misuse("A gate of a scalar", "[]") { _ = zeros().gated(by: .silu) },
        Misuse("A gate of integers", "int32 [4]") { _ = zeros(4, type: .int32).gated(by: .silu) },
        Misuse("Angles wider than a head", "[3, 2, 4]", "[3, 3]") {
            _ = zeros(3, 2, 4).rotated(cosine: zeros(3, 3), sine: zeros(3, 3))
        },
        Misuse("Angles of fewer tokens", "[3, 2, 4]", "[2, 2]") {
            _ = zeros(3, 2, 4).rotated(cosine: zeros(2, 2), sine: zeros(2, 2))
        },
        Misuse("Cosine and sine of two shapes", "[3, 2]", "[3, 1]") {
            _ = zeros(3, 2, 4).rotated(cosine: zeros(3, 2), sine: zeros(3, 1))
        },
        Misuse("Rotation without heads", "[3, 4]") {
            _ = zeros(3, 4).rotated(cosine: zeros(3, 2), sine: zeros(3, 2))
        },
        Misuse("Dropout of everything", "[2, 3]", "found 1") {
            _ = zeros(2, 3).dropout(1, seed: 1)
        },
        Misuse("A negative probability", "-0.5") { _ = zeros(2, 3).dropout(-0.5, seed: 1) },
        Misuse("A probability that is no number", "nan") { _ = zeros(2).dropout(.nan, seed: 1) },
        Misuse("Dropout of integers", "int64 [2]") {
            _ = zeros(2, type: .int64).dropout(0.5, seed: 1)
        },
    ]

    private static let products: [Misuse] = [
        Misuse("A frozen weight of another width", "[4, 5]", "[7, 6]") {
            _ = zeros(4, 5).frozenLinear(zeros(7, 6))
        },
        Misuse("A frozen weight without rows", "[4, 5]", "[5]") {
            _ = zeros(4, 5).frozenLinear(zeros(5))
        },
        Misuse("A product of a scalar", "[]") { _ = zeros().frozenLinear(zeros(7, 6)) },
        Misuse("A bias of another width", "[2, 4, 7]", "[1]") {
            _ = zeros(2, 4, 5).frozenLinear(zeros(7, 5), bias: zeros(1))
        },
        Misuse("A low-rank A of another width", "[4, 5]", "[2, 6]") {
            _ = zeros(4, 5)
                .lowRankProduct(zeros(2, 6), zeros(7, 2), scale: 1, dropout: 0, seed: 1)
        },
        Misuse("A low-rank B of another rank", "[2, 5]", "[7, 3]") {
            _ = zeros(4, 5)
                .lowRankProduct(zeros(2, 5), zeros(7, 3), scale: 1, dropout: 0.1, seed: 1)
        },
        Misuse("A low-rank product that drops everything", "[4, 5]") {
            _ = zeros(4, 5)
                .lowRankProduct(zeros(2, 5), zeros(7, 2), scale: 1, dropout: 1, seed: 1)
        },
        Misuse("Values for a weight in 8 bits of another shape", "[3, 4]", "int8 [3, 5]") {
            QuantizedRows(zeros: [3, 5]).assign(zeros(3, 4))
        },
        Misuse("A product with a weight in 8 bits of another width", "[2, 4]", "int8 [3, 5]") {
            _ = QuantizedRows(zeros: [3, 5]).product(zeros(2, 4))
        },
        Misuse("The same with rounded inputs", "[2, 4]", "int8 [3, 5]") {
            _ = QuantizedRows(zeros: [3, 5]).product(zeros(2, 4), roundsInput: true)
        },
        Misuse("A bias of a weight in 8 bits", "[2, 3]", "[4]") {
            _ = QuantizedRows(zeros: [3, 5]).product(zeros(2, 5), bias: zeros(4))
        },
    ]

    /// Attention over two sequences of 3 and 4 tokens, by default with operands that fit.
    private static func attend(
        _ query: Tensor = zeros(7, 4, 8),
        _ key: Tensor = zeros(7, 2, 8),
        _ value: Tensor? = nil,
        queries: [Int] = [3, 4],
        keys: [Int] = [3, 4],
        firstKeys: [Int] = [0, 3],
        prefix: (queries: Int, keys: Int) = (0, 0)
    ) {
        let spans = AttentionSpans(
            prefixQueries: prefix.queries,
            prefixKeys: prefix.keys,
            queryLengths: queries,
            keyLengths: keys,
            firstKeys: firstKeys
        )
        _ = packedAttention(query: query, key: key, value: value ?? key, spans: spans, scale: 1)
    }

    /// The gated delta rule over two sequences of 3 and 4 tokens, by default with fitting operands.
    private static func change(
        _ key: Tensor = zeros(7, 2, 8),
        _ value: Tensor = zeros(7, 4, 6),
        decay: Tensor = zeros(7, 4),
        queries: [Int] = [3, 4]
    ) {
        let spans = AttentionSpans(
            prefixQueries: 0,
            prefixKeys: 0,
            queryLengths: queries,
            keyLengths: [3, 4]
        )
        _ = gatedDeltaRule(
            query: key,
            key: key,
            value: value,
            logDecay: decay,
            strength: zeros(7, 4),
            spans: spans
        )
        _ = value.reshaped([7, -1]).causallyConvolved(zeros(24, 4), spans: spans)
    }

    private static let states: [Misuse] = [
        Misuse("Value heads that are no multiple of the key heads", "[7, 3, 8]", "[7, 4, 6]") {
            change(zeros(7, 3, 8))
        },
        Misuse("Decays of other heads", "[7, 4, 6]", "[7, 2]") { change(decay: zeros(7, 2)) },
        Misuse("A state for some of the tokens", "7 tokens", "5 queries") {
            change(queries: [3, 2])
        },
        Misuse("A convolution of other channels", "[7, 20]", "[24, 4]") {
            change(zeros(7, 2, 8), zeros(7, 4, 5))
        },
    ]

    private static let attention: [Misuse] = [
        Misuse("More queries than the spans have", "7 queries", "[8, 4, 8]") {
            attend(zeros(8, 4, 8))
        },
        Misuse("Fewer queries than the spans have", "7 queries", "[6, 4, 8]") {
            attend(zeros(6, 4, 8))
        },
        Misuse("Fewer keys than the spans have", "7 keys", "[6, 2, 8]") {
            attend(zeros(7, 4, 8), zeros(6, 2, 8))
        },
        Misuse("Keys that end behind the last row", "9 keys", "[7, 2, 8]") {
            attend(firstKeys: [0, 5])
        },
        Misuse("Heads that are no multiple of the key heads", "[7, 4, 8]", "[7, 3, 8]") {
            attend(zeros(7, 4, 8), zeros(7, 3, 8))
        },
        Misuse("No key heads", "[7, 0, 8]") { attend(zeros(7, 4, 8), zeros(7, 0, 8)) },
        Misuse("Heads of two sizes", "[7, 4, 8]", "[7, 2, 6]") {
            attend(zeros(7, 4, 8), zeros(7, 2, 6))
        },
        Misuse("Fewer values than keys", "[7, 2, 8]", "[6, 2, 8]") {
            attend(zeros(7, 4, 8), zeros(7, 2, 8), zeros(6, 2, 8))
        },
        Misuse("Queries without heads", "[7, 8]") { attend(zeros(7, 8)) },
        Misuse("Keys of another type", "float32 [7, 4, 8]", "float64 [7, 2, 8]") {
            attend(zeros(7, 4, 8), zeros(7, 2, 8, type: .float64))
        },
        Misuse("Spans of no sequences", "no sequences") {
            attend(queries: [], keys: [], firstKeys: [])
        },
        Misuse("More queries than keys in a sequence", "[3, 5]", "[3, 4]") {
            attend(queries: [3, 5])
        },
        Misuse("A sequence without queries", "[7, 0]") { attend(queries: [7, 0], keys: [7, 4]) },
        Misuse("Sequences that share keys", "[3, 4]", "[0, 2]") { attend(firstKeys: [0, 2]) },
        Misuse("Keys in front of the first row", "[-1, 3]") { attend(firstKeys: [-1, 3]) },
        Misuse("Keys over those of the prefix", "[1, 4]", "2 keys") {
            attend(firstKeys: [1, 4], prefix: (0, 2))
        },
        Misuse("More queries than keys in the prefix", "2 queries", "3") {
            attend(firstKeys: [2, 5], prefix: (3, 2))
        },
    ]

    private static let others: [Misuse] = [
        Misuse("A gradient of another shape", "[2, 3]", "[3, 2]") {
            zeros(2, 3).collectGradient(in: zeros(3, 2))
        },
        Misuse("A gradient of another type", "float32 [2]", "float64 [2]") {
            zeros(2).collectGradient(in: zeros(2, type: .float64))
        },
        Misuse("Bytes of a negative shape", "[-2, -1]") {
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { bytes.deallocate() }
            _ = Tensor(
                viewing: UnsafeRawBufferPointer(bytes),
                shape: [-2, -1],
                dtype: .float32,
                owner: Owner()
            )
        },
        Misuse("A quantile beyond the last", "1.5") { _ = zeros(3).quantiles([0.5, 1.5]) },
        Misuse("A quantile that is no number", "nan") { _ = zeros(3).quantiles([.nan]) },
        Misuse("A quantile of nothing", "empty") { _ = zeros(0).quantiles([0.5]) },
        Misuse("An index of floating numbers", "Expected dtype int32 or int64") {
            _ = zeros(3).selecting(zeros(1), along: 0)
        },
        Misuse("An index beyond the last slice", "out of range") {
            _ = zeros(3).selecting(Tensor([3]), along: 0)
        },
        Misuse("An index of elements beyond the last", "out of bounds") {
            _ = zeros(2, 3).gathering(Tensor([0, 7], shape: [2, 1]), along: 1)
        },
        Misuse("A label beyond the last class", "out of bounds") {
            _ = zeros(2, 3).negativeLogLikelihood(Tensor([0, 3]))
        },
        Misuse("Labels that are not of the rows", "[2, 3]", "[3]") {
            _ = zeros(2, 3).negativeLogLikelihood(Tensor([0, 1, 2]))
        },
        Misuse("A generator on a device that is not there", "nowhere") {
            _ = Generator(seed: 1, device: Device(trusted: "nowhere")).normal([2])
        },
        Misuse("Numbers of a generator that is not there", "nowhere") {
            _ = Generator(seed: 1, device: Device(trusted: "nowhere")).uniform([2], 0..<1)
        },
        Misuse("What is read from the result of a failure", "size") {
            let failed = zeros(2) + zeros(3)
            _ = (failed.shape, failed.dtype, failed.device, failed.item, failed.floats)
            _ = (failed.isFinite, failed.isEqual(to: failed), failed.split([1], along: 0))
            _ = failed.rmsNorm(weight: failed, epsilon: 1).frozenLinear(failed, bias: failed)
            failed.backward()
        },
    ]

    @Test("Misuse is one sentence", arguments: layers + products + attention + states + others)
    func refused(_ misuse: Misuse) {
        let error = #expect(throws: TorchError.self) { try withTorchErrors { misuse.run() } }
        let message = error?.message ?? ""
        for part in misuse.found { #expect(message.contains(part)) }
        #expect(!message.contains("\n"))
    }

    @Test("Bytes that no tensor can have are released")
    func releasedOwner() {
        weak var owner: Owner?
        _ = try? withTorchErrors {
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { bytes.deallocate() }
            let made = Owner()
            owner = made
            _ = Tensor(
                viewing: UnsafeRawBufferPointer(bytes),
                shape: [-2, -1],
                dtype: .float32,
                owner: made
            )
        }
        #expect(owner == nil)
    }

    private final class Owner {}
}
