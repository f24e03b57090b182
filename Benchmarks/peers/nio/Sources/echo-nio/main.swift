// SPDX-License-Identifier: Apache-2.0
// An echo server in SwiftNIO's usual form, with one event loop per core that the process may use. `echo-nio PORT`.

import Glibc
import NIOCore
import NIOPosix

/// Echoes what it reads, and flushes once per batch of reads.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Half-close is allowed below: the buffered bytes are sent before the FIN.
        if case .inputClosed? = event as? ChannelEvent {
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer())).whenComplete { [channel = context.channel] _ in
                channel.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The number of cores in this process's affinity mask, which `System.coreCount` ignores.
private func usableCores() -> Int {
    guard let status = fopen("/proc/self/status", "re") else { return System.coreCount }
    defer { fclose(status) }
    let label = "Cpus_allowed:\t"
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), status) != nil {
        guard strncmp(line, label, label.utf8.count) == 0 else { continue }
        return line[label.utf8.count...].reduce(0) { cores, digit in
            cores + (Character(UnicodeScalar(UInt8(bitPattern: digit))).hexDigitValue ?? 0).nonzeroBitCount
        }
    }
    return System.coreCount
}

let port = Int(CommandLine.arguments.dropFirst().first ?? "") ?? 7009
let group = MultiThreadedEventLoopGroup(numberOfThreads: usableCores())
let bootstrap = ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
    }
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelOption(.allowRemoteHalfClosure, value: true)
    .childChannelOption(.maxMessagesPerRead, value: 16)
    .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 2048, maximum: 65536))

let channel = try bootstrap.bind(host: "127.0.0.1", port: port).wait()
print("listening on port \(port)")
fflush(nil)
try channel.closeFuture.wait()
