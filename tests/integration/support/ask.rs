//! A question to an HTTP server here.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// What the service at this port answers, now.
pub(crate) fn ask(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
