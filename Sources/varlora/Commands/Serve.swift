import ArgumentParser
import Foundation
import Serving
import Torch
import Training

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer questions over HTTP, as a server of the System One format.",
        discussion: """
            Serves runs by the names of their folders, and a base model as it is by the
            last part of its path; the first is also called jev-latest. Clients of the
            format need no more than the address. SIGTERM and SIGINT let it answer what
            was asked, and end it.

            EXAMPLES
              varlora serve runs/ivon
              varlora serve runs/ivon runs/adamw --model SmolLM2-135M.gguf --port 9000
              varlora serve runs/ivon --host 0.0.0.0 --key-file key.txt
            """
    )

    @Argument(help: ArgumentHelp("Run folders.", valueName: "run"))
    var runs: [String] = []
    @Option("A base model to serve as it is, beside the runs.")
    var model: String?
    @Option("The address to listen on; any but this machine's own needs a key.")
    var host = "127.0.0.1"
    @Option("The port to listen on; 0 is any free one.")
    var port = "8080"
    @Option("A file with the key that requests must show, for its owner alone.")
    var keyFile: String?
    @Option("Draws of the posteriors (default: each run's).")
    var draws: String?
    @Option("Questions of a batch, and of a request, at most.")
    var maxBatch = "64"
    @Option("Milliseconds that a request waits for others to join its batch.")
    var maxWaitMs = "2"
    @Option(.of("threads")) var threads: String?

    func validate() throws {
        if runs.isEmpty, model == nil {
            throw ValidationError("expected the folders of runs or --model, found neither")
        }
        _ = try number("port", port, 0...65535)
        _ = try limits()
        _ = try value("draws", draws, \.draws)
        if runs.isEmpty, draws != nil {
            throw ValidationError("--draws: a base model has no posterior")
        }
        _ = try value("threads", threads, \.threads)
    }

    private func number(_ flag: String, _ text: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw ValidationError(
                "--\(flag): expected an integer from \(range.lowerBound) to \(range.upperBound), "
                    + "found \"\(text)\""
            )
        }
        return number
    }

    private func limits() throws -> ServiceLimits {
        var limits = ServiceLimits()
        limits.batchQuestions = try number("max-batch", maxBatch, 1...1024)
        limits.batchMilliseconds = Double(try number("max-wait-ms", maxWaitMs, 0...10_000))
        return limits
    }

    func run() throws {
        if let count = try value("threads", threads, \.threads) ?? nil { Engine.threads = count }
        let server = DecisionServer(
            try ServedSubjects(runs: runs, base: model, draws: value("draws", draws, \.draws)),
            key: try keyFile.map { try AccessKey(contentsOf: URL(fileURLWithPath: $0)) },
            limits: try limits()
        )
        for warning in try server.subjects.warnings { Console.warn(warning) }
        let (host, port) = (host, try number("port", port, 0...65535))
        let names = server.subjects.models.map(\.name).joined(separator: ", ")
        let isOpen = server.key == nil
        try waitFor {
            try await server.run(host: host, port: port, until: StopRequest.wait) { event in
                switch event {
                case .listening(let host, let port):
                    let place = host.contains(":") ? "[\(host)]" : host
                    Console.print("http://\(place):\(port)")
                    Console.note(
                        isOpen
                            ? "for this machine alone, without a key"
                            : "requests must show the key of --key-file"
                    )
                case .ready: Console.note("ready: \(names)")
                case .failed(let reason): Console.warn("a request failed: \(reason)")
                }
            }
        }
    }
}

/// Runs an asynchronous body to its end.
private func waitFor(_ body: @escaping @Sendable () async throws -> Void) throws {
    let isDone = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var result: Result<Void, any Error> = .success(())
    Task {
        do { try await body() } catch { result = .failure(error) }
        isDone.signal()
    }
    isDone.wait()
    try result.get()
}
