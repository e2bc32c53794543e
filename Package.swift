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

/// Linker flags for the libraries that are there: the CUDA ones only in a CUDA build of libtorch.
func libtorchLibraries() -> [LinkerSetting] {
    let libraries = libtorchFolder() + "/lib"
    let names = ["torch_cuda", "c10_cuda"].filter {
        FileManager.default.fileExists(atPath: "\(libraries)/lib\($0).so")
    }
    return [
        .unsafeFlags([
            "-L" + libraries, "-Xlinker", "-rpath", "-Xlinker", libraries,
        ])
    ] + (["torch_cpu", "c10"] + names).map { .linkedLibrary($0) }
}

/// A library target of this package; its sources say what it may import.
func library(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies)
}

/// A test target beside the library of the same name.
func tests(_ name: String, _ dependencies: Target.Dependency...) -> Target {
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
let comparisonNames = ["paper-table-1", "sentiment-demo", "sentiment-methods"]

let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)

let package = Package(
    name: "varlora",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "VariationalLoRA", targets: ["VariationalLoRA"]),
        .executable(name: "varlora", targets: ["varlora"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(
            name: "CTorch",
            cxxSettings: libtorchHeaders(),
            linkerSettings: libtorchLibraries()
        ),
        library("Torch", "CTorch"),
        library("JSON"),
        library("Randomness"),
        .target(
            name: "TensorFiles",
            dependencies: ["JSON"],
            // Without it a debug build needs 20 s, not 1 s, to de-quantise 135M weights.
            swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]
        ),
        library("Tokenization", "JSON"),
        tests("JSON"),
        tests("TensorFiles"),
        tests("Tokenization", "JSON"),
        tests("Metrics", "JSON", "Randomness"),
        tests("Reporting", "Metrics"),
        tests("TextTasks", "JSON", "Randomness", "Tokenization"),
        library("LanguageModels", "JSON", "Randomness", "TensorFiles", "Tokenization", "Torch"),
        library(
            "LoRA",
            "JSON",
            "LanguageModels",
            "Optimizers",
            "Randomness",
            "TensorFiles",
            "Torch"
        ),
        library("Optimizers", "Torch"),
        library("Metrics", "JSON", "Randomness"),
        library("Reporting", "JSON", "Metrics"),
        library("TextTasks", "JSON", "Randomness", "Tokenization"),
        library(
            "Laplace",
            "Evaluation",
            "LoRA",
            "Metrics",
            "Optimizers",
            "Posteriors",
            "Randomness",
            "TextTasks",
            "Torch"
        ),
        library(
            "Evaluation",
            "LanguageModels",
            "LoRA",
            "Metrics",
            "Posteriors",
            "TextTasks",
            "Torch"
        ),
        .target(
            name: "RecipeFiles",
            path: "recipes",
            resources: (recipeNames + comparisonNames.map { "comparisons/" + $0 })
                .map { .embedInCode("\($0).yaml") }
        ),
        library("Training", "Evaluation", "JSON", "Laplace", "LoRA", "RecipeFiles", yaml),
        library("Comparison", "JSON", "Training", yaml),
        library("VariationalLoRA", "Comparison", "Reporting"),
        .executableTarget(name: "varlora", dependencies: ["Comparison", "Reporting", arguments]),
        .executableTarget(
            name: "SentimentExample",
            dependencies: ["VariationalLoRA"],
            path: "Examples/Sentiment"
        ),
        library("Posteriors", "Optimizers", "Randomness", "TensorFiles", "Torch"),
        .target(
            name: "TestSupport",
            dependencies: ["JSON", "LanguageModels", "TensorFiles", "Torch"],
            path: "Tests/TestSupport"
        ),
        tests("Torch", "TestSupport"),
        tests("Optimizers", "TestSupport"),
        tests("Posteriors", "TestSupport"),
        tests("LanguageModels", "TestSupport"),
        tests("LoRA", "TestSupport", "Optimizers"),
        tests("Evaluation", "TestSupport"),
        tests("Laplace", "TestSupport"),
        tests("Training", "TestSupport"),
        tests("Comparison", "TestSupport"),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "varlora", "JSON", "Metrics", "TensorFiles", "TestSupport", "TextTasks", "Training",
            ]
        ),
    ],
    cxxLanguageStandard: .cxx20
)
