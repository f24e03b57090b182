// SPDX-License-Identifier: Apache-2.0

// A goroutine for each client calls io.Copy, which uses splice(2) where it can. `echo_go PORT`.
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
	listener, err := net.Listen("tcp", "127.0.0.1:"+port) // backlog: net.core.somaxconn; TCP_NODELAY is on
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
