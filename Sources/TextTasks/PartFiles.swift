import Files
import Foundation

/// Which file of a folder holds which part.
struct PartFiles {
    var folder: URL
    var layout: FileLayout

    /// The file that holds a part, and whether the part is only a share of it.
    func location(of part: Split) throws -> (file: URL, isShare: Bool) {
        switch part {
        case .train:
            return (try file(layout.train, of: part), try validationIsShare())
        case .validation:
            if let file = try validationFile() { return (file, false) }
            return (try file(layout.train, of: .train), true)
        case .test:
            return (try file(layout.test, of: part), false)
        }
    }

    private func validationIsShare() throws -> Bool {
        // A data set that has a validation file can be trained on without it being there.
        if case .file = layout.validation { return false }
        return try validationFile() == nil
    }

    /// The validation file; nil if validation is split off the train file.
    private func validationFile() throws -> URL? {
        switch layout.validation {
        case .file(let names): try file(names, of: .validation)
        case .fileOrSplitOff(let names): try existingFile(names, of: .validation)
        case .splitOff: nil
        }
    }

    private func file(_ names: [String], of part: Split) throws -> URL {
        guard let file = try existingFile(names, of: part) else {
            throw TextTaskError.noFile(
                part: part,
                folder: folder.path,
                names: names,
                found: otherFiles
            )
        }
        return file
    }

    /// The names that parts may have; those of folders end in a slash.
    var names: [String] {
        switch layout.validation {
        case .file(let names), .fileOrSplitOff(let names): layout.train + names + layout.test
        case .splitOff: layout.train + layout.test
        }
    }

    /// Names of files, and of folders of texts, that are no part of the data; what is hidden or
    /// explains is left out.
    var strangers: [String] {
        let known = Set(names)
        let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return found.sorted().filter { name in
            let place = folder.appendingPathComponent(name)
            return !known.contains(isFolder(place) ? name + "/" : name) && !name.hasPrefix(".")
                && !["README", "LICENSE"].contains { name.uppercased().hasPrefix($0) }
                && (!isFolder(place) || holdsTexts(place))
        }
    }

    /// Whether a folder looks like a part: a text lies in it, or in a folder in it.
    private func holdsTexts(_ folder: URL) -> Bool {
        func names(_ folder: URL) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        }
        func hasText(_ folder: URL) -> Bool { names(folder).contains { $0.hasSuffix(".txt") } }
        return hasText(folder)
            || names(folder).prefix(10).contains {
                hasText(folder.appendingPathComponent($0))
            }
    }

    /// Files that are no part of the data, and what they look like; nil where there are none.
    private var otherFiles: String? {
        let names = strangers
        guard !names.isEmpty else { return nil }
        let form = names.lazy
            .compactMap { FileForm(of: folder.appendingPathComponent($0).path) }.first
        return list(names) + (form.map { " (\($0.name)): \($0.advice)" } ?? "")
    }

    private func existingFile(_ names: [String], of part: Split) throws -> URL? {
        let found = try names.filter {
            let file = folder.appendingPathComponent($0)
            return try $0.hasSuffix("/") ? isFolder(file) : FileSystem.exists(file)
        }
        if found.count > 1 {
            throw TextTaskError.severalFiles(part: part, folder: folder.path, names: found)
        }
        return found.first.map { folder.appendingPathComponent($0) }
    }
}

/// Some names in a row, the first ones if there are many.
func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
}
