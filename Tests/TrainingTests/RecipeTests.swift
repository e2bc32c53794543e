import Foundation
import TestSupport
import Testing

@testable import Training

@Suite("Recipes")
struct RecipeTests {
    /// A recipe in which every key has a value that is not the default.
    private static func unusual() -> Recipe {
        var recipe = Recipe()
        (recipe.model, recipe.task, recipe.data) = ("2024", "a: b # c", "~")
        (recipe.answers, recipe.listOptions) = (.letters, false)
        (recipe.orders, recipe.trainOrders) = (3, true)
        (recipe.basePrecision, recipe.method) = (.int8Dynamic, .adamw)
        (recipe.chat, recipe.gradientCheckpointing) = (true, true)
        recipe.compute = .bfloat16
        (recipe.steps, recipe.batchSize, recipe.microBatchSize) = (7, 6, 3)
        (recipe.maxLength, recipe.learningRate, recipe.schedule) = (99, 1.5e-7, .cosine)
        (recipe.warmupSteps, recipe.weightDecay, recipe.beta1) = (2, 1e-6, 0.75)
        (recipe.beta2, recipe.ess, recipe.hessInit) = (0.999995, 12_345_678.9, 3e-4)
        (recipe.clipRadius, recipe.trainDraws, recipe.debias) = (.infinity, 3, false)
        (recipe.rescaleLr, recipe.rank, recipe.alpha) = (true, 5, 0.1)
        (recipe.priorKl, recipe.noiseKl) = (0.75, 0.25)
        (recipe.dropout, recipe.targetModules, recipe.rslora) = (
            0.3, ["true", "mlp.up_proj"], true
        )
        (recipe.draws, recipe.varianceScale, recipe.seed) = (4, 0.1, 87)
        (recipe.evalEvery, recipe.saveEvery, recipe.logEvery) = (8, 9, 11)
        (recipe.evalTokens, recipe.limitTrain, recipe.limitValidation) = (12, 13, 14)
        (recipe.limitTest, recipe.device, recipe.threads) = (15, "cuda:1", 16)
        (recipe.splitSeed, recipe.keepStep) = (17, 18)
        (recipe.labels, recipe.heldOut) = (19, 0.25)
        return recipe
    }

