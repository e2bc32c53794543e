import TestSupport
import Testing

@testable import Training

@Suite("Gradient checkpointing")
struct GradientCheckpointingTests {
    @Test(
        "Changes nothing but recipe and memory, with dropout and several draws a step too",
        arguments: [TrainingMethod.ivon, .adamw]
    )
    func sameRun(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            ($0.dropout, $0.trainDraws, $0.microBatchSize) = (0.3, method == .ivon ? 2 : 1, 3)
        } _: { tiny in
            try tiny.train("plain")
            var other = tiny
            other.recipe.gradientCheckpointing = true
            try other.train("checkpointed")
            let (plain, checkpointed) = (tiny.run("plain"), tiny.run("checkpointed"))
            #expect(try checkpointed.differences(from: plain) == ["recipe.yaml"])
        }
    }
}
