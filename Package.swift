// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What only the tool and its tests need: a package that disables the trait `Tool` fetches none of it.
func tool(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Tool"]))
}

let package = Package(
    name: "nitka",
    products: [
        .library(name: "Nitka", targets: ["Nitka"]),
        .library(name: "NitkaEcho", targets: ["NitkaEcho"]),
        .library(name: "NitkaCheck", targets: ["NitkaCheck"]),
        .library(name: "NitkaBench", targets: ["NitkaBench"]),
        .executable(name: "nitka", targets: ["NitkaTool"]),
    ],
    traits: [
        .trait(name: "Tool", description: "The tool `nitka`, `NitkaBench`, and the packages that they depend on."),
        .default(enabledTraits: ["Tool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // hdrhistogram-swift depends on it too: logarithms without importing the C library.
        .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // The command `generate-documentation`. No target uses it, so a package that depends on this one never fetches it.
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(name: "CNitkaLinux"),
        .target(name: "NitkaSystem", dependencies: ["CNitkaLinux"], swiftSettings: strict),
        .target(name: "Nitka", dependencies: ["NitkaSystem"], swiftSettings: strict),
        .target(name: "NitkaEcho", dependencies: ["Nitka"], swiftSettings: strict),
        .target(name: "NitkaProbe", dependencies: ["Nitka", "NitkaSystem"], swiftSettings: strict),
        .target(name: "NitkaCheck", dependencies: ["Nitka", "NitkaProbe", "NitkaSystem"], swiftSettings: strict),
        .target(
            name: "NitkaBench",
            dependencies: [
                "Nitka", "NitkaProbe", "NitkaSystem", tool("Histogram", "hdrhistogram-swift"),
                tool("RealModule", "swift-numerics"),
            ],
            swiftSettings: strict),
        // The folder is not called `nitka`: beside `Nitka` it would collide on a disk that ignores case.
        .executableTarget(
            name: "NitkaTool",
            dependencies: [
                "Nitka", "NitkaBench", "NitkaCheck", "NitkaEcho", "NitkaProbe", "NitkaSystem",
                tool("ArgumentParser", "swift-argument-parser"), tool("Logging", "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NitkaTests", dependencies: ["Nitka", "NitkaEcho", "NitkaSystem"], swiftSettings: strict),
        .testTarget(
            name: "ProbeTests",
            dependencies: [
                "Nitka", "NitkaBench", "NitkaCheck", "NitkaEcho", "NitkaProbe", "NitkaSystem",
                tool("Histogram", "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "Nitka", "NitkaBench", "NitkaCheck", "NitkaEcho", "NitkaProbe", "NitkaSystem", "NitkaTool",
                tool("Histogram", "hdrhistogram-swift"), tool("Subprocess", "swift-subprocess"),
                tool("SystemPackage", "swift-system"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