    @Test("Texts with whatever signs come back from YAML, scalar for scalar")
    func hostileTexts() throws {
        let signs = [
            "&", "*", "!", "|", ">", "\"", "'", "%", "@", "`", "#", ":", "-", "?", ",", "=", "{",
            "]",
            " ", "\t", "\n", "\r", "\r\n", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}",
            "\u{2028}", "\u{202E}", "\u{FFFE}", "\u{301}", "é", "中", "👩‍👧", "\\", "~",
        ]
        for sign in signs {
            for text in [
                sign, "\(sign)\u{301}", "a\(sign)b", "a \(sign) b", "\(sign) a", "a\(sign)",
            ] {
                var recipe = Recipe()
                (recipe.model, recipe.task, recipe.targetModules) = (text, text + "x", [text, "y"])
                let read = try Recipe(yaml: recipe.yaml, place: "r")
                for (one, other) in [
                    (read.model, text), (read.task, text + "x"), (read.targetModules[0], text),
                ] {
                    #expect(Array(one.utf8) == Array(other.utf8), "\(text.debugDescription)")
                }
            }
        }
    }

    @Test("Every key comes back from YAML")
    func roundTrip() throws {
        let recipe = Self.unusual()
        #expect(recipe.values.count == Recipe.fields.count)
        #expect(try Recipe(yaml: recipe.yaml, place: "r") == recipe)
        // There is one rendering so far.
        for (key, value) in Recipe().resolved().values where key != "prompt-version" {
            #expect(recipe.values[key] != value, "\(key) has its default, which proves nothing")
        }
        #expect(try Recipe(yaml: Recipe().yaml, place: "r") == Recipe())
    }

    @Test(
        "Any text comes back as a name",
        arguments: [
            "null", "yes", "021", "1e6", "- a", "{a}", "[a]", "'", "\"", "a\nb", " a ", "ü 東京",
            "1_000",
            "#", "&a", "*a", "!a", "%", "@", "`", "a:", "\\n", "C:\\data",
        ]
    )
    func names(_ name: String) throws {
        var recipe = Recipe()
        recipe.model = name
        #expect(try Recipe(yaml: recipe.yaml, place: "r") == recipe)
        var set = Recipe()
        try set.set("model", to: name, place: "--set")
        #expect(set.model == name)
    }

    @Test(
        "Numbers in every spelling",
        arguments: [
            ("ess: 1e6", "ess", "1000000.0"), ("ess: 1e+6", "ess", "1000000.0"),
            ("ess: 1.0E6", "ess", "1000000.0"), ("ess: 1_000", "ess", "1000.0"),
            ("ess: 0010", "ess", "10.0"), ("ess: +5", "ess", "5.0"), ("ess: 5", "ess", "5.0"),
            ("hess-init: .001", "hess-init", "0.001"), ("clip-radius: .inf", "clip-radius", ".inf"),
            ("clip-radius: .INF", "clip-radius", ".inf"), ("seed: 021", "seed", "21"),
            ("seed: 1_000", "seed", "1000"), ("seed: 08", "seed", "8"), ("seed: 0", "seed", "0"),
            ("debias: no", "debias", "false"), ("rslora: yes", "rslora", "true"),
            ("rslora: True", "rslora", "true"), ("debias: off", "debias", "false"),
            ("target-modules: q_proj", "target-modules", "q_proj"),
            ("target-modules: [q_proj, k_proj]", "target-modules", "q_proj,k_proj"),
            ("target-modules: q_proj,k_proj", "target-modules", "q_proj,k_proj"),
            ("model: 021", "model", "021"), ("data: yes", "data", "yes"),
        ]
    )
    func spellings(_ yaml: String, _ key: String, _ value: String) throws {
        #expect(try Recipe(yaml: yaml, place: "r").values[key] == value)
    }

    /// For each key, texts that it refuses.
    private static let refused: [(key: String, values: [String])] = [
        (
            "steps batch-size micro-batch-size train-draws rank draws log-every keep-step "
                + "eval-tokens limit-train limit-validation limit-test labels threads orders",
            ["0", "-1", "1.5", "1e3", "2147483648", "99999999999999999999", "many", "1:30", "0x10"]
        ),
        ("max-length", ["1", "0", "-5", "x"]),
        (
            "warmup-steps seed split-seed eval-every save-every",
            ["-1", "0.5", "2147483648", "1:30", "x", ""]
        ),
        (
            "learning-rate ess hess-init alpha prior-kl noise-kl",
            ["0", "-1", ".nan", ".inf", "-.inf", "inf", "nan", "x", "1:30", "1e999", "''"]
        ),
        ("clip-radius", ["0", "-1", ".nan", "-.inf", "x", "1:30"]),
        ("weight-decay variance-scale", ["-1e-9", ".nan", ".inf", "-.inf", "x", "1:30"]),
        ("beta1 beta2 dropout held-out", ["1", "-0.1", "1.5", ".nan", ".inf", "x", "0:30"]),
        (
            "chat debias rescale-lr rslora gradient-checkpointing list-options train-orders",
            ["1", "0", "maybe", "''"]
        ),
        ("answers", ["numbers", "Letters", "''"]),
        ("prompt-version", ["0", "2", "first", "''"]),
        ("base-precision", ["int4", "float16", "''"]),
        ("compute", ["int8", "float16", "''"]),
        ("method", ["adam", "IVON", "''"]),
        ("schedule", ["step", "Linear"]),
        ("target-modules", ["[]", "[[a]]", "{a: b}", "''"]),
        ("model task data device", ["[a]", "{a: b}", "''"]),
    ]

    @Test("Every key refuses what is out of its range, and names what it expects")
    func outOfRange() {
        var tested: Set<String> = []
        for (keys, values) in Self.refused {
            for key in keys.split(separator: " ").map(String.init) {
                tested.insert(key)
                let expected = Recipe.field(key)?.expected ?? "?"
                for value in values {
                    let text = sentence {
                        _ = try Recipe(yaml: "\(key): \(value)", place: "r.yaml")
                    }
                    let start = "r.yaml: \(key): expected \(expected), found "
                    #expect(text.hasPrefix(start), "\(key): \(value) gives \(text)")
                }
            }
        }
        #expect(tested == Set(Recipe.fields.map(\.key)))
    }

    @Test("A recipe made in code is refused in the words of one that is read")
    func validation() throws {
        var tested: Set<String> = []
        func check<Value>(
            _ key: String,
            _ path: WritableKeyPath<Recipe, Value>,
            _ below: Value,
            _ above: Value,
            texts: [String]
        ) {
            tested.insert(key)
            for (value, text) in zip([below, above], texts) {
                var recipe = Recipe(model: "m", task: "t")
                recipe[keyPath: path] = value
                let said = sentence { try recipe.validate() }
                let read = sentence { _ = try Recipe(yaml: "\(key): \(text)", place: "recipe") }
                #expect(said == read && said.hasPrefix("recipe: \(key): expected "), "\(said)")
            }
        }
        func check(_ keys: [String: WritableKeyPath<Recipe, Int>], _ range: ClosedRange<Int>) {
            for (key, path) in keys {
                let (below, above) = (range.lowerBound - 1, range.upperBound + 1)
                check(key, path, below, above, texts: ["\(below)", "\(above)"])
            }
        }
        func check(_ keys: [String: WritableKeyPath<Recipe, Int?>], _ range: ClosedRange<Int>) {
            for (key, path) in keys {
                let (below, above) = (range.lowerBound - 1, range.upperBound + 1)
                check(key, path, below, above, texts: ["\(below)", "\(above)"])
            }
        }
        let most = Int(Int32.max)
        check(
            [
                "steps": \.steps, "train-draws": \.trainDraws, "draws": \.draws,
                "log-every": \.logEvery, "eval-tokens": \.evalTokens,
            ],
            1...most
        )
        check(
            [
                "micro-batch-size": \.microBatchSize, "keep-step": \.keepStep,
                "limit-train": \.limitTrain, "limit-validation": \.limitValidation,
                "limit-test": \.limitTest, "labels": \.labels,
            ],
            1...most
        )
        check(
            ["seed": \.seed, "eval-every": \.evalEvery, "save-every": \.saveEvery],
            0...most
        )
        check(["split-seed": \.splitSeed, "warmup-steps": \.warmupSteps], 0...most)
        check(["batch-size": \.batchSize, "rank": \.rank], 1...65_536)
        check(["max-length": \.maxLength], 2...most)
        check(["threads": \.threads], 1...1024)
        check(["orders": \.orders], 1...255)
        let infinite = ["0.0", ".inf"]
        for (key, path) in [
            "ess": \Recipe.ess, "hess-init": \.hessInit, "alpha": \.alpha,
        ] {
            check(key, path, 0, .infinity, texts: infinite)
        }
        for (key, path) in [
            "learning-rate": \Recipe.learningRate, "prior-kl": \.priorKl,
            "noise-kl": \.noiseKl,
        ] {
            check(key, path, 0, .infinity, texts: infinite)
        }
        check("clip-radius", \.clipRadius, 0, -1, texts: ["0.0", "-1.0"])
        check("weight-decay", \.weightDecay, -0.5, .infinity, texts: ["-0.5", ".inf"])
        check("variance-scale", \.varianceScale, -0.5, .infinity, texts: ["-0.5", ".inf"])
        for (key, path) in [
            "beta1": \Recipe.beta1, "dropout": \.dropout, "held-out": \.heldOut,
        ] {
            check(key, path, -0.5, 1, texts: ["-0.5", "1.0"])
        }
        check("beta2", \.beta2, -0.5, 1, texts: ["-0.5", "1.0"])
        for (key, path) in ["model": \Recipe.model, "task": \.task, "device": \.device] {
            check(key, path, "", "", texts: ["''", "''"])
        }
        check("data", \.data, "", "", texts: ["''", "''"])
        check("target-modules", \.targetModules, [], [], texts: ["[]", "[]"])
        // Whatever these have is a value.
        let always = [
            "base-precision", "compute", "method", "schedule", "gradient-checkpointing", "debias",
            "rescale-lr", "rslora", "answers", "list-options", "prompt-version",
            "train-orders", "chat",
        ]
        #expect(tested.union(always) == Set(Recipe.fields.map(\.key)))
        try Self.unusual().validate()
        for path in [\Recipe.ess, \.weightDecay, \.clipRadius, \.dropout] {
            var recipe = Self.unusual()
            recipe[keyPath: path] = .nan
            #expect(sentence { try recipe.validate() }.hasSuffix("found \"nan\""))
        }
    }

    /// The doc comments of the properties of `Recipe`, without the paper's symbols.
    private static func documentation() throws -> [String: String] {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Training/Recipe.swift")
        var (comment, comments): ([Substring], [String: String]) = ([], [:])
        for line in try String(contentsOf: source, encoding: .utf8).split(separator: "\n") {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("/// ") { comment.append(text.dropFirst(4)) }
            if let property = text.firstMatch(of: /^public var (\w+)/) {
                comments[String(property.1)] = comment.joined(separator: " ")
                    .replacing(/\s\(\S{1,2}\)/, with: "")
            }
            if !text.hasPrefix("///") { comment = [] }
        }
        return comments
    }

    @Test("Documentation of a property begins as the help of its flag does")
    func documented() throws {
        let comments = try Self.documentation()
        for field in Recipe.fields where !["method", "schedule"].contains(field.key) {
            let name = field.key.replacing(/-(\w)/) { $0.1.uppercased() }
            let comment = try #require(comments[name], "\(name)")
            let meaning = field.help.replacing(/( \(default: .*\))?\.$/, with: "")
            #expect(comment.hasPrefix(meaning), "\(name): \(comment)")
        }
    }

    @Test(
        "Defaults are written as people do",
        arguments: [
            (1e6, "1e6"), (1e-3, "1e-3"), (5e-5, "5e-5"), (0.99999, "0.99999"), (16, "16"),
            (0, "0"), (0.1, "0.1"), (1, "1"), (1000, "1e3"), (320.5, "320.5"),
        ]
    )
    func words(_ number: Double, _ words: String) throws {
        #expect(number.words == words)
        #expect(Double(words) == number)
    }

    @Test(
        "Texts that are no recipe",
        arguments: [
            ("stesp: 5", "r.yaml: stesp: expected one of the keys model, task"),
            (
                "steps: 5\nseed: 1\nsteps: 6",
                "r.yaml: not valid YAML: Parser: expected all keys to be unique"
            ),
            ("model: \"a\\0b\"", "r.yaml: model: expected a text, found"),
            (
                "target-modules: a,\u{FEFF}b",
                "r.yaml: target-modules: expected a list of names, found"
            ),
            ("[1, 2]", "r.yaml: the top level: expected keys and values"),
            ("steps", "r.yaml: the top level: expected keys and values"),
            ("steps: [", "r.yaml: not valid YAML"),
            ("steps: 5\n\tseed: 1", "r.yaml: not valid YAML"),
            ("[a]: 5", "r.yaml: ?: expected one of the keys"),
            ("steps: *a", "r.yaml: not valid YAML"),
            ("steps: 5\n---\nsteps: 6", "r.yaml: not valid YAML"),
            (
                "model: " + String(repeating: "a", count: 65_530),
                "r.yaml: expected at most 65536 bytes, found 65537"
            ),
            (
                // Its key stands for 2^40 texts.
                (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }
                    .reduce("a0: &a0 x\n", +) + "? *a40\n: 1\n? b\n: 1",
                "r.yaml: expected at most 8 aliases (*name), found 81"
            ),
            (
                String(repeating: String(repeating: "? ", count: 30) + "a\n", count: 4),
                "r.yaml: expected at most 8 keys that are lists or mappings, found 120"
            ),
            (
                String(repeating: "{", count: 9) + "a" + String(repeating: "}: b", count: 9),
                "r.yaml: expected at most 8 keys that are lists or mappings, found 9"
            ),
            (
                String(repeating: "[", count: 9) + String(repeating: "]\t:", count: 9),
                "r.yaml: expected at most 8 keys that are lists or mappings, found 9"
            ),
        ]
    )
    func notARecipe(_ yaml: String, _ expected: String) {
        let text = sentence { _ = try Recipe(yaml: yaml, place: "r.yaml") }
        #expect(text.hasPrefix(expected) && !text.contains("\n"), "\(text)")
    }

    @Test("An empty text is the defaults")
    func empty() throws {
        #expect(try Recipe(yaml: "", place: "r") == Recipe())
        #expect(try Recipe(yaml: "# nothing\n", place: "r") == Recipe())
    }

    @Test("Files that are missing or no text")
    func files() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("r.yaml")
            let missing = sentence { _ = try Recipe(contentsOf: file) }
            #expect(missing == "\(file.path): cannot be read: No such file or directory")
            try Data([0xFF, 0xFE, 0x00]).write(to: file)
            let text = sentence { _ = try Recipe(contentsOf: file) }
            #expect(text == "\(file.path): cannot be read: it is not UTF-8 text")
        }
    }

    @Test("Values set one by one win, and say where they came from")
    func set() throws {
        var recipe = Recipe()
        try recipe.set("ess", to: "1e7", place: "--ess")
        try recipe.set("target-modules", to: "k_proj,o_proj", place: "--set")
        #expect(recipe.ess == 1e7 && recipe.targetModules == ["k_proj", "o_proj"])
        for (key, value) in [("ess", "x"), ("ess", ""), ("ess", "a: b: c"), ("es", "1")] {
            let text = sentence { try recipe.set(key, to: value, place: "--set") }
            #expect(text.hasPrefix("--set: \(key): expected "), "\(text)")
        }
    }

    @Test("What depends on the method is written out")
    func resolved() {
        var recipe = Recipe()
        #expect(recipe.method == .automaticIVON)
        (recipe.method, recipe.batchSize, recipe.microBatchSize) = (.ivon, 4, 9)
        #expect(recipe.resolved().learningRate == 0.03 && recipe.resolved().beta2 == 0.99999)
        #expect(recipe.resolved().microBatchSize == 4)
        recipe.method = .adamw
        #expect(recipe.resolved().learningRate == 5e-5 && recipe.resolved().beta2 == 0.999)
        recipe.learningRate = 1
        #expect(recipe.resolved().learningRate == 1)
        #expect(recipe.resolved().warmupSteps == 0)
        (recipe.method, recipe.steps) = (.automaticIVON, 59)
        #expect(recipe.resolved().warmupSteps == 5)
        #expect(recipe.resolved().learningRateSchedule(5) == 1)
        recipe.warmupSteps = 0
        #expect(recipe.resolved().warmupSteps == 0)
        #expect(recipe.resolved().resolved() == recipe.resolved())
    }
}

