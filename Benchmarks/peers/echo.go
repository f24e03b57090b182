// SPDX-License-Identifier: Apache-2.0

// A goroutine for each client and io.Copy, which splices where it can. `echo_go PORT`.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
)

func echo(client net.Conn) {
	defer client.Close()
	io.Copy(client, client)
}

func main() {
	port := "7008"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port) // the backlog is what the machine allows, TCP_NODELAY is on
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening")
	for {
		client, err := listener.Accept()
		if err != nil {
			continue
		}
		go echo(client)
	}
}
