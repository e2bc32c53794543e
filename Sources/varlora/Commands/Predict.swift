import ArgumentParser
import Evaluation
import Foundation
import JSON
import Metrics
import Posteriors
import TextTasks
import Torch
import Training

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer questions with probabilities and say how sure the model is.",
        discussion: """
            Reads rows in the format of the run's task, labels not needed, or any of your own
            (docs/data.md): texts choose between the labels of the run. Writes for each the answer,
            its probabilities averaged over the draws, their entropy, and the mutual information of
            answer and parameters (what more training data could resolve), both in nats; and whether
            to abstain, once decide-policy has decided that.

            EXAMPLES
              varlora predict runs/ivon --input questions.jsonl --output answers.jsonl --draws 20
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String
    @Option("Questions, one a line.")
    var input: String
    @Option("The file to write, one line for each question.")
    var output: String
    @Option("Draws of the posterior (default: the run's).")
    var draws: String?
    @Option("Factor of the posterior's variance; 0 is the mean (default: the run's).")
    var varianceScale: String?
    @OptionGroup var subject: SubjectOptions
    @OptionGroup var ranks: RankOptions

    func validate() throws {
        try subject.validate(run: runFolder)
        _ = try value("draws", draws, \.draws)
        _ = try value("variance-scale", varianceScale, \.varianceScale)
    }

    func run() throws { try ranks.join(predict) }

    private func predict(with group: ProcessGroup?) throws {
        let output = try OutputFile(output, reading: [input])
        let policy = try RunFolder(URL(fileURLWithPath: runFolder)).readPolicy()
        if policy != nil { warnOfOtherAnswers() }
        let subject = try subject.load(run: runFolder)
        let loaded = try subject.load(input)
        let predictive = try subject.predictive(
            draws: try value("draws", draws, \.draws),
            varianceScale: try value("variance-scale", varianceScale, \.varianceScale),
            group: group
        )
        let predictions = try predictive.predictions(
            try subject.encode(loaded).examples,
            maximumTokens: subject.recipe.evalTokens
        )
        guard group?.launch.isFirst ?? true else { return }
        let rows = zip(loaded.examples, predictions).map { Row($0, $1, policy) }
        try JSONLines.write(rows, to: output.url)
    }

    /// A policy is about the answers that it was decided on.
    private func warnOfOtherAnswers() {
        let flags = [
            ("--draws", draws != nil), ("--variance-scale", varianceScale != nil),
            ("--predictive", subject.predictive != nil),
            ("--max-length", subject.maxLength != nil),
            ("--base-precision", subject.basePrecision != nil),
            ("--compute", subject.compute != nil), ("--task", subject.task != nil),
            ("--orders", subject.orders != nil), ("--seed", subject.seed != nil),
            ("--chat", subject.chat != nil),
        ]
        let given = flags.filter(\.1).map(\.0)
        if !given.isEmpty {
            Console.warn(
                "the policy of the run was decided without \(given.joined(separator: ", ")): what "
                    + "it promises may not hold"
            )
        }
    }

    /// A line of the output.
    private struct Row: Encodable {
        let id: String
        let label: Int?
        let answer: String
        let probabilities: [Double]
        let meanProbabilities: [Double]?
        let entropy: Double
        let mutualInformation: Double
        let abstain: Bool?

        init(_ example: Example, _ averaged: AveragedPrediction, _ policy: DecisionPolicy?) {
            let prediction = averaged.prediction
            id = prediction.id
            label = prediction.label
            answer = example.names[prediction.answer]
            probabilities = prediction.probabilities
            meanProbabilities = prediction.meanProbabilities
            entropy = PredictiveUncertainty.entropy(of: prediction.probabilities)
            // Without draws the parameters are known.
            mutualInformation = prediction.mutualInformation ?? 0
            abstain = policy.map { !$0.rule.answers(prediction) }
        }

        private enum CodingKeys: String, CodingKey {
            case id, label, answer, probabilities, entropy, abstain
            case meanProbabilities = "mean_probabilities"
            case mutualInformation = "mutual_information"
        }
    }
}
