import JSON
import TextTasks

/// A request for answers.
///
/// The body of `POST /v1/systemone` is
///
///     {"model": NAME, "state": TEXT, "questions": {ID: QUESTION, ...}}
///
/// Without a model the first one answers. Other members are not looked at. `StatedQuestions` says
/// what may stand for the rest.
struct DecisionRequest: Equatable, Sendable {
    /// What is to answer: a served name, or the alias; nil for whatever is first.
    let model: String?
    /// The state and the questions about it.
    let asked: StatedQuestions

    /// Reads a body with at most `maximumQuestions` questions.
    ///
    /// - Throws: ``ServiceError/invalid(place:message:type:)``.
    init(_ body: [UInt8], maximumQuestions: Int) throws {
        let document: JSONNode
        do {
            document = try JSONNode(parsing: body, file: "body")
        } catch let error as JSONError {
            throw ServiceError.invalid(place: [], message: error.problem, type: "json_invalid")
        }
        do {
            model = try document.member("model")?.string()
            asked = try StatedQuestions(document)
        } catch let error as JSONError {
            throw ServiceError(error, in: document.value)
        }
        guard asked.questions.count <= maximumQuestions else {
            throw ServiceError.invalid(
                place: [.string("questions")],
                message: "questions: expected at most \(maximumQuestions) of them, found "
                    + "\(asked.questions.count)",
                type: "value_error"
            )
        }
    }
}

extension ServiceError {
    /// What a reader says of a value of a document.
    fileprivate init(_ error: JSONError, in document: JSONValue) {
        let key =
            switch error {
            case .invalid(_, let key, _, _), .unsupported(_, let key, _, _): key
            case .malformed, .unreadable: ""
            }
        let place = document.steps(to: Array(key.utf8)[...]) ?? []
        self = .invalid(place: place, message: error.problem, type: "value_error")
    }
}

extension JSONValue {
    /// The keys and indices that lead to what `JSONNode.key` names; nil where nothing is there.
    ///
    /// Keys may hold dots and brackets themselves, so they are found by those that there are.
    func steps(to key: ArraySlice<UInt8>, isRoot: Bool = true) -> [JSONValue]? {
        if key.isEmpty { return [] }
        switch self {
        case .object(let members):
            guard isRoot || key.first == UInt8(ascii: ".") else { return nil }
            let rest = isRoot ? key : key.dropFirst()
            for member in members where rest.starts(with: member.key.utf8) {
                let tail = rest.dropFirst(member.key.utf8.count)
                if let steps = member.value.steps(to: tail, isRoot: false) {
                    return [.string(member.key)] + steps
                }
            }
            return nil
        case .array(let elements):
            guard key.first == UInt8(ascii: "["), let end = key.firstIndex(of: UInt8(ascii: "]")),
                let index = Int(String(decoding: key[..<end].dropFirst(), as: UTF8.self)),
                elements.indices.contains(index),
                let steps = elements[index].steps(to: key[end...].dropFirst(), isRoot: false)
            else { return nil }
            return [.integer(index)] + steps
        default: return nil
        }
    }
}
