// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "DecisionClient",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0")
    ],
    targets: [
        .executableTarget(
            name: "DecisionClient",
            dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")]
        )
    ]
)
