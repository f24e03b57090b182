// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Beside the tool, whose echo is `forward(to:)`: what a handler costs that awaits every message.

import PackageDescription

let package = Package(
    name: "nitka-await",
    dependencies: [.package(name: "nitka", path: "../../..")],
    targets: [
        .executableTarget(name: "echo-await", dependencies: [.product(name: "Nitka", package: "nitka")])
    ]
)
