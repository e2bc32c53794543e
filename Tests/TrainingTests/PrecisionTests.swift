import LanguageModels
import TestSupport
import Testing

@testable import Training

@Suite("Precision of a run")
struct PrecisionTests {
    @Test("A run keeps its precision and resumes in it alone", arguments: WeightFormat.allCases)
    func resume(_ precision: WeightFormat) throws {
        try withTinyRun(.ivon) {
            $0.basePrecision = precision
        } _: { tiny in
            try tiny.train("whole")
            var steps = 0
            try tiny.train(
                "stopped",
                shouldStop: {
                    steps += 1
                    return steps == 4
                }
            )
            #expect(try tiny.run("stopped").readRecipe().basePrecision == precision)
            var other = tiny
            other.recipe.basePrecision = precision == .int8 ? .float32 : .int8
            let text = sentence { try other.train("stopped", resume: true) }
            let (saved, asked) = (precision.rawValue, other.recipe.basePrecision.rawValue)
            #expect(text.contains("with base-precision \(saved), but \(asked) was asked for"))
            try tiny.train("stopped", resume: true)
            #expect(try tiny.run("stopped").differences(from: tiny.run("whole")) == [])
        }
    }

    @Test("A run in bfloat16 repeats byte for byte, and resumes exactly and in it alone")
    func compute() throws {
        try withTinyRun(.ivon) {
            $0.compute = .bfloat16
        } _: { tiny in
            try tiny.train("whole")
            try tiny.train("again")
            #expect(try tiny.run("again").differences(from: tiny.run("whole")) == [])
            var steps = 0
            try tiny.train(
                "stopped",
                shouldStop: {
                    steps += 1
                    return steps == 4
                }
            )
            var other = tiny
            other.recipe.compute = .float32
            let text = sentence { try other.train("stopped", resume: true) }
            #expect(text.contains("with compute bfloat16, but float32 was asked for"))
            try tiny.train("stopped", resume: true)
            #expect(try tiny.run("stopped").differences(from: tiny.run("whole")) == [])
        }
    }

    @Test("The fingerprint is that of the stored weights, whatever the precision")
    func fingerprint() throws {
        try withTinyRun { tiny in
            let location = try ModelLocation(tiny.recipe.model)
            let names = try WeightFormat.allCases.map {
                try LoadedModel(location, precision: Precision($0)).fingerprint
            }
            #expect(Set(names).count == 1)
        }
    }

    @Test("A model of another precision than the recipe's is refused")
    func otherModel() throws {
        try withTinyRun { tiny in
            let location = try ModelLocation(tiny.recipe.model)
            for (precision, sentenceEnd) in [
                (Precision(.int8), "base-precision: expected float32, found int8"),
                (Precision(compute: .bfloat16), "compute: expected float32, found bfloat16"),
            ] {
                let model = try LoadedModel(location, precision: precision)
                let text = sentence {
                    _ = try Trainer(tiny.recipe, model: model, run: tiny.run("run"))
                }
                #expect(text.hasSuffix(sentenceEnd))
                #expect(try !tiny.run("run").holdsRun)
            }
        }
    }
}
