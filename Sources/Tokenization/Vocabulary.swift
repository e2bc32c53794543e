/// Two-way map between tokens, as UTF-8, and ids.
///
/// Keys are bytes: Swift's `String` holds canonically equivalent strings for equal, but they are
/// different tokens. All tokens lie one behind another in one buffer, found by open addressing.
struct Vocabulary: Sendable {
    /// A bound on ids, so that a corrupt file cannot ask for a table of any size.
    static let maximumID = 1 << 24 - 1

    private var bytes: [UInt8] = []
    /// Token `entry` is `bytes[starts[entry]..<starts[entry + 1]]`.
    private var starts: [Int] = [0]
    private var ids: [Int32] = []
    /// Entry of each id; -1 where no token has the id.
    private var entries: [Int32] = []
    /// Entry in each slot of the hash table; -1 where empty.
    private var slots: [Int32]
    private var longest = 0

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
    }

    var count: Int { ids.count }

    enum InsertionFailure { case duplicateToken, duplicateID, hugeID }

    /// Adds a token; returns what forbids it, if anything does.
    mutating func insert(_ token: some Collection<UInt8>, id: Int) -> InsertionFailure? {
        guard (0...Self.maximumID).contains(id) else { return .hugeID }
        if id < entries.count {
            guard entries[id] < 0 else { return .duplicateID }
        } else {
            entries.append(contentsOf: repeatElement(-1, count: id + 1 - entries.count))
        }
        let start = bytes.count
        bytes.append(contentsOf: token)
        let slot = slot(of: bytes, start..<bytes.count)
        guard slots[slot] < 0 else {
            bytes.removeSubrange(start...)
            return .duplicateToken
        }
        let entry = Int32(ids.count)
        slots[slot] = entry
        entries[id] = entry
        ids.append(Int32(id))
        starts.append(bytes.count)
        longest = max(longest, bytes.count - start)
        if ids.count * 2 > slots.count { grow() }
        return nil
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for entry in ids.indices {
            slots[slot(of: bytes, starts[entry]..<starts[entry + 1])] = Int32(entry)
        }
    }

    /// The slot that holds the token `text[range]`, or the empty one where it belongs.
    private func slot(of text: [UInt8], _ range: Range<Int>) -> Int {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01b3 }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[slot] >= 0, !equals(Int(slots[slot]), text, range) { slot = (slot + 1) & mask }
        return slot
    }

    private func equals(_ entry: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
        let start = starts[entry]
        guard starts[entry + 1] - start == range.count else { return false }
        for offset in 0..<range.count
        where bytes[start + offset] != text[range.lowerBound + offset] {
            return false
        }
        return true
    }

    /// The id of the token `text[range]`, or -1.
    func id(of text: [UInt8], _ range: Range<Int>) -> Int32 {
        guard range.count <= longest else { return -1 }
        let entry = slots[slot(of: text, range)]
        return entry < 0 ? -1 : ids[Int(entry)]
    }

    func id(of token: [UInt8]) -> Int? {
        let id = id(of: token, 0..<token.count)
        return id < 0 ? nil : Int(id)
    }

    /// The bytes of the token with this id.
    func token(for id: Int) -> ArraySlice<UInt8>? {
        guard entries.indices.contains(id), entries[id] >= 0 else { return nil }
        let entry = Int(entries[id])
        return bytes[starts[entry]..<starts[entry + 1]]
    }
}
