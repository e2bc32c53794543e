import Foundation
import TensorFiles
import Testing
import Training

@testable import Comparison

@Suite("What a comparison cannot use is said in one sentence")
struct BadInputTests {
    /// A change of a comparison and what is said about it.
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: [String]
        let change: @Sendable (inout ComparisonRecipe) throws -> Void

        init(
            _ name: String,
            says: [String],
            _ change: @escaping @Sendable (inout ComparisonRecipe) throws -> Void
        ) {
            testDescription = name
            self.says = says
            self.change = change
        }
    }

    private static func set(
        _ key: String,
        _ value: String
    ) -> @Sendable (inout ComparisonRecipe) throws -> Void {
        { try $0.set(key, to: value, place: "place") }
    }

    private static let faults = [
        Fault(
            "an unknown method",
            says: ["place: methods: expected some of base, map", "found swagg"],
            set("methods", "map,swagg")
        ),
        Fault(
            "an unknown key",
            says: ["place: ensemble", "one of the keys", "no such key"],
            set("ensemble", "4")
        ),
        Fault(
            "seeds that are none",
            says: ["place: seeds: expected numbers from 0 to", "found \"3,x\""],
            set("seeds", "3,x")
        ),
        Fault(
            "seeds whose ensemble would have none",
            says: ["place: seeds: expected numbers from 0 to 2146483647"],
            set("seeds", "2147483647")
        ),
        Fault("seeds twice", says: ["seeds: expected each once, found 5"], set("seeds", "5,3,5")),
        Fault("no seeds", says: ["place: seeds: expected"], set("seeds", "")),
        Fault("one member", says: ["ensemble-members", "2 to 1000"], set("ensemble-members", "1")),
        Fault("no share", says: ["swag-start", "0.99", "\"1\""], set("swag-start", "1")),
        Fault(
            "no mean among the scales",
            says: ["with 0, the mean, among them", "found \"1,2\""],
            set("variance-scales", "1,2")
        ),
        Fault("scales below 0", says: ["variance-scales", "-1"], set("variance-scales", "0,-1")),
        Fault(
            "no prior",
            says: ["laplace-prior: expected marginal-likelihood or validation", "\"map\""],
            set("laplace-prior", "map")
        ),
        Fault("no tasks", says: ["tasks: expected at least one, found none"]) { $0.tasks = [] },
        Fault("no model", says: ["model: expected one for task, found none"]) {
            $0.shared.removeAll { $0.key == "model" }
        },
        Fault("two tasks of a name", says: ["different names, found task more than once"]) {
            $0.tasks.append("elsewhere/task.jsonl")
        },
        Fault("a shift that is trained on", says: ["different names, found task"]) {
            $0.shifts = $0.tasks
        },
        Fault("a shift called as a part", says: ["ood: expected a name", "found test"]) {
            $0.shifts = ["elsewhere/test.jsonl"]
        },
        Fault("a missing shift", says: ["no/such", "arc-easy"]) { $0.shifts = ["no/such"] },
        Fault("a shift without test part", says: ["model-1", "test"]) { recipe in
            recipe.shifts = recipe.shared.filter { $0.key == "model" }.map(\.value)
        },
        Fault("a missing second task", says: ["no/such", "arc-easy"]) {
            $0.tasks.append("no/such")
        },
        Fault(
            "a missing model",
            says: ["no-model", "no such file"],
            set("model", "no-model/")
        ),
        Fault("no dropout", says: ["task: dropout: expected more than 0 for mc-dropout"]) {
            try $0.set("dropout", to: "0", place: "place")
        },
        Fault("too few snapshots", says: ["swag: expected at least 7 snapshots", "found 6"]) {
            try $0.set("swag-rank", to: "7", place: "place")
            $0.methods = ["swa"]
        },
        Fault("one snapshot", says: ["swag: expected at least 2 snapshots", "found 1"]) {
            try $0.set("steps", to: "2", place: "place")
            $0.methods = ["swag-tuned"]
        },
        Fault(
            "another model for IVON",
            says: ["place: model: expected a key", "found one of both"]
        ) {
            try $0.set("model=x", of: "ivon", place: "place")
        },
        Fault("a setting without value", says: ["place: expected key=value, found \"rank\""]) {
            try $0.set("rank", of: "adamw", place: "place")
        },
    ]

    @Test("Before anything is trained or written", arguments: faults)
    func fault(_ fault: Fault) throws {
        try withTinyComparison { tiny in
            var events = 0
            let text = sentence {
                try tiny.compare("new", fault.change) { _ in events += 1 }
            }
            for part in fault.says { #expect(text.contains(part), "\(text)") }
            #expect(!text.contains("\n") && text.utf8.count < 700, "\(text)")
            #expect(events == 0)
            #expect(!FileManager.default.fileExists(atPath: tiny.place("new").path))
        }
    }

    @Test("Dropout 0 and few steps do for methods that do not need them")
    func notNeeded() throws {
        try withTinyComparison { tiny in
            let results = try tiny.compare {
                ($0.methods, $0.seeds, $0.shifts) = (["map"], [3], [])
                try $0.set("dropout", to: "0", place: "test")
                try $0.set("steps", to: "1", place: "test")
            }
            #expect(results?.count == 1)
        }
    }

    @Test("A prompt of a shifted task that is too long for the model is named")
    func longPrompt() throws {
        try withTinyComparison { tiny in
            let prompt = String(repeating: "day ", count: 100)
            let row =
                #"{"id": "long", "prompt": "\#(prompt)", "choices": ["true", "false"], "label": 0}"#
            try Data((row + "\n").utf8).write(to: tiny.place("shifted/test.jsonl"))
            let text = sentence { try tiny.compare() }
            #expect(text.contains("the prompt of long with its longest answer has"), "\(text)")
            #expect(!FileManager.default.fileExists(atPath: tiny.place("whole").path))
        }
    }

    @Test("A posterior of another version, model or rank is refused")
    func otherPosterior() throws {
        try withTinyComparison { tiny in
            for (name, rank) in [("whole", "2"), ("other", "3")] {
                try tiny.compare(name) {
                    ($0.methods, $0.seeds, $0.shifts) = (["swag", "laplace-kfac", "ivon"], [3], [])
                    try $0.set("rank", to: rank, place: "test")
                }
            }
            func message(_ method: String) -> String {
                sentence { _ = try TrainedRun(tiny.run(method), model: try tiny.loadedModel()) }
            }
            for method in ["swag", "laplace-kfac", "ivon"] {
                let file = tiny.run(method).posterior
                let whole = try Data(contentsOf: file)
                #expect(message(method) == "")
                for (key, value) in [
                    ("version", "1"), ("version", "3"), ("model", "0123456789abcdef"),
                    ("mean", "0123456789abcdef"), ("method", "laplace"), ("temperature", "0"),
                    ("predictive", "both"), ("posterior_variance_scale", "nan"),
                ] {
                    try rewrite(file) { $0[key] = value }
                    let text = message(method)
                    #expect(text.hasPrefix(file.path + ": "), "\(text)")
                    #expect(text.contains("expected") && text.contains(value), "\(text)")
                    try whole.write(to: file)
                }
                try rewrite(file) { $0["method"] = nil }
                #expect(message(method).contains("method"), "\(message(method))")
                try Data(contentsOf: tiny.run(method, in: "other").posterior).write(to: file)
                let text = message(method)
                #expect(text.hasPrefix(file.path) && text.contains("shape"), "\(text)")
                try whole.write(to: file)
            }
        }
    }

    /// Writes a safetensors file again with other metadata.
    private func rewrite(_ file: URL, _ change: (inout [String: String]) -> Void) throws {
        let archive = try Safetensors(contentsOf: file)
        var metadata = archive.metadata
        change(&metadata)
        let tensors = try archive.names.compactMap { name in
            try archive.entries[name].map { entry in
                let bytes = try archive.bytes(of: name)
                return TensorToWrite(
                    name: name,
                    elementType: entry.elementType,
                    shape: entry.shape,
                    bytes: bytes.withBytes { Data($0) }
                )
            }
        }
        try Safetensors.write(tensors, metadata: metadata, to: file)
    }

    @Test("A row whose predictions are gone is named when results are gathered")
    func missingPredictions() throws {
        try withTinyComparison { tiny in
            func change(_ recipe: inout ComparisonRecipe) {
                (recipe.methods, recipe.seeds) = (["map", "temperature"], [3])
            }
            try tiny.compare("whole", change)
            let file = tiny.run("map").predictions("test")
            try FileManager.default.removeItem(at: file)
            let text = sentence { try tiny.compare("whole", change) }
            #expect(text.contains("map/predictions/test.jsonl"), "\(text)")
        }
    }
}
