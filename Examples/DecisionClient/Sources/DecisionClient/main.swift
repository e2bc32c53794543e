import AsyncHTTPClient
import Foundation

struct Decision: Decodable {
    struct Answer: Decodable {
        let noul: Double?
        let choice: String?
        let probabilities: [String: Double]?
        let confidence: Double?
    }
    let answers: [String: Answer]
}

let server = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8080"
let question = """
    {"state": "I was charged twice.",
     "questions": {"refund": {"type": "noul", "instructions": "Do they want money back?"}}}
    """
var request = HTTPClientRequest(url: "\(server)/v1/systemone")
request.method = .POST
request.body = .bytes(Array(question.utf8))
let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
let body = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
let decision = try JSONDecoder().decode(Decision.self, from: body)
print(decision.answers["refund"]?.noul ?? .nan)
