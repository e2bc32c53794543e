import Yams

extension ComparisonRecipe {
    /// The comparison as YAML; keys without value are left out.
    public var yaml: String {
        var mapping = Node.Mapping([])
        func list(_ key: String, _ values: [String]) {
            if values.isEmpty { return }
            mapping[Node(key)] = Node(values.map { Node($0) }, Tag(.seq), .flow)
        }
        func nested(_ key: String, _ settings: [Setting]) {
            if settings.isEmpty { return }
            var own = Node.Mapping([])
            for setting in settings { own[Node(setting.key)] = Node(setting.value) }
            mapping[Node(key)] = Node.mapping(own)
        }
        list("tasks", tasks)
        list("recipes", recipes)
        list("methods", methods)
        list("seeds", seeds.map { "\($0)" })
        list("ood", shifts)
        for (key, text) in settings.texts {
            guard let text else { continue }
            let values = text.split(separator: ",").map(String.init)
            if values.count > 1 { list(key, values) } else { mapping[Node(key)] = Node(text) }
        }
        for setting in shared { mapping[Node(setting.key)] = Node(setting.value) }
        nested("adamw", adamw)
        nested("ivon", ivon)
        // Scalars, lists and mappings of scalars always serialise.
        return (try? Yams.serialize(node: Node.mapping(mapping), allowUnicode: true)) ?? ""
    }
}
