// SPDX-License-Identifier: Apache-2.0
//! A thread for each client, with the standard library only. `echo_threads PORT`.
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn echo(mut client: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => client.write_all(&buffer[..count])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn main() -> io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(7008);
    // std chooses the backlog, and has no option for it.
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening");
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        let _ = thread::Builder::new().spawn(move || echo(client));
    }
    Ok(())
}
