// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The folder with libtorch's `include` and `lib`: `LIBTORCH`, or what `Scripts/setup` linked.
func libtorchFolder() -> String {
    if let folder = ProcessInfo.processInfo.environment["LIBTORCH"], !folder.isEmpty {
        return folder
    }
    return Context.packageDirectory + "/.deps/libtorch"
}

/// Compiler flags that find libtorch's headers.
func libtorchHeaders() -> [CXXSetting] {
    let include = libtorchFolder() + "/include"
    return [
        .unsafeFlags([
            "-isystem", include, "-isystem", include + "/torch/csrc/api/include", "-O2",
        ])
    ]
}

/// Linker flags for libtorch, whose CUDA half is opened while the program runs.
func libtorchLibraries() -> [LinkerSetting] {
    let libraries = libtorchFolder() + "/lib"
    return [
        .unsafeFlags(["-L" + libraries, "-Xlinker", "-rpath", "-Xlinker", libraries]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
    ]
}

/// A library target of this package, with all that its sources import.
///
/// One that loops over bytes is optimised in debug builds, too: reading the weights of 135M
/// parameters takes 1 s then, and 20 s else.
func library(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    loopsOverBytes: Bool = false
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        swiftSettings: loopsOverBytes ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []
    )
}

/// A test target beside the library of the same name, with what it imports besides.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + dependencies
    )
}

/// The YAML files of `recipes/`, which are compiled into the tool.
let recipeNames = [
    "arc-challenge", "arc-easy", "boolq", "openbookqa", "sentiment-adamw", "sentiment-ivon",
    "winogrande-m", "winogrande-s",
]

/// The YAML files of `recipes/comparisons/`, which are compiled into the tool.
let comparisonNames = ["paper-table-1", "products-demo", "sentiment-demo", "sentiment-methods"]

let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let http = ["NIOCore", "NIOHTTP1", "NIOPosix"].map {
    Target.Dependency.product(name: $0, package: "swift-nio")
}

