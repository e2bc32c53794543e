import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("Ranks", .serialized, .enabled(if: Engine.hasGloo))
struct ProcessGroupTests {
    @Test("A sum over ranks is the sum, with the same bits everywhere", arguments: [2, 3, 5])
    func sum(ranks: Int) throws {
        let results = try withRanks(ranks) { group in
            let vector = Generator(seed: UInt64(group.rank)).normal([1001])
            let sums = try group.sum(vector, with: [Double(group.rank), 1])
            return (vector.floats, sums)
        }
        .map { try $0.get() }
        let parts = (0..<ranks).map { Generator(seed: UInt64($0)).normal([1001]).doubles }
        for (index, found) in results[0].0.enumerated() {
            #expect(abs(Double(found) - parts.reduce(0) { $0 + $1[index] }) < 1e-5)
        }
        #expect(results.allSatisfy { $0.0 == results[0].0 })
        #expect(results.allSatisfy { $0.1 == [Double(ranks * (ranks - 1) / 2), Double(ranks)] })
    }

    @Test("Rank 0's tensor and bytes reach all, and all bytes are gathered in order")
    func bytes() throws {
        let results = try withRanks(3) { group in
            let tensor = Tensor([Double(group.rank), 7])
            try group.broadcast(tensor)
            let text = try group.broadcast(Data("from \(group.rank)".utf8))
            let empty = try group.broadcast(Data())
            let all = try group.gather(Data(repeating: UInt8(group.rank), count: group.rank))
            return (tensor.doubles, String(decoding: text, as: UTF8.self), empty.count, all)
        }
        for result in results {
            let (tensor, text, empty, all) = try result.get()
            #expect(tensor == [0, 7])
            #expect(text == "from 0" && empty == 0)
            #expect(all == [Data(), Data([1]), Data([2, 2])])
        }
    }

    #if os(Linux)
    @Test("The bytes on the wire are those of a ring", arguments: [2, 3])
    func wireBytes(ranks: Int) throws {
        func written() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("wchar") })
            return try #require(line.split(separator: " ").last.flatMap { Int($0) })
        }
        let before = try written()
        let summed = try withRanks(ranks) { group in
            let vector = Tensor.zeros([4 << 20])
            for _ in 0..<8 { try group.sum(vector) }
            return group.summedBytes
        }
        .reduce(0) { try $0 + $1.get() }
        let expected = Double(summed) * 2 * Double(ranks - 1) / Double(ranks)
        // All ranks are threads of this process; other tests write a few megabytes meanwhile.
        #expect(abs(Double(try written() - before) / expected - 1) < 0.05)
        #expect(summed == ranks * 8 * (16 << 20))
    }
    #endif

    @Test("A rank that ends with an error takes the others along, with its words", arguments: 0..<3)
    func ended(rank: Int) throws {
        struct Mistake: Error, CustomStringConvertible { let description = "no such file" }
        let results = try withRanks(3) { group in
            if group.rank == rank { throw Mistake() }
            for _ in 0..<1000 { try group.sum(Tensor.zeros([100])) }
        }
        for (other, result) in results.enumerated() where other != rank {
            let error = #expect(throws: ProcessGroupError.self) { try result.get() }
            #expect(error?.description == "ended, since rank \(rank) ended: no such file")
        }
    }

    @Test("A rank that does not come in time is named")
    func late() throws {
        let results = try withRanks(3, timeout: 2) { group in
            try group.barrier()
            if group.rank == 1 { Thread.sleep(forTimeInterval: 7) }
            try group.sum(Tensor.zeros([100]))
        }
        for rank in [0, 2] {
            let text = #expect(throws: ProcessGroupError.self) { try results[rank].get() }?
                .description
            #expect(text?.contains("rank 1 did not come within 2 s") == true, "\(text ?? "")")
        }
    }

    @Test("A rank that never starts is named")
    func missing() throws {
        let error = #expect(throws: ProcessGroupError.self) {
            let launch = Launch(rank: 0, size: 3, host: "localhost", port: try freePort())
            _ = try ProcessGroup(launch, timeout: 2)
        }
        #expect(error == .lost(ranks: [1, 2]))
    }

    @Test("A store that nobody holds is named")
    func noStore() throws {
        let port = try freePort()
        let error = #expect(throws: ProcessGroupError.self) {
            let launch = Launch(rank: 1, size: 2, host: "localhost", port: port)
            _ = try ProcessGroup(launch, timeout: 1)
        }
        #expect(error?.description.contains("localhost port \(port)") == true)
    }

    @Test("The variables of a launcher are read")
    func environment() throws {
        let launch = try Launch(environment: [
            "RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "host",
            "MASTER_PORT": "29500", "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_RUN_ID": "none",
        ])
        #expect(launch.rank == 2 && launch.size == 4 && launch.localRank == 1)
        #expect(launch.host == "host" && launch.port == 29500 && launch.isStoreExternal)
        #expect(launch.launcher?.hasPrefix("none ") == true)
        #expect(launch.launcher?.hasSuffix(" ") == false)
        #expect(try Launch(environment: [:]) == Launch())
        #expect(try Launch(environment: ["WORLD_SIZE": "1", "RANK": "0"]) == Launch())
    }

    @Test(
        "A wrong variable is named with what was expected",
        arguments: [
            ("WORLD_SIZE", "0"), ("WORLD_SIZE", "two"), ("RANK", "2"), ("RANK", "-1"),
            ("MASTER_PORT", "70000"), ("MASTER_ADDR", ""), ("LOCAL_RANK", "x"),
        ]
    )
    func wrongEnvironment(key: String, value: String) throws {
        var environment = [
            "RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1",
        ]
        environment[key] = value
        let error = #expect(throws: ProcessGroupError.self) {
            try Launch(environment: environment)
        }
        #expect(error?.description.contains("the environment variable \(key): expected") == true)
    }
}
