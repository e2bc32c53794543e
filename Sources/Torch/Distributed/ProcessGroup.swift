import CTorch
import Foundation

/// The ranks of a launch, connected: c10d's store and Gloo.
///
/// Every rank must call the same operations in the same order. When a rank ends, the others' next
/// operation throws an error that names it. Not `Sendable`: one thread calls its operations.
public final class ProcessGroup {
    /// Which rank this is, of how many.
    public let launch: Launch
    /// Bytes that this rank has handed to ``sum(_:)`` and to ``sum(_:with:)``.
    public private(set) var summedBytes = 0
    private let handle: ctorch_group?
    private let timeout: Double
    private var failure: ProcessGroupError?

    /// Joins the ranks of a launch: returns when all are there.
    ///
    /// `timeout` in seconds is the longest wait for other ranks, here and in every operation.
    ///
    /// - Throws: ``ProcessGroupError``.
    public init(_ launch: Launch, timeout: Double) throws {
        self.launch = launch
        self.timeout = timeout
        guard ctorch_has_gloo() else { throw ProcessGroupError.notBuilt(ranks: launch.size) }
        var result: ctorch_group?
        let status = ctorch_group_open(
            launch.host,
            launch.port,
            launch.isFirst && !launch.isStoreExternal,
            Int32(launch.rank),
            Int32(launch.size),
            Int64(timeout * 1000),
            &result
        )
        handle = result
        guard status == 0 else {
            throw ProcessGroupError.noStore(
                host: launch.host,
                port: launch.port,
                reason: Self.lastError
            )
        }
        var missing = [Bool](repeating: false, count: launch.size)
        guard ctorch_group_meet(handle, &missing) == 0 else {
            let ranks = missing.indices.filter { missing[$0] }
            if !ranks.isEmpty { throw ProcessGroupError.lost(ranks: ranks) }
            throw ProcessGroupError.noStore(
                host: launch.host,
                port: launch.port,
                reason: Self.lastError
            )
        }
        try check(ctorch_group_connect(handle))
    }

    deinit { ctorch_group_close(handle) }

    /// The number of this rank, from 0.
    public var rank: Int { launch.rank }

    /// How many ranks there are.
    public var size: Int { launch.size }

    /// Adds up a contiguous tensor over all ranks, in place; all get the same bits.
    ///
    /// Gloo sends 2 (R - 1) / R of the tensor's bytes from each of R ranks, around a ring.
    ///
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func sum(_ tensor: Tensor) throws {
        let onHost = tensor.to(.cpu)
        try check(ctorch_group_sum(handle, onHost.handle))
        if tensor.device != .cpu { tensor.copyInPlace(onHost) }
        summedBytes += tensor.count * tensor.dtype.byteCount
    }

    /// Adds up a vector in place and a few numbers beside it, in one operation.
    ///
    /// - Returns: the sums of the numbers, taken in the vector's type.
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func sum(_ vector: Tensor, with numbers: [Double]) throws -> [Double] {
        let flat = vector.view([vector.count])
        let beside = Tensor(numbers).to(vector.dtype).to(vector.device)
        let all = Tensor.concatenated([flat, beside], along: 0)
        try sum(all)
        flat.copyInPlace(all.narrowed(0, start: 0, length: flat.count))
        return all.narrowed(0, start: flat.count, length: numbers.count).doubles
    }

    /// Gives every rank the tensor of rank 0, in place.
    ///
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func broadcast(_ tensor: Tensor) throws {
        let onHost = tensor.to(.cpu)
        try check(ctorch_group_broadcast(handle, onHost.handle, 0))
        if tensor.device != .cpu { tensor.copyInPlace(onHost) }
    }

    /// The bytes of rank 0, on every rank; the argument of the others is not read.
    ///
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func broadcast(_ bytes: Data) throws -> Data {
        var count = Int64(bytes.count)
        try check(
            ctorch_group_broadcast_bytes(handle, &count, Int64(MemoryLayout<Int64>.size), 0)
        )
        if count == 0 { return Data() }
        var result = launch.isFirst ? bytes : Data(count: Int(count))
        let status = result.withUnsafeMutableBytes {
            ctorch_group_broadcast_bytes(handle, $0.baseAddress, count, 0)
        }
        try check(status)
        return result
    }

