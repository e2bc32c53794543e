import Foundation
import TestSupport
import Testing

@testable import LanguageModels

@Suite("Models of the Hugging Face cache are found as huggingface_hub finds them")
struct CacheTests {
    @Test("The folder follows the environment")
    func folders() throws {
        for node in try Golden.json("HubCache/folders.json").elements() {
            var environment: [String: String] = [:]
            for member in try node.required("environment").members() {
                environment[member.key] = try node.required("environment").required(member.key)
                    .string()
            }
            let folder = try node.required("folder").string()
            #expect(CachedModel.folder(environment).path == folder, "\(environment)")
        }
    }

    @Test("A variable that is empty counts as not set")
    func emptyVariables() {
        let empty = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"]
        var environment = Dictionary(uniqueKeysWithValues: empty.map { ($0, "") })
        environment["HOME"] = "/home/user"
        #expect(CachedModel.folder(environment).path == "/home/user/.cache/huggingface/hub")
    }

    /// Runs `body` with the environment of a cache of these snapshots and references of a model.
    private func withCache(
        _ snapshots: [String],
        _ references: [String: String],
        _ body: (URL, [String: String]) throws -> Void
    ) throws {
        try withTemporaryFolder { cache in
            let model = cache.appendingPathComponent("models--org--name")
            let files = FileManager.default
            for snapshot in snapshots {
                try files.createDirectory(
                    at: model.appendingPathComponent("snapshots/\(snapshot)"),
                    withIntermediateDirectories: true
                )
            }
            for (reference, commit) in references {
                let file = model.appendingPathComponent("refs/\(reference)")
                try files.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(commit.utf8).write(to: file)
            }
            try body(model, ["HF_HUB_CACHE": cache.path])
        }
    }

    @Test(
        "Revisions",
        arguments: [
            ("org/name", "abc1"), ("org/name@main", "abc1"), ("org/name@v1.0", "abc2"),
            ("org/name@refs/pr/3", "abc3"), ("org/name@abc2", "abc2"), ("org/name@abc3", "abc3"),
        ]
    )
    func revisions(name: String, commit: String) throws {
        let references = ["main": "abc1\n", "v1.0": "abc2", "refs/pr/3": "abc3"]
        try withCache(["abc1", "abc2", "abc3", ".hidden"], references) { model, environment in
            let found = try ModelLocation(name, environment: environment)
            #expect(found.url.path == model.path + "/snapshots/" + commit)
        }
    }

    @Test("Without a reference the only snapshot is used")
    func onlySnapshot() throws {
        try withCache(["abc1"], [:]) { model, environment in
            let found = try ModelLocation("org/name", environment: environment)
            #expect(found.url.path == model.path + "/snapshots/abc1")
        }
    }

    @Test(
        "What is not there is refused with what is",
        arguments: [
            ("org/name", "revision main, but org/name@abc1, org/name@abc2; name one of these"),
            ("org/name@abc", "does not have its revision abc, but org/name@abc1, org/name@abc2"),
            ("org/name@gone", "or get it with: hf download org/name --revision gone"),
            ("org/other", "not in the Hugging Face cache (looked in "),
            ("org/other", "get it with: hf download org/other"),
            ("org/name@../abc1", "no such file or folder"),
            ("org/name@", "no such file or folder"),
            ("../name", "no such file or folder"),
            ("org/name.gguf", "no such file or folder"),
        ]
    )
    func refusals(name: String, reason: String) throws {
        try withCache(["abc1", "abc2"], [:]) { _, environment in
            let error = #expect(throws: ModelError.self) {
                try ModelLocation(name, environment: environment)
            }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test("A reference to a snapshot that is gone is not replaced by another")
    func lostSnapshot() throws {
        try withCache(["abc1"], ["main": "abc2"]) { _, environment in
            _ = #expect(throws: ModelError.self) {
                try ModelLocation("org/name", environment: environment)
            }
        }
    }
}
