import Foundation
import Metrics
import Training

extension Method {
    /// Temperature scaling of the AdamW run, fitted to the NLL of the validation part.
    static let temperature = Method(
        name: "temperature",
        source: "map",
        usesValidation: always
    ) { study in
        let file = study.sourceRun.predictions("validation")
        let validation = try [Prediction](contentsOf: file)
        let temperature = try Temperature(
            fittedTo: validation.map { $0.probabilities.map(log) },
            targets: validation.map(\.distribution)
        )
        if temperature.isAtBound {
            let rows = "\(validation.count) row\(validation.count == 1 ? "" : "s")"
            study.observer(
                .warned(
                    "temperature: the NLL of \(rows) of validation still falls at "
                        + "\(temperature.value), where the search ends; so few rows, or such sure "
                        + "ones, cannot fit it"
                )
            )
        }
        var trained = try study.loadSource()
        trained.temperature = temperature.value
        try study.finish(trained) { prediction in
            var scaled = prediction
            scaled.probabilities = temperature.scaled(prediction.probabilities.map(log)).map(exp)
            return scaled
        }
    }
}
