import Randomness

/// The orders that a question's options are listed in, where it is asked in several.
///
/// Answers depend on the order of options in ways that have nothing to do with the question
/// (Zheng et al. 2024, arXiv 2309.03882). Rotations put every option at every place alike. They
/// start from an order that the options' names alone decide, so that an average over several does
/// not depend on the order that was given.
enum OptionOrders {
    /// So many orders of options, or as many as there are options if that is fewer.
    ///
    /// An order is which option stands at each place; a single one is that which was given.
    static func orders(of options: [String], count: Int) -> [[Int]] {
        let all = Array(options.indices)
        let orders = min(count, all.count)
        guard orders > 1 else { return [all] }
        let names = options.map { option in
            var hash = StableHash()
            hash.add(option.utf8)
            return (hash.text, option)
        }
        let first = all.sorted { names[$0] < names[$1] }
        return (0..<orders).map { order in
            let start = order * all.count / orders
            return Array(first[start...] + first[..<start])
        }
    }

    /// The marks of options, such as letters, by those of the places they stand at.
    static func marks(_ marks: [String], in order: [Int]) -> [String] {
        var result = [String](repeating: "", count: order.count)
        for (mark, option) in zip(marks, order) { result[option] = mark }
        return result
    }
}
