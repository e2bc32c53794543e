import ArgumentParser
import Files
import Foundation
import Metrics
import Reporting
import Training

struct DecidePolicy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decide when a run answers and when it abstains.",
        discussion: """
            Reads the run's predictions, no model; chooses the score and the threshold on
            the validation part, tries them on the test part, and writes policy.json into
            the run. From then on predict says of each row whether to abstain. An error
            that is promised is certified with the confidence, also over the search for
            the threshold; where no threshold can be, the policy is to abstain always.

            EXAMPLES
              varlora decide-policy runs/ivon --error 0.05
              varlora decide-policy runs/ivon --accuracy 0.9 --confidence 0.99
              varlora decide-policy runs/ivon --costs right=1,wrong=-5,abstain=0
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String
    @Option("At most this share of the answers given is wrong.")
    var error: String?
    @Option("At least this share of the answers given is right: the same as --error 1 - A.")
    var accuracy: String?
    @Option("The confidence that the promise is kept with (default: 0.95).")
    var confidence: String?
    @Option("What answers bring, as right=R,wrong=W,abstain=A; the mean is made the highest.")
    var costs: String?
    @Flag(help: "Print the policy as JSON.")
    var json = false

    func validate() throws { _ = try promise }

    func run() throws {
        let folder = RunFolder(URL(fileURLWithPath: runFolder))
        _ = try folder.readRecipe()
        let own = OwnFolder(folder.url)
        func predictions(_ part: String) throws -> [Prediction]? {
            try own.file(folder.predictions(part)).map([Prediction].init(contentsOf:))
        }
        guard let validation = try predictions("validation") else {
            throw FileError(
                folder.predictions("validation"),
                "cannot be read",
                reason: "it is not there; the run is not finished"
            )
        }
        let policy = try DecisionPolicy(
            promise,
            validation: validation,
            test: try predictions("test") ?? []
        )
        try folder.write(policy)
        if json { return try Console.printJSON(policy) }
        for line in policy.lines { Console.print(line.name.padded(to: 12) + line.text) }
        Console.note("policy: \(folder.policy.relativePath)")
    }

    /// What the flags ask for.
    private var promise: DecisionPromise {
        get throws {
            let given = [("--error", error), ("--accuracy", accuracy), ("--costs", costs)]
                .filter { $0.1 != nil }.map(\.0)
            guard given.count < 2 else {
                throw ValidationError("\(given[0]) and \(given[1]) exclude each other")
            }
            if let costs {
                if confidence != nil {
                    throw ValidationError("--costs and --confidence exclude each other")
                }
                return .payoff(try Self.payoffs(costs))
            }
            let level = try confidence.map { try Self.share($0, "--confidence") } ?? 0.95
            if let error {
                return .error(atMost: try Self.share(error, "--error"), confidence: level)
            }
            guard let accuracy else {
                throw ValidationError("--error, --accuracy or --costs is missing")
            }
            // 1 - 0.95 is 0.050000000000000044.
            let limit = ((1 - (try Self.share(accuracy, "--accuracy"))) * 1e12).rounded() / 1e12
            return .error(atMost: limit, confidence: level)
        }
    }

    private static func share(_ text: String, _ flag: String) throws -> Double {
        guard let value = Double(text), value > 1e-9, value < 1 - 1e-9 else {
            throw ValidationError("\(flag): expected a number between 0 and 1, found \"\(text)\"")
        }
        return value
    }

    private static func payoffs(_ text: String) throws -> DecisionPromise.Payoffs {
        let form = "right=R,wrong=W,abstain=A"
        var values: [String: Double] = [:]
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, ["right", "wrong", "abstain"].contains(parts[0]),
                let value = Double(parts[1]), value.isFinite, values[parts[0]] == nil
            else { throw ValidationError("--costs: expected \(form), found \"\(pair)\"") }
            values[parts[0]] = value
        }
        guard let right = values["right"], let wrong = values["wrong"],
            let abstain = values["abstain"]
        else { throw ValidationError("--costs: expected all of \(form), found \"\(text)\"") }
        let payoffs = DecisionPromise.Payoffs(right: right, wrong: wrong, abstain: abstain)
        if let fault = DecisionPromise.payoff(payoffs).fault {
            throw ValidationError("--costs: \(fault)")
        }
        return payoffs
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String {
        padding(toLength: length, withPad: " ", startingAt: 0)
    }
}
