import Foundation
import VariationalLoRA

let demo = ".deps/demo"
var recipe = Recipe(model: "\(demo)/SmolLM2-135M-Instruct.Q4_1.gguf", task: "\(demo)/sentiment")
(recipe.steps, recipe.batchSize) = (50, 8)
(recipe.limitValidation, recipe.limitTest) = (50, 50)

let model = try LoadedModel(ModelLocation(recipe.model))
let run = RunFolder(URL(fileURLWithPath: "runs/example"))
_ = try Trainer(recipe, model: model, run: run, force: true).run()

let review = Example(
    prompt: "Review: Slow, but worth it.\nSentiment:",
    choices: ["negative", "positive"]
)
let answers = try TrainedRun(run, model: model).predict([review], draws: 10)
print(answers[0].prediction.probabilities)
