import Yams

extension ComparisonRecipe {
    /// The comparison as YAML; keys without value are left out.
    public var yaml: String {
        var mapping = Node.Mapping([])
        func list(_ key: String, _ values: [String]) {
            if values.isEmpty { return }
            mapping[Node(key)] = Node(values.map { Node($0) }, Tag(.seq), .flow)
        }
        func value(_ key: String, _ text: String?) { mapping[Node(key)] = text.map { Node($0) } }
        func nested(_ key: String, _ settings: [Setting]) {
            if settings.isEmpty { return }
            let pairs = settings.map { (Node($0.key), Node($0.value)) }
            mapping[Node(key)] = Node.mapping(Node.Mapping(pairs))
        }
        list("tasks", tasks)
        list("recipes", recipes)
        list("methods", methods)
        list("seeds", seeds.map { "\($0)" })
        list("ood", shifts)
        value("limit-ood", settings.shiftLimit.map { "\($0)" })
        value("ensemble-members", "\(settings.members)")
        value("swag-start", "\(settings.swagStart)")
        value("swag-rate", "\(settings.swagRate)")
        value("swag-rank", settings.swagRank.map { "\($0)" })
        value("laplace-prior", settings.laplacePrior.rawValue)
        value("laplace-predictive", settings.laplacePredictive.rawValue)
        list("variance-scales", settings.varianceScales.map { "\($0)" })
        for setting in shared { mapping[Node(setting.key)] = Node(setting.value) }
        nested("adamw", adamw)
        nested("ivon", ivon)
        // Scalars, lists and mappings of scalars always serialise.
        return (try? Yams.serialize(node: Node.mapping(mapping), allowUnicode: true)) ?? ""
    }
}