    /// The bytes of every rank, in the order of the ranks, on every rank.
    ///
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func gather(_ bytes: Data) throws -> [Data] {
        var counts = [Int64](repeating: 0, count: size)
        var own = Int64(bytes.count)
        try check(
            ctorch_group_gather_bytes(handle, &own, Int64(MemoryLayout<Int64>.size), &counts)
        )
        let width = Int(counts.max() ?? 0)
        if width == 0 { return counts.map { _ in Data() } }
        let padded = bytes + Data(count: width - bytes.count)
        var all = Data(count: width * size)
        let status = all.withUnsafeMutableBytes { out in
            padded.withUnsafeBytes {
                ctorch_group_gather_bytes(handle, $0.baseAddress, Int64(width), out.baseAddress)
            }
        }
        try check(status)
        return counts.enumerated().map { rank, count in
            all.subdata(in: rank * width..<rank * width + Int(count))
        }
    }

    /// Waits until all ranks are here.
    ///
    /// - Throws: ``ProcessGroupError`` when a rank is lost.
    public func barrier() throws { _ = try gather(Data([0])) }

    /// Tells the other ranks why this one ends, so that they can say so; call it once, at the end.
    public func end(because reason: String) {
        _ = try? words("rank \(rank) ended: \(reason)")
        ctorch_group_disconnect(handle)
        guard launch.isFirst && !launch.isStoreExternal else { return }
        // The words are in this process: it stays until the others have read them and ended too.
        for _ in 0..<Self.patience {
            guard let ranks = try? silentRanks() else { return }
            if ranks.count == size - 1 { return }
        }
    }

    // What went wrong ---------------------------------------------------------------------------

    /// Looks at the signs of life this often in a row, each time for a second.
    private static let patience = 5

    /// The first line of the last error, without Gloo's place in its source and its advice.
    private static var lastError: String {
        var text = String(cString: ctorch_last_error()).prefix { $0 != "\n" }
        if text.hasPrefix("[/"), let end = text.range(of: "] ") {
            text = text[end.upperBound...]
        }
        if let advice = text.range(of: ". This is typically") { text = text[..<advice.lowerBound] }
        return String(text)
    }

    private func check(_ status: Int32) throws {
        if status == 0 { return }
        let error = failure ?? cause(of: Self.lastError)
        failure = error
        throw error
    }

    /// Finds out which rank a failed operation is due to.
    private func cause(of failure: String) -> ProcessGroupError {
        // So that those who wait for this rank look for the cause as well.
        ctorch_group_disconnect(handle)
        do {
            var silent = Set(0..<size)
            for _ in 0..<3 {
                let words = try words("")
                if !words.isEmpty { return .ended(words: words) }
                silent.formIntersection(try silentRanks())
            }
            let words = try words("")
            if !words.isEmpty { return .ended(words: words) }
            if !silent.isEmpty { return .lost(ranks: silent.sorted()) }
            let calls = try signs().calls
            let late = calls.indices.filter { calls[$0] < calls[rank] }
            return .late(ranks: late, seconds: timeout, reason: failure)
        } catch {
            let holder = launch.isStoreExternal ? "the launcher" : "rank 0"
            return .storeLost(holder: holder, reason: failure)
        }
    }

    /// Ranks that show no sign of life for a second.
    private func silentRanks() throws -> Set<Int> {
        let before = try signs().beats
        Thread.sleep(forTimeInterval: 1)
        let after = try signs().beats
        return Set((0..<size).filter { $0 != rank && after[$0] == before[$0] })
    }

    private func signs() throws -> (beats: [Int64], calls: [Int64]) {
        var beats = [Int64](repeating: 0, count: size)
        var calls = beats
        guard ctorch_group_signs(handle, &beats, &calls) == 0 else {
            throw TorchError(message: Self.lastError)
        }
        return (beats, calls)
    }

    /// The first words that any rank left, after leaving `own` unless empty.
    private func words(_ own: String) throws -> String {
        var text = [CChar](repeating: 0, count: 4096)
        guard ctorch_group_words(handle, own, &text, Int64(text.count)) == 0 else {
            throw TorchError(message: Self.lastError)
        }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}
