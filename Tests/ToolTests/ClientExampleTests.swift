import Foundation
import JSON
import TestSupport
import Testing

/// The clients that the documentation shows, as they stand there.
@Suite("Clients in the documentation", .serialized)
struct ClientExampleTests {
    /// The one block of code of a language in docs/serving.md.
    private func block(_ language: String) throws -> String {
        let page = try String(contentsOf: Checkout.file("docs/serving.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```\(language)\n")
        try #require(parts.count == 2, "expected one block of \(language)")
        return parts[1].components(separatedBy: "```")[0]
    }

    /// What a client prints that the server of a tiny run answers.
    private func output(_ arguments: (String) -> [String], of program: URL) throws -> String {
        var output = ""
        try ServedRun.with { tool in
            let (process, address) = try ServedRun.start(tool)
            let outcome = try tool.start(arguments(address), program: program).wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            process.send(SIGTERM)
            #expect(try process.wait().exitCode == 0)
            output = outcome.output
        }
        return output
    }

    @Test(
        "The one in Python prints probabilities",
        .enabled(if: Clients.areThere, "pip cannot fetch the clients of the format")
    )
    func python() throws {
        let code = try block("python")
        let output = try output(
            { ["-c", code.replacing("http://127.0.0.1:8080", with: $0)] },
            of: Clients.program("python3")
        )
        let text = output.replacing("'", with: "\"")
        let members = try JSONNode(parsing: Array(text.utf8), file: "output").children()
        #expect(members.map(\.name) == ["Billing", "Technical"])
        #expect(abs(try members.reduce(0) { $0 + (try $1.node.number()) } - 1) < 1e-6)
    }

    @Test(
        "The one in Swift is the example, and prints a probability",
        .enabled(if: ClientExample.isThere, "VARLORA_EXAMPLES names no folder to build it in")
    )
    func swift() throws {
        #expect(try block("swift") == String(contentsOf: ClientExample.source, encoding: .utf8))
        let output = try output({ [$0] }, of: ClientExample.program)
        let probability = try #require(Double(output.trimmingCharacters(in: .newlines)))
        #expect(probability > 0 && probability < 1)
    }
}

/// `Examples/DecisionClient`, which is built in a folder that `VARLORA_EXAMPLES` names: the first
/// time takes minutes, and fetches packages.
private enum ClientExample {
    private static let package = Checkout.file("Examples/DecisionClient")
    private static let folder = ProcessInfo.processInfo.environment["VARLORA_EXAMPLES"]
        .map { URL(fileURLWithPath: $0, relativeTo: Checkout.root).path }

    static let source = package.appendingPathComponent("Sources/DecisionClient/main.swift")

    static var program: URL {
        URL(fileURLWithPath: folder ?? "").appendingPathComponent("debug/DecisionClient")
    }

    static let isThere: Bool = {
        guard let folder else { return false }
        let build = Process()
        build.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        build.arguments = [
            "swift", "build", "--package-path", package.path, "--scratch-path", folder,
        ]
        build.standardOutput = FileHandle.standardError
        guard (try? build.run()) != nil else { return false }
        build.waitUntilExit()
        return build.terminationStatus == 0
    }()
}
