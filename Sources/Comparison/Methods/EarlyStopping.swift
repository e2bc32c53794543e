import JSON
import LoRA
import Torch
import Training

extension Method {
    /// AdamW at the step that had the lowest NLL on the validation part.
    ///
    /// It looks every `eval-every` steps, or ten times where that is 0. The best adapter so far is
    /// the run's, so that a training goes on where it was stopped.
    static let earlyStopping = Method(
        name: "early-stopping",
        source: nil,
        trains: .adamw,
        looksAhead: true,
        usesValidation: always
    ) { study in
        let recipe = study.recipes.recipe(behind: study.method)
        let trainer = try study.trainer(recipe, of: study.run)
        let trained = TrainedRun(recipe, trainer.adapted)
        var (lowest, failure) = (Double.infinity, (any Error)?.none)
        func keep(_ event: TrainingEvent) throws {
            switch event {
            case .started:
                // The history now ends with the step that training goes on from.
                lowest = try study.run.lowestValidationNLL() ?? .infinity
            case .evaluated(let record):
                guard let nll = record.metrics?.nll.value, nll < lowest else { return }
                try trained.write(to: study.run)
                lowest = nll
            default: break
            }
        }
        let stop = try trainer.train(
            observer: { event in
                do { try keep(event) } catch { failure = failure ?? error }
                study.observer(event)
            },
            shouldStop: { failure != nil || study.shouldStop() }
        )
        if let failure { throw failure }
        if stop != nil { throw Stopped() }
        study.meter.posteriorIsThere()
        try withTorchErrors { try PEFTFolder.read(study.run.url, into: trained.adapted.parameters) }
        try study.write(trained)
    }
}

extension RunFolder {
    /// The lowest NLL of the history's evaluations; nil where there is none.
    fileprivate func lowestValidationNLL() throws -> Double? {
        try JSONLines.read(HistoryRecord.self, from: history)
            .compactMap { $0.row.metrics?.nll.value }.min()
    }
}
