import ArgumentParser
import CStart
import Files
import Foundation
import Torch

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
            Train.self, Estimate.self, Evaluate.self, Predict.self, Acquire.self, Calibrate.self,
            DecidePolicy.self, Serve.self, Compare.self, Merge.self, Report.self,
            SensitivityCommand.self,
            Inspect.self, Tokenize.self, DataCommand.self, Recipes.self, Doctor.self, Demo.self,
        ]
    )

    /// Runs the command of the arguments; what it ends with goes through the console.
    static func main() {
        // What the tool writes is nobody else's to change, whatever the user's mask allows.
        _ = umask(umask(0) | S_IWOTH)
        StopRequest.listen()
        // A reader that has gone is no reason to end a training, whose progress it read.
        signal(SIGPIPE, SIG_IGN)
        do {
            // What fails outside of a command's own scopes ends it with a sentence, too.
            try withTorchErrors {
                var command = try parseAsRoot()
                try command.run()
            }
        } catch {
            Console.end(with: error)
        }
    }
}
