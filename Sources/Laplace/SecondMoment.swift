import Torch

/// The sum `Σ x xᵀ` over rows x [side] that arrive in pieces, in float64: in full, or its best
/// approximation of a rank.
///
/// The approximation is an incremental singular value decomposition: the rows kept so far, which
/// are orthogonal, and ``piece`` new ones are replaced by the `rank` rows that explain most of
/// their sum. It is exact while no more than `rank` directions occur. It takes
/// 8 · side · (rank + piece) bytes, a full sum 8 · side².
final class SecondMoment {
    /// Rows that are taken in together: the more, the less of the sum is lost, and the more time a
    /// row takes.
    static let piece = 64

    /// Width of the rows.
    let side: Int
    /// Number of rows so far.
    private(set) var count = 0
    private let rank: Int?
    private var sum: Tensor?  // [side, side], of a full sum
    private var kept: Tensor?  // [rank or fewer, side]
    private var waiting: [Tensor] = []
    private var waitingCount = 0

    /// An empty sum: approximated with `rank` directions, or full without one.
    init(side: Int, rank: Int?) {
        self.side = side
        self.rank = rank
    }

    /// Adds rows [rows, side].
    func add(_ rows: Tensor) {
        let length = rows.shape.first ?? 0
        count += length
        guard rank != nil else {
            let rows = rows.to(.float64)
            let product = rows.transposed(0, 1).matmul(rows)
            if let sum { sum.addInPlace(product) } else { sum = product }
            return
        }
        // Always at the same rows, so that the result does not depend on how they arrive.
        var start = 0
        while start < length {
            let taken = min(length - start, Self.piece - waitingCount)
            waiting.append(rows.narrowed(0, start: start, length: taken).to(.float64))
            waitingCount += taken
            start += taken
            if waitingCount == Self.piece { compress() }
        }
    }

    private func compress() {
        guard let rank, !waiting.isEmpty else { return }
        let rows = Tensor.concatenated((kept.map { [$0] } ?? []) + waiting, along: 0)
        let count = rows.shape.first ?? 0
        // With rows R = U S Vᵀ the eigenvectors of R Rᵀ are U, and Uᵀ R = S Vᵀ.
        let vectors = rows.matmul(rows.transposed(0, 1)).symmetricEigen().vectors
        let length = min(rank, count)
        kept = vectors.narrowed(1, start: count - length, length: length).transposed(0, 1)
            .matmul(rows)
        (waiting, waitingCount) = ([], 0)
    }

    /// Eigenvalues [directions], in ascending order, and eigenvectors [side, directions].
    ///
    /// Directions that rounding alone gives a size have eigenvalue 0.
    func eigen() -> (values: Tensor, vectors: Tensor) {
        if let sum {
            let (values, vectors) = sum.symmetricEigen()
            return (values.clamped(0...Double.infinity), vectors)
        }
        compress()
        // No rows: nothing to see in any direction.
        let kept = kept ?? Tensor.zeros([1, side], dtype: .float64)
        let values = kept.power(2).sum(along: 1)
        let bound = (values.doubles.max() ?? 0) * 1e-14
        let isReal = values.greater(than: bound).to(.float64)
        let inverse = isReal * (values + (isReal * -1 + 1)).power(-0.5)
        return (values * isReal, (kept * inverse.reshaped([-1, 1])).transposed(0, 1))
    }
}
