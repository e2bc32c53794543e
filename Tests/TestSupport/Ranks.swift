import Foundation
import Torch

#if canImport(Glibc)
import Glibc
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
private let streamSocket = SOCK_STREAM
#endif

/// A TCP port of this machine that nobody uses.
public func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, streamSocket, 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
        }
    }
    guard status == 0 else { throw CocoaError(.fileWriteUnknown) }
    return UInt16(bigEndian: address.sin_port)
}

/// What a thread hands over; it is read after the thread has ended.
private final class Box<Value>: @unchecked Sendable {
    var value: Value?
}

/// Runs `body` as each of several ranks, which are threads of this process.
///
/// Returns what each rank returned or threw, in the order of the ranks.
public func withRanks<Value>(
    _ count: Int,
    timeout: Double = 60,
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    let port = try freePort()
    let boxes = (0..<count).map { _ in Box<Result<Value, any Error>>() }
    let done = DispatchGroup()
    for (rank, box) in boxes.enumerated() {
        done.enter()
        let thread = Thread {
            box.value = Result {
                let launch = Launch(rank: rank, size: count, host: "localhost", port: port)
                let group = try ProcessGroup(launch, timeout: timeout)
                do {
                    let value = try body(group)
                    try group.barrier()
                    return value
                } catch {
                    group.end(because: "\(error)")
                    throw error
                }
            }
            done.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    done.wait()
    return boxes.compactMap(\.value)
}
