import Foundation

/// A page in Chromium without a window, which is told what to do over a pipe (the DevTools
/// protocol: JSON with a zero byte behind it).
public final class BrowserPage {
    /// Keys that are held while another is pressed, as the protocol numbers them.
    public enum Modifiers: Int {
        case none = 0
        case control = 2
    }

    /// What did not come true in the page, or what the browser said in place of a result.
    public struct Unmet: Error {
        /// The expression or the command, with what was found.
        public let expression: String
    }

    private let process = Process()
    private let (commands, replies) = (Pipe(), Pipe())
    private var received = Data()
    private var count = 0
    private var session: String?

    /// Opens an address in a browser that keeps its files in `folder`, on a screen of a width in
    /// pixels; traps where there is no browser.
    public init(
        _ address: String,
        in folder: URL,
        width: Int = 1280,
        isDark: Bool = false
    ) throws {
        guard let path = Browser.path else { preconditionFailure("no browser is installed") }
        // The browser reads from descriptor 3 and writes to 4.
        let script = #"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", script, path] + Browser.arguments(folder) + ["--remote-debugging-pipe"]
        process.standardInput = commands
        process.standardOutput = replies
        try process.runLimited()
        try commands.fileHandleForReading.close()
        try replies.fileHandleForWriting.close()
        let page = try text("targetId", of: "Target.createTarget", ["url": "about:blank"])
        let attached: [String: Any] = ["targetId": page, "flatten": true]
        session = try text("sessionId", of: "Target.attachToTarget", attached)
        let screen: [String: Any] = [
            "width": width, "height": 900, "screenWidth": width, "screenHeight": 900,
            "deviceScaleFactor": 1, "mobile": width < 600,
        ]
        _ = try command("Emulation.setDeviceMetricsOverride", screen)
        let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
        _ = try command("Emulation.setEmulatedMedia", ["features": [scheme]])
        _ = try command("Emulation.setFocusEmulationEnabled", ["enabled": true])
        _ = try command("Page.navigate", ["url": address])
        try wait(until: "document.readyState === 'complete' && location.href !== 'about:blank'")
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// The value of an expression in the page, as a text.
    public func value(_ expression: String) throws -> String {
        let expression = "String(\(expression))"
        let reply = try command("Runtime.evaluate", ["expression": expression])
        let result = reply["result"] as? [String: Any]
        guard let value = result?["value"] as? String else {
            throw Unmet(expression: "\(expression): \(reply)")
        }
        return value
    }

    /// Waits until an expression holds in the page, five minutes at most.
    public func wait(until expression: String) throws {
        for _ in 0..<6000 {
            if try value(expression) == "true" { return }
            usleep(50_000)
        }
        throw Unmet(expression: expression)
    }

    /// Presses and releases a key, by its name in the DOM.
    public func press(_ key: String, modifiers: Modifiers = .none) throws {
        let numbers = [
            "Tab": 9, "Enter": 13, " ": 32, "End": 35, "Home": 36, "ArrowRight": 39,
        ]
        let number = numbers[key] ?? Int(key.uppercased().utf8.first ?? 0)
        var down: [String: Any] = [
            "type": "keyDown", "key": key, "windowsVirtualKeyCode": number,
            "modifiers": modifiers.rawValue,
        ]
        let typed = key == "Enter" ? "\r" : key.count == 1 && modifiers == .none ? key : nil
        if let typed { down["text"] = typed }
        if modifiers == .control, key == "a" { down["commands"] = ["selectAll"] }
        _ = try command("Input.dispatchKeyEvent", down)
        down["type"] = "keyUp"
        (down["text"], down["commands"]) = (nil, nil)
        _ = try command("Input.dispatchKeyEvent", down)
    }

    /// Presses Tab until an expression holds in the page.
    public func tab(to expression: String) throws {
        for _ in 0..<60 {
            try press("Tab")
            if try value(expression) == "true" { return }
        }
        throw Unmet(expression: expression)
    }

    /// Sends a command and waits for its result.
    private func command(_ method: String, _ parameters: [String: Any]) throws -> [String: Any] {
        count += 1
        var message: [String: Any] = ["id": count, "method": method, "params": parameters]
        message["sessionId"] = session
        let text = try JSONSerialization.data(withJSONObject: message)
        try commands.fileHandleForWriting.write(contentsOf: text + [0])
        while true {
            let reply = try nextMessage()
            guard reply["id"] as? Int == count else { continue }
            guard let result = reply["result"] as? [String: Any] else {
                throw Unmet(expression: "\(method): \(reply)")
            }
            return result
        }
    }

    /// A text in the result of a command.
    private func text(
        _ key: String,
        of method: String,
        _ parameters: [String: Any]
    ) throws -> String {
        let result = try command(method, parameters)
        guard let text = result[key] as? String else {
            throw Unmet(expression: "\(method): \(result)")
        }
        return text
    }

    private func nextMessage() throws -> [String: Any] {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = Data(received[..<end])
                received = Data(received[received.index(after: end)...])
                let value = try JSONSerialization.jsonObject(with: message)
                return value as? [String: Any] ?? [:]
            }
            let more = replies.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Unmet(expression: "the browser has ended") }
            received.append(more)
        }
    }
}
