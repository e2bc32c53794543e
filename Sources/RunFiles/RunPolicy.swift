import Files
import Foundation
import JSON
import Metrics

extension RunFolder {
    /// When the run answers and when it abstains, as in `policy.json`; nil where that was not
    /// decided.
    ///
    /// - Throws: `JSONError` when the file is broken, `FileError` when it cannot be read.
    public func readPolicy() throws -> DecisionPolicy? {
        try RegularFile.readIfPresent(policy).map {
            try JSONFile.read(DecisionPolicy.self, from: $0, file: policy.path)
        }
    }

    /// Writes `policy.json`.
    ///
    /// - Throws: `FileError` when the file cannot be written; an old one is then intact.
    public func write(_ policy: DecisionPolicy) throws {
        try JSONFile.write(policy, to: self.policy)
    }
}
