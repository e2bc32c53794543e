// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "varlora", path: "..")],
    targets: [
        .executableTarget(
            name: "Fuzzer",
            dependencies: [.product(name: "FuzzedParsers", package: "varlora")],
            path: "Fuzzer",
            // The function main is libFuzzer's.
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        )
    ]
)
