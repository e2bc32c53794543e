import RunFiles
import TestSupport
import Testing
import Training

@testable import Comparison

@Suite("Comparisons of several values of a setting")
struct SweepTests {
    private static let yaml = """
        {model: m, tasks: [a/films, trips], rank: 2, steps: 5, ivon: {steps: 7},
        sweep: {labels: [16, 64], rank: [4, 8]}}
        """

    @Test("Every choice of values is a task of its own, under what one trajectory sets")
    func tasks() throws {
        let recipe = try ComparisonRecipe(yaml: Self.yaml, place: "file")
        let plan = try recipe.plan(place: "file")
        let endings = ["16-rank-4", "16-rank-8", "64-rank-4", "64-rank-8"]
        #expect(
            plan.tasks.map(\.name)
                == ["films", "trips"].flatMap { task in endings.map { "\(task)-labels-\($0)" } }
        )
        let task = plan.tasks[6]
        #expect(task.place == SweepPlace(task: "trips", values: ["labels": 64, "rank": 4]))
        let recipes = plan.recipes(task, seed: 1)
        #expect(recipes.adamw.labels == 64 && recipes.adamw.rank == 4 && recipes.adamw.steps == 5)
        #expect(recipes.ivon.labels == 64 && recipes.ivon.rank == 4 && recipes.ivon.steps == 7)
        for yaml in [recipe.yaml, plan.yaml] {
            #expect(try ComparisonRecipe(yaml: yaml, place: "written") == recipe)
        }
        var flags = try ComparisonRecipe(
            yaml: "{model: m, tasks: [a/films, trips], rank: 2, steps: 5, ivon: {steps: 7}}",
            place: "file"
        )
        #expect(try flags.plan(place: "file").tasks.map(\.place) == [nil, nil])
        try flags.setSweep("labels=16,64", place: "--sweep")
        try flags.setSweep("rank=3", place: "--sweep")
        try flags.setSweep("rank=4,8", place: "--sweep")
        #expect(flags == recipe)
    }

    @Test(
        "Values that cannot be swept are refused in one sentence",
        arguments: [
            ("labels", "--sweep: expected key=value,value, found \"labels\""),
            ("labels=", "--sweep: expected key=value,value, found \"labels=\""),
            ("labels=8,8.0", "--sweep: labels: expected"),
            ("labels=8,8", "--sweep: labels: expected different numbers, found 8, 8"),
            ("labels=0,8", "--sweep: labels: expected"),
            ("weight=1,2", "--sweep: weight: expected one of the keys"),
            ("task=a,b", "--sweep: task: expected numbers, found \"a\""),
            ("seed=1,2", "--sweep: seed: a comparison sets it by itself; see seeds"),
        ]
    )
    func faults(_ text: String, _ start: String) {
        var recipe = ComparisonRecipe()
        let found = sentence { try recipe.setSweep(text, place: "--sweep") }
        #expect(found.hasPrefix(start), "\(found)")
        let yaml = sentence {
            _ = try ComparisonRecipe(yaml: "sweep: {labels: []}", place: "file")
        }
        #expect(yaml == "file: sweep: labels: expected different numbers, found none")
    }

    @Test("Results tell the values, and smaller numbers of labels are parts of larger ones")
    func results() throws {
        try withTinyComparison { tiny in
            let rows = try tiny.compare {
                $0.seeds = [3]
                $0.methods = ["map"]
                $0.shifts = []
                try $0.setSweep("labels=4,8", place: "test")
                try $0.setSweep("steps=2,4", place: "test")
            }
            #expect(
                rows?.map(\.sweep)
                    == [(4, 2), (4, 4), (8, 2), (8, 4)].map {
                        SweepPlace(task: "task", values: ["labels": $0, "steps": $1])
                    }
            )
            let model = try tiny.loadedModel()
            let ids = try (rows ?? []).map { row in
                let place = tiny.place("whole/\(row.task)/seed-3/map")
                let run = RunFolder(place)
                let values = row.sweep?.values ?? [:]
                #expect(try run.readMetrics()?.steps == values["steps"].map { Int($0) })
                let data = try TrainingData(run.readRecipe(), tokenizer: model.tokenizer)
                return Set(data.train.examples.map(\.id))
            }
            #expect(ids.map(\.count) == [4, 4, 8, 8])
            #expect(ids[0] == ids[1] && ids[2] == ids[3] && ids[0].isSubset(of: ids[2]))
        }
    }
}
