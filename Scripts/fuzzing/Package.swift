// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own: no build of a user contains the fuzz targets or their flags. Its folder `Sources` is a link to
// the sources of the package `nitka`, because `package` access ends at a package.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]

let package = Package(
    name: "nitka-fuzz",
    products: [.executable(name: "nitka-fuzz", targets: ["Fuzz"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
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
                "Nitka", "NitkaProbe", "NitkaSystem", .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "RealModule", package: "swift-numerics"),
            ],
            swiftSettings: strict),
        // A library here: an executable would neither be linked to another one, nor leave it its `main`.
        .target(
            name: "NitkaTool",
            dependencies: [
                "Nitka", "NitkaBench", "NitkaCheck", "NitkaEcho", "NitkaProbe", "NitkaSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict + [
                .unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "nitka_main"])
            ]),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Nitka", "NitkaBench", "NitkaCheck", "NitkaProbe", "NitkaSystem", "NitkaTool",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Targets",
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ],
    swiftLanguageModes: [.v6]
)
