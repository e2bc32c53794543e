import Foundation
import JSON
import Testing

/// Commands on data in layouts of one's own.
@Suite("Data of one's own")
struct DataTests {
    private static let train = [
        "train", "--model", "model", "--task", "texts", "--threads", "1", "--steps", "2", "--draws",
        "2", "--output", "run",
    ]

    private func write(_ text: String, _ path: String, in tool: Tool) throws {
        let file = tool.folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    @Test("A run of texts keeps its labels, and answers texts when the data are gone")
    func labels() throws {
        try withTool { tool in
            let rows = (0..<30).map { "A text of \($0),\($0 < 10 ? "before" : "after")\n" }
            try write("text,label\n" + rows.joined(), "texts/train.csv", in: tool)
            let trained = try tool.run(Self.train)
            #expect(trained.exitCode == 0, "\(trained.errors)")
            let evaluate = ["evaluate", "run", "--threads", "1", "--split", "validation"]
            #expect(try tool.run(evaluate).exitCode == 0)
            try write("text,label\n" + rows.joined() + "And,now\n", "texts/train.csv", in: tool)
            let moved = try tool.run(evaluate)
            #expect(moved.exitCode == 1)
            #expect(
                moved.errors.hasSuffix(
                    "texts: labels: expected the 2 of the run, found 3, \"now\" among them\n"
                ),
                "\(moved.errors)"
            )
            try FileManager.default.removeItem(at: tool.folder.appendingPathComponent("texts"))
            try write("{\"text\": \"A text of 7\"}\n", "rows.jsonl", in: tool)
            let predict = [
                "predict", "run", "--threads", "1", "--input", "rows.jsonl", "--output", "answers",
            ]
            let predicted = try tool.run(predict)
            #expect(predicted.exitCode == 0, "\(predicted.errors)")
            let answers = try JSONNode(contentsOf: tool.folder.appendingPathComponent("answers"))
            #expect(try answers.required("probabilities").elements().count == 2)
            try write("text,label\nx,new\n", "rows.csv", in: tool)
            let refused = try tool.run(predict.map { $0 == "rows.jsonl" ? "rows.csv" : $0 })
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("\"new\" is none of the 2 of the run: \"after\""))
        }
    }

    @Test("A check shows every part, and fails only where one cannot be read")
    func check() throws {
        try withTool { tool in
            let sound = try tool.run(["data", "check", "task", "--model", "model"])
            #expect(sound.exitCode == 0, "\(sound.errors)")
            for text in [
                "train: \(tool.folder.path)", "validation: ", "test: ", "2 labels", "cut to 320",
                "warning: ",
            ] {
                #expect(sound.output.contains(text), "\(text) is not in \(sound.output)")
            }
            try write("{", "task/test.jsonl", in: tool)
            let broken = try tool.run(["data", "check", "task"])
            #expect(broken.exitCode == 1 && broken.output.contains("train: "))
            #expect(
                broken.errorLines.count == 1 && broken.errors.contains("test.jsonl")
            )
        }
    }
}
