// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "nitka",
    products: [
        .library(name: "Nitka", targets: ["Nitka"]),
        .library(name: "NitkaEcho", targets: ["NitkaEcho"]),
        .library(name: "NitkaProbe", targets: ["NitkaProbe"]),
        .executable(name: "nitka", targets: ["NitkaTool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // What hdrhistogram-swift stands on anyway: logarithms without importing the C library.
        .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .target(name: "CNitkaLinux"),
        .target(name: "NitkaKernel", dependencies: ["CNitkaLinux"], swiftSettings: strict),
        .target(name: "Nitka", dependencies: ["NitkaKernel"], swiftSettings: strict),
        .target(name: "NitkaEcho", dependencies: ["Nitka"], swiftSettings: strict),
        .target(
            name: "NitkaProbe",
            dependencies: [
                "Nitka", "NitkaKernel", .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "RealModule", package: "swift-numerics"),
            ],
            swiftSettings: strict),
        // The folder is not called `nitka`: beside `Nitka` it would collide on a disk that ignores case.
        .executableTarget(
            name: "NitkaTool",
            dependencies: [
                "Nitka", "NitkaEcho", "NitkaKernel", "NitkaProbe",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NitkaTests", dependencies: ["Nitka", "NitkaEcho", "NitkaKernel"], swiftSettings: strict),
        .testTarget(
            name: "ProbeTests",
            dependencies: [
                "Nitka", "NitkaEcho", "NitkaKernel", "NitkaProbe",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "Nitka", "NitkaEcho", "NitkaKernel", "NitkaProbe", "NitkaTool",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
