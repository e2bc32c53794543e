import Foundation
import TestSupport
import Testing

/// The server asked by many at once, every answer compared with that of `varlora predict`.
@Suite("Serving under load", .serialized)
struct ServeLoadTests {
    @Test("10,000 requests from 32 connections get predict's answers, and take no more memory")
    func load() throws {
        try ServedRun.with { tool in
            let questions = [
                #"{"type": "noul", "instructions": "Is it even?"}"#,
                #"{"type": "choice", "criteria": {"even": null, "odd": "not even", "no": null}}"#,
                #"{"type": "score", "instructions": ["How?"], "criteria": ["low", "mid", "high"]}"#,
            ]
            try check(
                tool,
                requests: 10_000,
                rows: (0..<200).map { number in
                    (state: "The sum of \(number) and \(number * 7 % 9)", questions[number % 3])
                }
            )
        }
    }

    @Test("Long rows are read whole, as predict reads them where --max-length has room for them")
    func longRows() throws {
        try ServedRun.with { tool in
            let noul = #"{"type": "noul", "instructions": "Is it even?"}"#
            let rows = (0..<3).map { number in
                (state: String(repeating: "The sum of \(number) and 4, ", count: 100), noul)
            }
            try check(tool, requests: 30, rows: rows, options: ["--max-length", "4000"])
        }
    }

    private func check(
        _ tool: Tool,
        requests: Int,
        rows: [(state: String, question: String)],
        options: [String] = []
    ) throws {
        let rows = ServedRows(rows)
        try rows.predict(tool, options)
        let (server, address) = try ServedRun.start(tool)
        try rows.ask(server, at: address, requests: requests, tool)
        try ServedRun.stop(server)
    }
}
