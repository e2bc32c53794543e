import Files
import Foundation

/// A folder with a text a file: `LABEL/NAME.txt`, or `NAME.txt` where labels are not known.
///
/// Folders and files are taken in the order of their names, hidden ones left out; a text is the
/// content of its file in UTF-8, without white space around it.
enum TextFolder {
    /// The texts below a folder.
    ///
    /// Throws ``TextTaskError`` where a file is no `.txt` or is empty, `FileError` where something
    /// cannot be read.
    static func files(in folder: URL) throws -> [(file: URL, label: String?)] {
        func names(_ folder: URL) throws -> [String] {
            try FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }.sorted()
        }
        return try names(folder).flatMap { name -> [(URL, String?)] in
            let entry = folder.appendingPathComponent(name)
            guard isFolder(entry) else { return [(try text(entry), nil)] }
            return try names(entry).map { (try text(entry.appendingPathComponent($0)), name) }
        }
    }

    /// The text of a file.
    static func row(_ file: URL, label: String?) throws -> LabelledText {
        let name = (label.map { "\($0)/" } ?? "") + file.lastPathComponent
        return try LabelledText(
            text: RegularFile.readText(file).trimmingCharacters(in: .whitespacesAndNewlines),
            label: label,
            at: RowPlace(path: file.path, fileName: name, line: nil)
        )
    }

    private static func text(_ file: URL) throws -> URL {
        guard file.pathExtension.lowercased() == "txt", !isFolder(file) else {
            throw TextTaskError.row(
                source: file.path,
                reason: "a folder of texts should hold LABEL/NAME.txt alone"
            )
        }
        return file
    }
}

/// Whether a path, with links followed, is that of a folder.
func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    return exists && isFolder.boolValue
}
