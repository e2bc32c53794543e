/// Why a server cannot start; every case prints as one sentence.
public enum ServingError: Error, Equatable, CustomStringConvertible {
    /// Neither a run nor a model was named.
    case nothingToServe
    /// Two of what is served have one name.
    case sameName(String, first: String, second: String)
    /// A file is no key, or not a safe one.
    case key(file: String, reason: String)
    /// An address that other machines reach is to be served without a key.
    case openWithoutKey(host: String)
    /// The address cannot be listened on.
    case cannotListen(host: String, port: Int, reason: String)

    /// One sentence.
    public var description: String {
        switch self {
        case .nothingToServe:
            "expected the folders of runs or --model, found neither"
        case .sameName(let name, let first, let second):
            "\(second): expected another name than \"\(name)\", which \(first) has already"
        case .key(let file, let reason):
            "\(file): \(reason)"
        case .openWithoutKey(let host):
            "--host \(host): an address that other machines reach needs a key; name a file that "
                + "holds it by --key-file"
        case .cannotListen(let host, let port, let reason):
            "\(host):\(port): cannot be listened on: \(reason)"
        }
    }
}
