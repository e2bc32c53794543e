import ArgumentParser
import Files
import Foundation
import TextTasks
import Training

/// A file that a command is to write, looked at before the work is done.
struct OutputFile {
    let url: URL

    /// The file at a path, which is none of those that the command reads.
    ///
    /// - Throws: `FileError` where its folder is not there, or it is an input or a part of a task.
    init(_ path: String, reading inputs: [String] = [], task: TextTask? = nil) throws {
        url = URL(fileURLWithPath: path)
        let folder = url.deletingLastPathComponent()
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder),
            isFolder.boolValue
        else { throw Self.refusal(url, "there is no folder \(folder.path)") }
        let place = Self.place(url)
        if inputs.contains(where: { Self.place(URL(fileURLWithPath: $0)) == place }) {
            throw Self.refusal(url, "it is what is read")
        }
        if task?.hasPart(at: url) == true {
            throw Self.refusal(url, "it is where the data of the task are")
        }
    }

    private static func place(_ url: URL) -> String {
        url.standardizedFileURL.resolvingSymlinksInPath().path
    }

    private static func refusal(_ url: URL, _ reason: String) -> FileError {
        FileError(url, "cannot be written", reason: reason)
    }
}
