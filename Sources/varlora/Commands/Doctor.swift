import ArgumentParser
import Foundation
import LanguageModels
import Torch

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine and build offer, and the cure for what is missing."
    )
    @Flag(help: "Print the findings as JSON.")
    var json = false

    private var kernels: String {
        if Device.cudaFault != nil { return "none without CUDA" }
        guard let fault = Device.cudaKernelsFault else { return "compiled for the card" }
        return "none, which is slower: \(fault)"
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let findings: [(String, String)] = [
            ("varlora", Varlora.configuration.version),
            ("libtorch", Engine.version),
            ("vector instructions", Engine.vectorInstructions),
            (
                "bfloat16 products",
                Processor.multipliesBFloat16.map { $0 ? "yes" : "no; slower than float32's" }
                    ?? "not known"
            ),
            ("devices", Device.available.map(\.name).joined(separator: ", ")),
            ("CUDA", Device.cudaFault ?? "yes"),
            ("CUDA kernels", kernels),
            (
                "threads",
                "\(Engine.threads) of \(ProcessInfo.processInfo.activeProcessorCount) cores"
            ),
            (
                "several ranks",
                Engine.hasGloo
                    ? "Gloo headers found"
                    : "no Gloo headers; on Debian: apt-get install libgloo-dev, then make build"
            ),
            ("HF_HOME", environment["HF_HOME"] ?? "not set"),
            ("Hugging Face cache", ModelLocation.cache(environment).path),
            (
                "VARLORA_DATA",
                environment["VARLORA_DATA"] ?? "not set; name data sets with --data, or set it"
            ),
        ]
        if json {
            return try Console.printJSON(
                Dictionary(findings, uniquingKeysWith: { first, _ in first })
            )
        }
        for (name, finding) in findings {
            Console.print(name.padding(toLength: 21, withPad: " ", startingAt: 0) + finding)
        }
    }
}
