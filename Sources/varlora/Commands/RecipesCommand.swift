import ArgumentParser
import Comparison
import Files
import Foundation
import Training

struct Recipes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, show, copy and check recipes and comparisons.",
        discussion: """
            EXAMPLES
              varlora recipes list
              varlora recipes copy arc-easy mine.yaml
              varlora recipes validate mine.yaml
            """,
        subcommands: [List.self, Show.self, Copy.self, Validate.self],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the shipped recipes.")
        @Flag(help: "Print the list as JSON.")
        var json = false

        func run() throws {
            let names = ShippedRecipes.names + ShippedRecipes.comparisonNames
            if json { return try Console.printJSON(names) }
            let width = names.map(\.count).max() ?? 0
            for name in names {
                let cell = name.padding(toLength: width + 2, withPad: " ", startingAt: 0)
                Console.print(cell + ShippedRecipes.summary(of: name))
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a shipped recipe.")
        @Argument(help: "The recipe's name.")
        var name: String

        func run() throws { Console.print(try ShippedRecipes.yaml(of: name)) }
    }

    struct Copy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a shipped recipe to a file of your own."
        )
        @Argument(help: "The recipe's name.")
        var name: String
        @Argument(help: "The file to write; it must not exist.")
        var file: String

        func run() throws {
            let yaml = try ShippedRecipes.yaml(of: name)
            guard !FileManager.default.fileExists(atPath: file) else {
                throw RecipeError("\(file): exists already; choose another name")
            }
            try AtomicFile.write(Data(yaml.utf8), to: URL(fileURLWithPath: file))
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a recipe and print it with every setting resolved."
        )
        @Argument(help: "A YAML file, or a shipped recipe's name.")
        var file: String

        func run() throws {
            do {
                Console.print(try ShippedRecipes.load(file).resolved().yaml)
            } catch let error as RecipeError {
                guard let comparison = try? ComparisonRecipe(named: file) else { throw error }
                Console.print(comparison.yaml)
            }
        }
    }
}
