// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// The README's two handlers as a server, to measure what a user's handler costs.

import PackageDescription

let package = Package(
    name: "nitka-readme",
    dependencies: [.package(name: "nitka", path: "../../..", traits: [])],
    targets: [
        .executableTarget(name: "echo-readme", dependencies: [.product(name: "Nitka", package: "nitka")])
    ]
)
