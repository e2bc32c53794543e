import Evaluation
import TestSupport
import Testing

@testable import Training

@Suite("One run leaves nothing in the model for the next")
struct AdapterSlotTests {
    @Test("Adapters of fewer layers train as they do on a model of their own")
    func fewerTargets() throws {
        try withTinyRun { tiny in
            var narrow = tiny
            narrow.recipe.targetModules = ["q_proj"]
            try narrow.train("alone")
            let model = try tiny.model()
            _ = try Trainer(tiny.recipe, model: model, run: tiny.run("wide")).run()
            _ = try Trainer(narrow.recipe, model: model, run: tiny.run("second")).run()
            #expect(try tiny.run("second").differences(from: tiny.run("alone")) == [])
            #expect(try tiny.run("second").differences(from: tiny.run("wide")) != [])
        }
    }

    @Test("A loaded run answers as long as what it made lives, and leaves the base")
    func lifetime() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            let model = try tiny.model()
            let examples = try TrainingData(tiny.recipe, tokenizer: model.tokenizer).train.examples
            func predictive() throws -> any Predictive {
                try TrainedRun(tiny.run("run"), model: model).predictive()
            }
            let run = try TrainedRun(tiny.run("run"), model: model)
            let expected = try run.predictive().predictions(examples).map(\.prediction)
            let answers = try predictive().predictions(examples).map(\.prediction)
            #expect(answers == expected)
            let base = DrawnAnswers(AnswerScorer(model.model, adapters: nil, device: .cpu))
            #expect(try base.predictions(examples).map(\.prediction) != expected)
        }
    }
}
