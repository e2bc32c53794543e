import ArgumentParser
import LanguageModels
import TextTasks
import Training

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Look over data before training on them.",
        discussion: """
            EXAMPLES
              varlora data check my-data/
              varlora data check my-data/ --model org/name --max-length 256
            """,
        subcommands: [Check.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what each part holds, and what is unusual about it.",
            discussion: """
                Counts rows and labels, and finds repeated and contradictory rows, rows of several
                parts and long prompts; with --model their tokens, too. Fails where a part cannot
                be read.

                EXAMPLES
                  varlora data check my-data/
                  varlora data check boolq --data boolq/ --model org/name
                """
        )

        @Argument(help: "A folder or file of your own, or a named data set.")
        var task: String
        @Option(of: "data") var data: String?
        @Option(of: "answers") var answers: String?
        @Option(of: "list-options") var listOptions: String?
        @Option("A model whose tokens are counted: a folder, a GGUF file, or org/name[@revision].")
        var model: String?
        @Option(of: "max-length") var maxLength: String?
        @Option(of: "seed") var seed: String?

        func validate() throws {
            do {
                _ = try recipe()
            } catch {
                throw ValidationError("\(error)")
            }
        }

        private func recipe() throws -> Recipe {
            var recipe = Recipe(model: "", task: task)
            for (key, text) in [
                ("data", data), ("answers", answers), ("list-options", listOptions),
                ("max-length", maxLength), ("seed", seed),
            ] {
                if let text { try recipe.set(key, to: text, place: "--\(key)") }
            }
            return recipe
        }

        func run() throws {
            let recipe = try recipe()
            let check = DataCheck(try recipe.textTask(), seed: recipe.seedOfSplit)
            let encoder = try model.map {
                try ExampleEncoder(
                    ModelLocation($0).loadTokenizer(),
                    maximumLength: recipe.maxLength
                )
            }
            for part in check.parts {
                let tokens = try encoder.map { try $0.encode(part.loaded.examples).report }
                Console.print(part.table(tokens, maxLength: recipe.maxLength))
                Console.print(part.labelTable.text + "\n")
            }
            for warning in check.warnings { Console.print("warning: " + warning) }
            if let last = check.faults.last {
                for fault in check.faults.dropLast() { Console.complain("Error: " + fault) }
                throw RecipeError(last)
            }
        }
    }
}

extension DataCheck.Part {
    /// How many labels are shown from either end.
    private static let shown = 10

    /// The part in numbers, a line each.
    fileprivate func table(_ tokens: EncodingReport?, maxLength: Int) -> String {
        var lines = [
            "\(split.rawValue): \(loaded.file)" + (loaded.isShare ? ", a share of it" : "")
        ]
        func add(_ name: String, _ text: String) {
            lines.append("  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + text)
        }
        let count = loaded.examples.count
        add("rows", "\(rows)" + (count > rows ? ", \(count) questions" : ""))
        if loaded.leftOut > 0 { add("left out", "\(loaded.leftOut) without four choices") }
        if unlabelled > 0 { add("without label", "\(unlabelled), which training refuses") }
        add("repeated", within.text)
        for (other, repetition) in across { add("in \(other.rawValue)", repetition.text) }
        let longest = longest.map { "\($0.characters) (\($0.id))" }.joined(separator: ", ")
        add("longest", "\(longest) characters")
        if let tokens {
            add("tokens", "\(tokens.longest) at most; \(tokens.truncated) cut to \(maxLength)")
        }
        return lines.joined(separator: "\n")
    }

    /// The most and the least frequent labels side by side.
    fileprivate var labelTable: TextTable {
        let most = labels.prefix(Self.shown)
        let least = labels.dropFirst(Self.shown).suffix(Self.shown).reversed()
        var table = TextTable([
            "  \(labels.count) labels", "rows", least.isEmpty ? "" : "least", "",
        ])
        for (index, label) in most.enumerated() {
            let other = least.dropFirst(index).first
            table.add([
                "  " + label.name, "\(label.count)", other?.name ?? "",
                other.map { "\($0.count)" } ?? "",
            ])
        }
        return table
    }
}

extension DataCheck.Repetition {
    fileprivate var text: String {
        guard contrary > 0 else { return "\(same)" }
        let first = firstContrary.joined(separator: " and ")
        return "\(same) with the same label, \(contrary) with another (first \(first))"
    }
}
