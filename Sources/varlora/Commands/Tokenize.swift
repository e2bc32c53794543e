import ArgumentParser
import Foundation
import JSON
import LanguageModels

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn texts into token ids.",
        discussion: """
            Reads lines {"text": "..."} and writes a line {"ids": [...]} for each.

            EXAMPLES
              varlora tokenize --model model.gguf --input texts.jsonl
              echo '{"text": "Hello"}' | varlora tokenize --model org/name
            """
    )

    @Option(help: "A folder, a GGUF file, or org/name[@revision] in the local Hugging Face cache.")
    var model: String
    @Option(help: "Texts, one a line (default: standard input).")
    var input: String?
    @Flag(help: "Leave out the special tokens that the tokenizer's template adds.")
    var noSpecialTokens = false

    func run() throws {
        let tokenizer = try ModelLocation(model).loadTokenizer()
        let texts = try JSONLines.read(
            Text.self,
            from: URL(fileURLWithPath: input ?? "/dev/stdin")
        )
        for line in texts {
            let ids = try tokenizer.encode(line.row.text, addSpecialTokens: !noSpecialTokens)
            let list = ids.map(String.init).joined(separator: ",")
            Console.print("{\"ids\":[\(list)]}")
        }
    }

    private struct Text: Decodable {
        let text: String
    }
}
