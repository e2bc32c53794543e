import Foundation
import TestSupport
import Testing
import Training

@testable import Comparison

@Suite("Comparisons as files")
struct RecipeTests {
    private static let unusual = """
        # A comment.
        model: "model: of #1, [odd] name"
        tasks: ["a b/c, d", 2024, "1:30"]
        methods: [swag, map]
        seeds: [1_000, 0, 2146483647]
        ood: "other\\ttask"
        limit-ood: 1_000
        ensemble-members: 2
        swag-start: 0
        swag-rate: 1e-3
        swag-rank: 10_000
        laplace-prior: validation
        laplace-predictive: draws
        variance-scales: [1e-9, 0, 1000000]
        target-modules: [q_proj, o_proj]
        data: "null"
        clip-radius: .inf
        rslora: true
        adamw: {learning-rate: 1e-7, weight-decay: 0.5}
        ivon: {ess: 1e+12, debias: false}
        """

    @Test("Unusual values are read, and come back from what is written")
    func roundTrip() throws {
        let recipe = try ComparisonRecipe(yaml: Self.unusual, place: "file")
        #expect(recipe.tasks == ["a b/c, d", "2024", "1:30"])
        #expect(recipe.seeds == [1000, 0, 2_146_483_647])
        #expect(recipe.shifts == ["other\ttask"])
        #expect(recipe.settings.varianceScales == [1e-9, 0, 1e6])
        #expect(recipe.settings.swagStart == 0 && recipe.settings.swagRank == 10_000)
        let plan = try recipe.plan(place: "file")
        #expect(plan.methods.map(\.name) == ["map", "swag"])
        let adamw = plan.recipes(plan.tasks[0], seed: 7).adamw
        #expect(adamw.model == "model: of #1, [odd] name" && adamw.data == "null")
        #expect(adamw.learningRate == 1e-7 && adamw.weightDecay == 0.5 && adamw.debias)
        #expect(adamw.targetModules == ["q_proj", "o_proj"] && adamw.seed == 7)
        let ivon = plan.recipes(plan.tasks[0], seed: 7).ivon
        #expect(ivon.ess == 1e12 && !ivon.debias && ivon.clipRadius == .infinity)
        #expect(ivon.learningRate == 0.03)
        for yaml in [recipe.yaml, plan.yaml] {
            let again = try ComparisonRecipe(yaml: yaml, place: "written")
            #expect(again == recipe)
        }
    }

    @Test("An empty file has the defaults, which are written out")
    func defaults() throws {
        let recipe = try ComparisonRecipe(yaml: "", place: "file")
        #expect(recipe == ComparisonRecipe())
        #expect(try ComparisonRecipe(yaml: recipe.yaml, place: "file") == recipe)
        for line in [
            "ensemble-members: 5", "swag-start: 0.8", "swag-rate: 0.2",
            "laplace-prior: marginal-likelihood", "laplace-predictive: linearised",
        ] {
            #expect(recipe.yaml.contains(line + "\n"))
        }
    }

    @Test("A setting said again goes over the first, in what is written, too")
    func saidAgain() throws {
        var recipe = try ComparisonRecipe(
            yaml: "{model: m, tasks: t, steps: 5, adamw: {learning-rate: 1e-3}}",
            place: "file"
        )
        try recipe.set("learning-rate=0.5", of: "adamw", place: "--adamw")
        try recipe.set("steps", to: "9", place: "--steps")
        for recipe in [recipe, try ComparisonRecipe(yaml: recipe.yaml, place: "written")] {
            let plan = try recipe.plan(place: "file")
            let recipes = plan.recipes(plan.tasks[0], seed: 1)
            #expect(recipes.adamw.learningRate == 0.5 && recipes.adamw.steps == 9)
            #expect(recipes.ivon.learningRate == 0.03 && recipes.ivon.steps == 9)
        }
    }

