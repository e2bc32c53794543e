import Foundation
import JSON
import Testing

@Suite("Estimates")
struct EstimateTests {
    @Test(
        "Peak memory of training SmolLM2-135M is within 15% of the estimate",
        .enabled(
            if: ProcessInfo.processInfo.environment["VARLORA_DEMO"] != nil,
            "VARLORA_DEMO does not name the demo model's folder"
        ),
        arguments: [("float32", "float32"), ("int8", "float32"), ("float32", "bfloat16")]
    )
    func memory(_ precision: String, _ compute: String) throws {
        let demo = ProcessInfo.processInfo.environment["VARLORA_DEMO"] ?? ""
        try withTool { tool in
            let settings = [
                "--model", "\(demo)/SmolLM2-135M-Instruct.Q4_1.gguf",
                "--task", "\(demo)/sentiment", "--base-precision", precision, "--compute", compute,
                "--threads", "1", "--steps", "3", "--draws", "1", "--set", "limit-validation=4",
                "--set", "limit-test=4",
            ]
            let estimated = try tool.run(["estimate", "--json"] + settings)
            #expect(estimated.exitCode == 0, "\(estimated.errors)")
            let file = tool.folder.appendingPathComponent("estimate.json")
            try Data(estimated.output.utf8).write(to: file)
            let total = try JSONNode(contentsOf: file).required("memory").required("total").number()
            let training = try tool.start(["train", "--output", "run"] + settings)
            var peak = 0.0
            // The peak so far is read while the process lives; its last change is long before.
            training.wait {
                peak = max(peak, training.peakMemory)
                return false
            }
            #expect(try training.wait().exitCode == 0)
            #expect(abs(peak / total - 1) < 0.15, "estimated \(total), measured \(peak)")
        }
    }
}
