/// The recipes of this folder, compiled into the tool.
public enum RecipeFiles {
    /// The YAML text of each recipe, by name.
    public static let all: [(name: String, yaml: String)] = [
        ("arc-challenge", text(PackageResources.arc_challenge_yaml)),
        ("arc-easy", text(PackageResources.arc_easy_yaml)),
        ("boolq", text(PackageResources.boolq_yaml)),
        ("openbookqa", text(PackageResources.openbookqa_yaml)),
        ("sentiment-adamw", text(PackageResources.sentiment_adamw_yaml)),
        ("sentiment-ivon", text(PackageResources.sentiment_ivon_yaml)),
        ("winogrande-m", text(PackageResources.winogrande_m_yaml)),
        ("winogrande-s", text(PackageResources.winogrande_s_yaml)),
    ]

    /// The YAML text of each comparison, by name.
    public static let comparisons: [(name: String, yaml: String)] = [
        ("paper-table-1", text(PackageResources.paper_table_1_yaml)),
        ("products-demo", text(PackageResources.products_demo_yaml)),
        ("sentiment-demo", text(PackageResources.sentiment_demo_yaml)),
        ("sentiment-methods", text(PackageResources.sentiment_methods_yaml)),
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
