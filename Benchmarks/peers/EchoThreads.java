// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A thread for each client, with blocking sockets. {@code java EchoThreads PORT}. */
public final class EchoThreads {
    private static void echo(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            var input = client.getInputStream();
            var output = client.getOutputStream();
            var buffer = new byte[64 * 1024];
            for (int count; (count = input.read(buffer)) >= 0;) {
                output.write(buffer, 0, count);
            }
        } catch (IOException gone) {
            // The client is gone: only its own thread ends.
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 7008;
        try (var listener = new ServerSocket(port, 4096, InetAddress.getByName("127.0.0.1"))) {
            System.out.println("listening");
            while (true) {
                var client = listener.accept();
                new Thread(() -> echo(client)).start();
            }
        }
    }
}
