import Foundation
import TestSupport
import Testing
import Training

/// The help of every command equals the text in `References/Golden/Tool`.
///
/// After a change that is meant: `VARLORA_REMAKE_HELP=1 swift test --filter ToolTests`.
@Suite("Help")
struct HelpTests {
    static let commands = [
        "", "train", "estimate", "evaluate", "predict", "acquire", "decide-policy", "serve",
        "tokenize", "inspect", "report", "compare", "merge", "calibrate", "sensitivity", "data",
        "data check",
        "recipes", "recipes list", "recipes show", "recipes copy", "recipes validate", "doctor",
        "demo",
    ]

    @Test("Help texts are the committed ones", arguments: commands)
    func help(_ command: String) throws {
        let name = command.isEmpty ? "varlora" : command.replacingOccurrences(of: " ", with: "-")
        let outcome = try run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(outcome.exitCode == 0)
        let file = Golden.folder("Tool/\(name).txt")
        if ProcessInfo.processInfo.environment["VARLORA_REMAKE_HELP"] == "1" {
            try outcome.output.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(outcome.output == (try String(contentsOf: file, encoding: .utf8)))
    }

    @Test("The top help lists every command")
    func allCommands() throws {
        let listed = try run(["--help"]).output.components(separatedBy: "SUBCOMMANDS:").last ?? ""
        let names = listed.split(separator: "\n").compactMap { line -> String? in
            line.hasPrefix("  ") && !line.hasPrefix("   ")
                ? line.split(separator: " ").first.map(String.init) : nil
        }
        #expect(Set(names.filter { $0 != "See" }) == Set(Self.commands.filter(isTopLevel)))
    }

    private func isTopLevel(_ command: String) -> Bool {
        !command.isEmpty && !command.contains(" ")
    }

    @Test("Every key of a recipe is a flag of train, and the other way round")
    func flagsAreKeys() throws {
        let text = try run(["train", "--help"]).output
        let flags = text.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("  --") else { return nil }
            return line.split(separator: " ").first.map { String($0.dropFirst(2)) }
        }
        let others: Set = [
            "recipe", "set", "output", "resume", "force", "profile", "rank-timeout", "json",
            "version",
        ]
        #expect(Set(flags).isSuperset(of: others))
        #expect(Set(flags).subtracting(others) == Set(Recipe.fields.map(\.key)))
    }

    @Test("Completions are made for every shell", arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) throws {
        let outcome = try run(["--generate-completion-script", shell])
        #expect(outcome.exitCode == 0)
        for command in ["train", "evaluate", "predict"] {
            #expect(outcome.output.contains(command))
        }
    }

    private func run(_ arguments: [String]) throws -> Tool.Outcome {
        try Tool(folder: FileManager.default.temporaryDirectory).run(arguments)
    }
}