let package = Package(
    name: "varlora",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "VariationalLoRA", targets: ["VariationalLoRA"]),
        .executable(name: "varlora", targets: ["varlora"]),
        // For Fuzz/, a package of its own.
        .library(name: "FuzzedParsers", targets: ["FuzzedParsers"]),
    ],
    dependencies: [
        // Exact: the tests compare the help that one lays out and the YAML that the other writes.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
    targets: [
        .target(
            name: "CTorch",
            exclude: ["CUDA/Kernels"],  // texts that KernelSources.cpp embeds
            cxxSettings: libtorchHeaders(),
            linkerSettings: libtorchLibraries()
        ),
        // Linked into the tool alone: a library changes nothing of the process that uses it.
        .target(name: "CStart"),
        .target(
            name: "RecipeFiles",
            path: "recipes",
            resources: (recipeNames + comparisonNames.map { "comparisons/" + $0 })
                .map { .embedInCode("\($0).yaml") }
        ),

        // Without libtorch.
        library("Files"),
        library("JSON", ["Files"], loopsOverBytes: true),
        library("TensorFiles", ["Files", "JSON"], loopsOverBytes: true),
        library("Randomness"),
        library("ChatTemplates", ["JSON"], loopsOverBytes: true),
        library(
            "Tokenization",
            ["ChatTemplates", "Files", "JSON", "TensorFiles"],
            loopsOverBytes: true
        ),
        library("TextTasks", ["Files", "JSON", "Randomness", "Tokenization"]),
        library("Metrics", ["JSON", "Randomness"]),
        library("RunFiles", ["Files", "JSON", "Metrics", "TextTasks"]),
        library("Reporting", ["Files", "JSON", "Metrics", "RunFiles"]),

        // With it, each above those that it names.
        library("Torch", ["CTorch"]),
        library("Optimizers", ["Torch"]),
        library("Posteriors", ["Optimizers", "Randomness", "TensorFiles", "Torch"]),
        library("LanguageModels", ["JSON", "Randomness", "TensorFiles", "Tokenization", "Torch"]),
        library(
            "LoRA",
            [
                "JSON", "LanguageModels", "Optimizers", "Randomness", "TensorFiles", "Torch",
            ]
        ),
        library(
            "Evaluation",
            [
                "LanguageModels", "LoRA", "Metrics", "Posteriors", "TextTasks", "Torch",
            ]
        ),
        library(
            "Laplace",
            [
                "Evaluation", "LoRA", "Metrics", "Optimizers", "Posteriors", "Randomness",
                "TextTasks", "Torch",
            ]
        ),
        library(
            "Training",
            [
                "ChatTemplates", "Evaluation", "Files", "JSON", "LanguageModels", "Laplace", "LoRA",
                "Metrics", "Optimizers", "Posteriors", "Randomness", "RecipeFiles", "RunFiles",
                "TensorFiles", "TextTasks", "Tokenization", "Torch", yaml,
            ]
        ),
        library(
            "Comparison",
            [
                "Evaluation", "Files", "JSON", "LanguageModels", "Laplace", "LoRA", "Metrics",
                "Posteriors", "RunFiles", "TextTasks", "Torch", "Training", yaml,
            ]
        ),
        library(
            "VariationalLoRA",
            [
                "Comparison", "Evaluation", "LanguageModels", "Laplace", "LoRA", "Metrics",
                "Optimizers", "Posteriors", "Reporting", "RunFiles", "TensorFiles", "TextTasks",
                "Tokenization", "Torch", "Training",
            ]
        ),
        .target(
            name: "Serving",
            dependencies: [
                "Evaluation", "Files", "JSON", "LanguageModels", "LoRA", "Metrics", "RunFiles",
                "TextTasks", "Tokenization", "Torch", "Training",
            ] + http,
            resources: ["openapi.json", "page.html"].map { .embedInCode("Resources/\($0)") }
        ),
        .executableTarget(
            name: "varlora",
            dependencies: [
                "CStart", "Comparison", "Evaluation", "Files", "JSON", "LanguageModels", "Laplace",
                "LoRA", "Metrics", "Posteriors", "Reporting", "Serving", "TextTasks", "Torch",
                "Training", arguments,
            ]
        ),
        .executableTarget(
            name: "SentimentExample",
            dependencies: ["VariationalLoRA"],
            path: "Examples/Sentiment"
        ),

        .target(
            name: "FuzzedParsers",
            dependencies: [
                "ChatTemplates", "Comparison", "JSON", "LanguageModels", "LoRA", "Metrics",
                "Optimizers", "Posteriors", "Reporting", "RunFiles", "TensorFiles", "TextTasks",
                "Tokenization", "Torch", "Training",
            ],
            path: "Fuzz/Parsers"
        ),
        tests("FuzzedParsers"),
        .target(
            name: "TestSupport",
            dependencies: ["JSON", "LanguageModels", "TensorFiles", "Torch"],
            path: "Tests/TestSupport"
        ),
        .target(
            name: "HostKernels",
            path: "Tests/HostKernels",
            // Not by a dependency: CTorch's inner headers are in no module.
            cxxSettings: libtorchHeaders() + [.headerSearchPath("../../Sources/CTorch/include")]
        ),
        .target(name: "ClientSupport", dependencies: ["JSON"], path: "Tests/ClientSupport"),
        tests("Files"),
        tests("JSON"),
        tests("TensorFiles", ["Files"]),
        tests("ChatTemplates", ["JSON"]),
        tests("Tokenization", ["ChatTemplates", "JSON", "TensorFiles"]),
        tests("TextTasks", ["JSON", "Tokenization"]),
        tests("Metrics", ["Files", "JSON", "Randomness"]),
        tests(
            "Reporting",
            ["ClientSupport", "JSON", "Metrics", "Randomness", "RunFiles", "TextTasks"]
        ),
        tests("Torch", ["CTorch", "HostKernels", "TestSupport"]),
        tests("Optimizers", ["JSON", "TestSupport", "Torch"]),
        tests("Posteriors", ["Optimizers", "TensorFiles", "TestSupport", "Torch"]),
        tests("LanguageModels", ["ChatTemplates", "JSON", "TensorFiles", "TestSupport", "Torch"]),
        tests(
            "LoRA",
            [
                "JSON", "LanguageModels", "Optimizers", "TensorFiles", "TestSupport", "Torch",
            ]
        ),
        tests(
            "Evaluation",
            [
                "JSON", "LanguageModels", "LoRA", "Metrics", "Optimizers", "Posteriors",
                "TensorFiles", "TestSupport", "TextTasks", "Torch",
            ]
        ),
        tests(
            "Laplace",
            [
                "Evaluation", "JSON", "LanguageModels", "LoRA", "Metrics", "Optimizers",
                "Posteriors", "TensorFiles", "TestSupport", "TextTasks", "Torch",
            ]
        ),
        tests(
            "Training",
            [
                "ChatTemplates", "Evaluation", "Files", "JSON", "LanguageModels", "LoRA", "Metrics",
                "Optimizers", "Posteriors", "Randomness", "RunFiles", "TensorFiles", "TestSupport",
                "TextTasks", "Torch",
            ]
        ),
        tests(
            "Comparison",
            [
                "Evaluation", "JSON", "LanguageModels", "LoRA", "Metrics", "Optimizers",
                "Posteriors", "Randomness", "RunFiles", "TensorFiles", "TestSupport", "TextTasks",
                "Torch", "Training",
            ]
        ),
        tests(
            "Serving",
            [
                "ClientSupport", "Evaluation", "JSON", "LanguageModels", "Metrics", "RunFiles",
                "TestSupport", "TextTasks", "Torch", "Training",
            ]
        ),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "ClientSupport", "varlora", "JSON", "Metrics", "TensorFiles", "TestSupport",
                "TextTasks", "Torch", "Training",
            ]
        ),
    ],
    cxxLanguageStandard: .cxx20
)
