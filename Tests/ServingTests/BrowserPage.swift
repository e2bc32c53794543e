import Foundation
import Testing

/// A page in Chromium without a window, which is told what to do over a pipe (the DevTools
/// protocol: JSON with a zero byte behind it).
final class BrowserPage {
    /// Keys that are held while another is pressed, as the protocol numbers them.
    enum Modifiers: Int {
        case none = 0
        case control = 2
    }

    /// What did not come true in the page.
    struct Unmet: Error {
        let expression: String
    }

    private let process = Process()
    private let (commands, replies) = (Pipe(), Pipe())
    private var received = Data()
    private var count = 0
    private var session: String?

    /// Opens an address; the browser keeps its files in `folder`.
    init(_ address: String, in folder: URL) throws {
        // The browser reads from descriptor 3 and writes to 4.
        let script = #"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", script, try #require(Browser.path), "--headless=new", "--no-sandbox",
            "--disable-gpu", "--user-data-dir=\(folder.path)/browser", "--remote-debugging-pipe",
        ]
        process.standardInput = commands
        process.standardOutput = replies
        try process.run()
        try commands.fileHandleForReading.close()
        try replies.fileHandleForWriting.close()
        let target = try command("Target.createTarget", ["url": address])
        let page = try #require(target["targetId"] as? String)
        let attached = try command("Target.attachToTarget", ["targetId": page, "flatten": true])
        session = try #require(attached["sessionId"] as? String)
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// The value of an expression in the page, as a text.
    func value(_ expression: String) throws -> String {
        let expression = "String(\(expression))"
        let reply = try command("Runtime.evaluate", ["expression": expression])
        let result = reply["result"] as? [String: Any]
        return try #require(result?["value"] as? String, "\(expression): \(reply)")
    }

    /// Waits until an expression holds in the page, five minutes at most.
    func wait(until expression: String) throws {
        for _ in 0..<6000 {
            if try value(expression) == "true" { return }
            usleep(50_000)
        }
        throw Unmet(expression: expression)
    }

    /// Presses and releases a key, by its name in the DOM.
    func press(_ key: String, modifiers: Modifiers = .none) throws {
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
    func tab(to expression: String) throws {
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
            return try #require(reply["result"] as? [String: Any], "\(method): \(reply)")
        }
    }

    private func nextMessage() throws -> [String: Any] {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = Data(received[..<end])
                received = Data(received[received.index(after: end)...])
                let value = try JSONSerialization.jsonObject(with: message)
                return try #require(value as? [String: Any])
            }
            let more = replies.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the browser has ended")
            received.append(more)
        }
    }
}
