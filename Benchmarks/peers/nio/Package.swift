// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// A separate package: Nitka is compared with SwiftNIO and does not depend on it.

import PackageDescription

let package = Package(
    name: "echo-nio",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: [
        .executableTarget(
            name: "echo-nio",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ])
    ]
)
