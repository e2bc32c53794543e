import Foundation
import RunFiles
import Testing

@testable import Reporting

#if canImport(FoundationXML)
import FoundationXML
#endif

/// A run folder written for a test.
struct WrittenRun {
    let folder: URL

    func write(_ name: String, _ text: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    func record(
        name: String = "run",
        settings: [(key: String, value: String)] = []
    ) throws
        -> RunRecord
    {
        try RunRecord(RunFolder(folder), name: name, settings: settings)
    }

    func report() throws -> RunReport { try RunReport(record()) }
}

func withRun<Result>(_ body: (WrittenRun) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("varlora-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(WrittenRun(folder: folder))
}

/// Whether a text is one well-formed XML document with this root.
func isWellFormed(_ text: String, root: String) -> Bool {
    let parser = XMLParser(data: Data(text.utf8))
    // On Linux `parse()` is true for some faults, and nothing tells of elements that are left open
    // at the end of the text.
    return parser.parse() && parser.parserError == nil
        && text.trimmingCharacters(in: .newlines).hasSuffix("</\(root)>")
}

/// Texts of a run's files.
enum Texts {
    private static let summary =
        "{\"examples\":2,"
        + ["accuracy", "ece", "ece15", "adaptive_ece", "brier"]
        .map { "\"\($0)\":{\"value\":0.25,\"lower\":0.125,\"upper\":0.5}," }.joined()
        + "\"nll\":{\"value\":\"inf\",\"lower\":0.1,\"upper\":\"inf\"}}"

    static func metrics(
        method: String,
        hasDraws: Bool,
        health: String? = nil
    ) -> String {
        let posterior = health.map { "\"posterior\":\($0)," } ?? ""
        let draws = hasDraws ? "\"draws\":\(summary)," : ""
        let encoding = "{\"examples\":2,\"longest\":9,\"truncated\":0}"
        let part =
            "{\"mean\":\(summary),\(draws)\"encoding\":\(encoding),\"left_out\":0}"
        return """
            {"method":"\(method)","model":"m","model_fingerprint":"f","task":"t","seed":3,\
            "steps":20,"draws":4,"posterior_variance_scale":1,"parameters":8,\(posterior)\
            "train":\(encoding),"validation":\(part),"test":\(part)}
            """
    }

    static func health(_ low: Double, _ high: Double, clipped: Double = 0.1) -> String {
        """
        {"clipped_share":\(clipped),"hessian_ratio":[\(low),1,\(high)],"standard_deviation":0.03}
        """
    }

    static func history(_ health: String? = nil) -> String {
        [10, 20].map { step in
            let posterior = health.map { ",\"posterior\":\($0)" } ?? ""
            return "{\"step\":\(step),\"loss\":0.5,\"learning_rate\":0.1\(posterior)}\n"
        }
        .joined() + evaluation(step: 10)
    }

    static func evaluation(step: Int) -> String {
        "{\"step\":\(step),\"split\":\"validation\",\"metrics\":\(summary)}\n"
    }

    /// Curves of three draws and three variance scales; the NLL of two draws is infinite.
    static var curves: String {
        func point(_ draws: Int, _ scale: Double, _ nll: String) -> String {
            """
            {"draws":\(draws),"variance_scale":\(scale),"accuracy":0.75,"ece":0.1,"nll":\(nll)}
            """
        }
        return """
            {"split":"validation","examples":8,"draws":3,"draw_curve":[\(point(1, 1, "0.75")),\
            \(point(2, 1, "\"inf\"")),\(point(3, 1, "0.5"))],"variance_scale_curve":\
            [\(point(1, 0, "0.625")),\(point(3, 1, "0.5")),\(point(3, 4, "0.875"))]}
            """
    }

    static let timings = "{\"step\":10,\"seconds\":1.5}\n{\"step\":20,\"seconds\":3}\n"

    /// Ten steps of 100 + 5 + 3 ms in 1.5 s, and ten of 120 + 5 + 5 ms in 2 s with an evaluation.
    static let stepTimes = """
        {"step":10,"seconds":1.5,"steps":10,"forward_backward_seconds":1,\
        "draw_seconds":0.05,"step_seconds":0.03}
        {"step":20,"seconds":3.5,"steps":10,"forward_backward_seconds":1.2,\
        "draw_seconds":0.05,"step_seconds":0.05,"evaluation_seconds":0.3}

        """

    /// The health of the posterior with two projections of three layers.
    static var layeredHealth: String {
        let layers = (0..<3).flatMap { layer in
            ["q_proj", "v_proj"].flatMap { projection in
                ["A", "B"].map { matrix in
                    """
                    {"layer":\(layer),"projection":"\(projection)","matrix":"\(matrix)",\
                    "hessian_ratio":[0.9,\(1 + Double(layer) / 10),1.5],"standard_deviation":0.03}
                    """
                }
            }
        }
        return health(0.5, 2).dropLast() + ",\"layers\":[\(layers.joined(separator: ","))]}"
    }

    static func predictions(_ count: Int, hasMean: Bool) -> String {
        (0..<count).map { index in
            let first = 0.52 + 0.47 * Double(index % 13) / 13
            let mean = hasMean ? ",\"mean_probabilities\":[0.75,0.25]" : ""
            return "{\"id\":\"e\(index)\",\"label\":\(index % 3 == 0 ? 1 : 0),"
                + "\"probabilities\":[\(first),\(1 - first)]\(mean)}\n"
        }
        .joined()
    }
}