    @Test("A plain recipe's learning rate is of its own method", arguments: ["adamw", "ivon"])
    func plainRecipe(_ method: String) throws {
        let yaml = "{model: m, task: t, method: \(method), learning-rate: 0.5, beta2: 0.7, seed: 9}"
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("r.yaml")
            try Data(yaml.utf8).write(to: file)
            for comparison in [
                try ComparisonRecipe(yaml: yaml, place: "file"),
                try ComparisonRecipe(yaml: "{recipes: [\(file.path)], seeds: 9}", place: "file"),
            ] {
                let plan = try comparison.plan(place: "file")
                #expect(plan.seeds == [9] && plan.tasks.map(\.name) == ["t"])
                let recipes = plan.recipes(plan.tasks[0], seed: 9)
                let rates = [recipes.adamw.learningRate, recipes.ivon.learningRate]
                let decays = [recipes.adamw.beta2, recipes.ivon.beta2]
                #expect(rates == (method == "adamw" ? [0.5, 0.03] : [5e-5, 0.5]))
                #expect(decays == (method == "adamw" ? [0.7, 0.99999] : [0.999, 0.7]))
            }
        }
    }

    @Test("The paper's comparison has the settings of its Table 2")
    func paper() throws {
        let plan = try ComparisonRecipe(named: "paper-table-1").plan(place: "paper-table-1")
        #expect(plan.seeds.count == 3)
        let expected: [String: (ess: Double, hessInit: Double)] = [
            "winogrande-s": (1e7, 3e-4), "arc-challenge": (1e6, 1e-3), "arc-easy": (1e6, 1e-3),
            "winogrande-m": (1e8, 3e-4), "openbookqa": (1e6, 1e-3), "boolq": (1e7, 3e-4),
        ]
        #expect(Set(plan.tasks.map(\.name)) == Set(expected.keys))
        for task in plan.tasks {
            for seed in plan.seeds {
                let recipes = plan.recipes(task, seed: seed)
                #expect(recipes.ivon.ess == expected[task.name]?.ess)
                #expect(recipes.ivon.hessInit == expected[task.name]?.hessInit)
                #expect(recipes.adamw.learningRate == 5e-5 && recipes.ivon.learningRate == 0.03)
                for recipe in [recipes.adamw, recipes.ivon] {
                    #expect(recipe.steps == 10_000 && recipe.batchSize == 4)
                    #expect(recipe.rank == 8 && recipe.alpha == 16 && recipe.dropout == 0.1)
                    #expect(recipe.seed == seed && recipe.draws == 10)
                    #expect(recipe.targetModules == ["q_proj", "v_proj"])
                    #expect(recipe.basePrecision == .int8)
                }
                #expect(recipes.adamw.keepStep == 8000)
            }
        }
        try plan.checkMethods()
    }

    @Test("Every shipped comparison and recipe makes a plan")
    func shipped() throws {
        for name in ShippedRecipes.comparisonNames + ShippedRecipes.names {
            let plan = try ComparisonRecipe(named: name).plan(place: name)
            #expect(!plan.tasks.isEmpty && !plan.methods.isEmpty)
            #expect(try ComparisonRecipe(yaml: plan.yaml, place: name).yaml == plan.yaml)
            try plan.checkMethods()
        }
        let plan = try ComparisonRecipe(named: "sentiment-methods").plan(place: "sentiment")
        #expect(plan.methods.map(\.name) == Method.all.map(\.name) && plan.seeds.count == 5)
        #expect(plan.tasks.map(\.name) == ["sentiment"])
    }

    @Test(
        "A file that cannot be used is named",
        arguments: [
            ("- a\n", "file: the top level: expected keys and values"),
            ("a: [1\n", "file: not valid YAML"),
            ("tasks: {a: 1}\n", "file: tasks: expected a list of names"),
            ("adamw: 3\n", "file: adamw: expected keys of a recipe"),
            ("adamw: {lr: 3}\n", "file: adamw: lr: expected one of the keys"),
            ("ivon: {seed: 3}\n", "file: ivon: seed: expected a key in which"),
            ("adamw: {rank: 4}\n", "file: adamw: rank: expected a key in which"),
            ("ivon: {alpha: 4}\n", "file: ivon: alpha: expected a key in which"),
            ("ivon: {rslora: true}\n", "file: ivon: rslora: expected a key in which"),
            (
                "adamw: {target-modules: q_proj}\n",
                "file: adamw: target-modules: expected a key in which"
            ),
            ("rank: -1\n", "file: rank: expected"),
            ("ensembles: 3\n", "file: ensembles: expected one of the keys"),
            ("methods: [none]\n", "file: methods: expected some of"),
            ("recipes: [none]\n", "none: neither a file nor a shipped recipe"),
        ]
    )
    func broken(_ yaml: String, _ start: String) {
        let text = sentence { _ = try ComparisonRecipe(yaml: yaml, place: "file") }
        #expect(text.hasPrefix(start), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test("A plan of settings made in code is refused in the words of a file")
    func validation() {
        func said(_ change: (inout ComparisonRecipe) -> Void) -> String {
            var recipe = ComparisonRecipe()
            change(&recipe)
            return sentence { _ = try recipe.plan(place: "file") }
        }
        #expect(said { $0.seeds = [3, -1] }.hasPrefix("file: seeds: expected numbers from 0 to"))
        for (text, yaml) in [
            (said { $0.settings.members = 1 }, "ensemble-members: 1"),
            (said { $0.settings.swagStart = 1 }, "swag-start: 1.0"),
            (said { $0.settings.swagRank = 1 }, "swag-rank: 1"),
            (said { $0.settings.varianceScales = [1] }, "variance-scales: [1.0]"),
        ] {
            let read = sentence { _ = try ComparisonRecipe(yaml: yaml, place: "file") }
            #expect(text == read && text.contains(": expected "), "\(text)")
        }
    }

    @Test("Names of folders come from the last part of a task's place")
    func names() {
        for (task, name) in [
            ("arc-easy", "arc-easy"), ("a/b/films", "films"), ("a/films/", "films"),
            ("films.jsonl", "films"), ("a/../films", "films"), ("a/films/x/..", "films"),
        ] {
            #expect(ComparisonPlan.name(of: task) == name)
        }
        #expect(ComparisonPlan.name(of: "..").contains("..") == false)
    }
}
