import Foundation

/// Chromium without a window.
public enum Browser {
    /// The program; nil where none is installed.
    public static let path = [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Arguments that every call has; the browser keeps its files in `folder`.
    static func arguments(_ folder: URL) -> [String] {
        [
            "--headless=new", "--no-sandbox", "--disable-gpu",
            "--user-data-dir=\(folder.path)/browser",
        ]
    }

    /// The document of a file once its scripts have run; traps where there is no browser.
    public static func content(of file: URL, in folder: URL) throws -> String {
        guard let path else { preconditionFailure("no browser is installed") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments =
            arguments(folder) + [
                "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom",
                file.absoluteString,
            ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.runLimited()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
