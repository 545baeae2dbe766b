//! The least that a hop can cost: for each connection two threads that read and write, and nothing else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// What a thread needs to call `read` and `write`.
const STACK: usize = 256 * 1024;

/// Relays from one address to another, for ever.
pub fn be(address: &str, to: &str) {
    let listener = TcpListener::bind(address).unwrap();
    for client in listener.incoming() {
        let client = client.unwrap();
        let member = TcpStream::connect(to).unwrap();
        for stream in [&client, &member] {
            stream.set_nodelay(true).unwrap();
        }
        let (client_too, member_too) = (client.try_clone().unwrap(), member.try_clone().unwrap());
        for (from, to) in [(client, member), (member_too, client_too)] {
            thread::Builder::new().stack_size(STACK).spawn(|| pass(from, to)).unwrap();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = vec![0; 128 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