@Suite("Shipped recipes")
struct ShippedRecipeTests {
    @Test("Every file of the folder ships, loads and has a summary")
    func all() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("recipes")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
        #expect(ShippedRecipes.names.sorted() == files.sorted())
        for name in ShippedRecipes.names {
            let recipe = try ShippedRecipes.load(name)
            #expect(!recipe.model.isEmpty && !recipe.task.isEmpty)
            #expect(!ShippedRecipes.summary(of: name).isEmpty)
        }
        let text = sentence { _ = try ShippedRecipes.load("arc") }
        #expect(text.contains("arc: neither a file nor a shipped recipe (arc-challenge, "))
    }

    /// Effective sample size, Hessian initialisation and first standard deviation of
    /// arXiv 2411.04421, Table 2 and its published code.
    @Test(
        "The six data sets have the paper's numbers",
        arguments: [
            ("winogrande-s", 1e7, 3e-4, 0.0183), ("boolq", 1e7, 3e-4, 0.0183),
            ("winogrande-m", 1e8, 3e-4, 0.0058), ("arc-easy", 1e6, 1e-3, 0.0316),
            ("arc-challenge", 1e6, 1e-3, 0.0316), ("openbookqa", 1e6, 1e-3, 0.0316),
        ]
    )
    func paper(_ name: String, _ ess: Double, _ hessInit: Double, _ deviation: Double) throws {
        let recipe = try ShippedRecipes.load(name).resolved()
        #expect(recipe.task == name && recipe.method == .ivon)
        #expect(recipe.ess == ess && recipe.hessInit == hessInit)
        #expect(abs(1 / (recipe.ess * recipe.hessInit).squareRoot() - deviation) < 1e-4)
        #expect(recipe.steps == 10_000 && recipe.batchSize == 4 && recipe.maxLength == 320)
        #expect(recipe.learningRate == 0.03 && recipe.schedule == .linear)
        #expect(recipe.warmupSteps == 0 && recipe.weightDecay == 0)
        #expect(recipe.beta1 == 0.9 && recipe.beta2 == 0.99999 && recipe.clipRadius == 1e-3)
        #expect(recipe.trainDraws == 1 && !recipe.rescaleLr)
        #expect(recipe.rank == 8 && recipe.alpha == 16 && recipe.dropout == 0.1)
        #expect(recipe.targetModules == ["q_proj", "v_proj"] && !recipe.rslora)
        #expect(recipe.draws == 10 && recipe.varianceScale == 1 && recipe.evalEvery == 1000)
        var adamW = try ShippedRecipes.load(name)
        adamW.method = .adamw
        #expect(adamW.resolved().learningRate == 5e-5)
    }
}
