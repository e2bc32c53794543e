import Foundation

/// A model of the Hugging Face hub by its name, looked up as `huggingface_hub` 2.4 does.
struct CachedModel {
    /// What was asked for.
    let name: String
    /// The model's name: `org/name`.
    let repository: String
    /// A branch, a tag or a whole commit hash; nil for the branch `main`.
    let revision: String?

    /// A model by `org/name` or `org/name@revision`; nil where a text is neither.
    init?(_ name: String) {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        let places = parts.dropFirst().flatMap {
            $0.split(separator: "/", omittingEmptySubsequences: false)
        }
        guard words.count == 2, !(words + places).contains(where: { ["", ".", ".."].contains($0) })
        else { return nil }
        self.name = name
        repository = String(parts[0])
        revision = parts.count > 1 ? String(parts[1]) : nil
    }

    /// The folder of all models, where a variable that is empty counts as not set.
    static func folder(_ environment: [String: String]) -> URL {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let user = variable("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
        let home =
            variable("HF_HOME") ?? (variable("XDG_CACHE_HOME") ?? user + "/.cache") + "/huggingface"
        let folder = variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") ?? home + "/hub"
        let path = folder == "~" || folder.hasPrefix("~/") ? user + folder.dropFirst() : folder
        let expanded = path.replacing(/\$(\w+|\{[^}]*\})/) { match in
            environment[match.1.trimmingCharacters(in: ["{", "}"])] ?? String(match.0)
        }
        return URL(fileURLWithPath: expanded)
    }

    /// The folder of the revision that was asked for.
    ///
    /// - Throws: ``ModelError/notFound(place:reason:)``.
    func snapshot(in cache: URL) throws -> URL {
        let folder = cache.appendingPathComponent(
            "models--" + repository.replacingOccurrences(of: "/", with: "--")
        )
        let snapshots = folder.appendingPathComponent("snapshots")
        let found = (try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []
        let commits = found.filter { !$0.hasPrefix(".") }.sorted()
        let reference = folder.appendingPathComponent("refs/\(revision ?? "main")")
        let text = try? String(contentsOf: reference, encoding: .utf8)
        let commit = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? revision
        let only = commits.count == 1 ? commits.first : nil
        if let commit = commit ?? only, commits.contains(commit) {
            return snapshots.appendingPathComponent(commit)
        }
        throw ModelError.notFound(place: name, reason: reason(folder, commits))
    }

    private func reason(_ folder: URL, _ commits: [String]) -> String {
        let choices = commits.map { "\(repository)@\($0)" }.joined(separator: ", ")
        let command = "hf download \(repository)" + (revision.map { " --revision \($0)" } ?? "")
        if commits.isEmpty {
            return "no such folder, and not in the Hugging Face cache (looked in \(folder.path));"
                + " get it with: \(command)"
        }
        return "the Hugging Face cache (\(folder.path)) does not have its revision"
            + " \(revision ?? "main"), but \(choices); name one of these, or get it with:"
            + " \(command)"
    }
}
