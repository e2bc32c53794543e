import ArgumentParser
import CStart
import Files
import Foundation

/// The command-line tool.
@main
struct Varlora: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varlora",
        abstract: "Fine-tune language models by variational learning and answer with calibrated"
            + " probabilities.",
        discussion: """
            EXAMPLES
              varlora train --model SmolLM2-135M.gguf --task my-data/ --output runs/first
              varlora evaluate runs/first --split test --draws 10
              varlora predict runs/first --input questions.jsonl --output answers.jsonl

            Exit codes: 0 success, 1 failure, 64 wrong usage, 128 and the signal's number
            after SIGINT, SIGTERM or SIGHUP: a training saves its step and says how to go
            on, anything else ends; a second signal ends at once. Shell completions:
              varlora --generate-completion-script bash
            """,
        version: "0.1.0",
        subcommands: [
            Train.self, Estimate.self, Evaluate.self, Predict.self, Compare.self, Report.self,
            Inspect.self, Tokenize.self, Recipes.self, Doctor.self, Demo.self,
        ]
    )

    static func main() {
        StopRequest.listen()
        // A reader that has gone is no reason to end a training, whose progress it read.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// Says what is wrong in a sentence, and with wrong usage where the right one is told.
    private static func end(with error: any Error) -> Never {
        if let error = error as? FileError, error.code == EPIPE { Console.endByBrokenPipe() }
        guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
        let message = fullMessage(for: error).split(separator: "\n")
        let sentence = message.prefix { !$0.hasPrefix("Usage: ") }
        let pointer = message.filter { $0.hasPrefix("  See ") }
        Console.complain((sentence + pointer).joined(separator: "\n"))
        Foundation.exit(ExitCode.validationFailure.rawValue)
    }
}
