import Files
import Foundation

/// The key that requests must show, which is never written anywhere.
public struct AccessKey: Sendable {
    private let bytes: [UInt8]

    /// Reads a key from a file of one line that nobody but its owner may read.
    ///
    /// - Throws: ``ServingError/key(file:reason:)``, or `FileError` where the file cannot be read.
    public init(contentsOf file: URL) throws {
        func refuse(_ reason: String) -> ServingError { .key(file: file.path, reason: reason) }
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: file.resolvingSymlinksInPath().path
        )
        if let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 != 0 {
            let found = String(mode & 0o777, radix: 8)
            throw refuse("expected a file for its owner alone (chmod 600), found mode \(found)")
        }
        let line = try RegularFile.read(file).reversed().drop { $0 == 0x0A || $0 == 0x0D }
        try self.init(line.reversed(), refuse)
    }

    private init(_ bytes: [UInt8], _ refuse: (String) -> ServingError) throws {
        guard (16...256).contains(bytes.count) else {
            throw refuse("expected a key of 16 to 256 characters, found \(bytes.count)")
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("expected a key of visible ASCII characters, found another one in it")
        }
        self.bytes = bytes
    }

    /// Whether the `Authorization` headers of a request show the key; nil where they show none.
    func isShown(by headers: [String]) -> Bool? {
        guard let header = headers.first, headers.count == 1 else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return isEqual(Array(parts[1].utf8))
    }

    /// Compares in a time that tells nothing of how much of the key is right.
    private func isEqual(_ other: [UInt8]) -> Bool {
        var difference = bytes.count ^ other.count
        for (index, byte) in bytes.enumerated() {
            difference |= Int(byte ^ (index < other.count ? other[index] : 0))
        }
        return difference == 0
    }
}
