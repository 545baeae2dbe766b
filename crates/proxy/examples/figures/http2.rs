//! As much of gRPC over HTTP/2 as one call at a time on one connection needs, so that the load costs
//! little beside what is measured.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const HEAD: usize = 9;
/// The largest window that there is.
const WINDOW: u32 = 0x7fff_ffff;
const WINDOW_AT_FIRST: u32 = 65_535;

/// A call, encoded but for the number of its stream.
#[derive(Clone)]
pub struct Call {
    headers: Vec<u8>,
    data: Vec<u8>,
}

impl Call {
    /// A call of a method with an encoded message.
    pub fn new(method: &str, message: &[u8]) -> Call {
        let mut headers = vec![0x83, 0x86];
        literal(&mut headers, &[0x04], method);
        literal(&mut headers, &[0x01], "etcd");
        literal(&mut headers, &[0x0f, 0x10], "application/grpc");
        literal(&mut headers, &[0x00, 2, b't', b'e'], "trailers");
        let mut data = vec![0];
        data.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        data.extend(message);
        Call { headers, data }
    }

    fn write(&self, stream: u32, out: &mut Vec<u8>) {
        frame(out, HEADERS, END_HEADERS, stream, &self.headers);
        frame(out, DATA, END_STREAM, stream, &self.data);
    }
}

/// A header of HPACK without indexing and without Huffman's code.
fn literal(out: &mut Vec<u8>, name: &[u8], value: &str) {
    out.extend(name);
    out.push(u8::try_from(value.len()).unwrap());
    out.extend(value.as_bytes());
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend(&u32::try_from(payload.len()).unwrap().to_be_bytes()[1..]);
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
}

/// One connection, one call at a time.
pub struct Connection {
    socket: TcpStream,
    stream: u32,
    out: Vec<u8>,
    input: Vec<u8>,
    /// Where in the input the next frame begins.
    begin: usize,
    /// Bytes of data since the window was last made larger.
    taken: u32,
}

impl Connection {
    pub async fn open(address: &str) -> io::Result<Connection> {
        let mut socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let mut out = PREFACE.to_vec();
        let setting = |id: u8, value: u32| [&[0, id][..], &value.to_be_bytes()].concat();
        // No table of headers, and a window that is never in the way.
        frame(&mut out, SETTINGS, 0, 0, &[setting(1, 0), setting(4, WINDOW)].concat());
        frame(&mut out, WINDOW_UPDATE, 0, 0, &(WINDOW - WINDOW_AT_FIRST).to_be_bytes());
        socket.write_all(&out).await?;
        out.clear();
        Ok(Connection { socket, stream: 1, out, input: Vec::new(), begin: 0, taken: 0 })
    }

    /// Performs a call; how many bytes its answer has. An answer without a message is an error.
    pub async fn call(&mut self, call: &Call) -> io::Result<usize> {
        call.write(self.stream, &mut self.out);
        self.socket.write_all(&self.out).await?;
        self.out.clear();
        let mut bytes = 0;
        loop {
            let frame = self.next().await?;
            if frame.stream == self.stream && frame.kind == DATA {
                bytes += frame.length;
            }
            if frame.stream == self.stream && frame.is_last() {
                break;
            }
        }
        self.stream += 2;
        if bytes == 0 { Err(io::Error::other("etcd refused the call")) } else { Ok(bytes) }
    }

    /// The next frame, answered where HTTP/2 wants an answer.
    async fn next(&mut self) -> io::Result<Frame> {
        let frame = loop {
            if let Some(frame) = Frame::first(&self.input[self.begin..]) {
                break frame;
            }
            self.input.drain(..self.begin);
            self.begin = 0;
            self.input.reserve(64 * 1024);
            if self.socket.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let end = self.begin + HEAD + frame.length;
        let payload = &self.input[self.begin + HEAD..end];
        match (frame.kind, frame.flags & ACK) {
            (SETTINGS, 0) => frame_out(&mut self.out, SETTINGS, &[]),
            (PING, 0) => frame_out(&mut self.out, PING, payload),
            (GOAWAY, _) => return Err(io::Error::other("etcd goes away")),
            _ => {}
        }
        self.begin = end;
        if frame.kind == DATA {
            self.take(frame.length);
        }
        if !self.out.is_empty() {
            self.socket.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(frame)
    }

    fn take(&mut self, length: usize) {
        self.taken += u32::try_from(length).unwrap();
        if self.taken > WINDOW / 2 {
            frame(&mut self.out, WINDOW_UPDATE, 0, 0, &self.taken.to_be_bytes());
            self.taken = 0;
        }
    }
}

fn frame_out(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    frame(out, kind, ACK, 0, payload);
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    length: usize,
}

impl Frame {
    /// The frame that stands whole at the beginning.
    fn first(input: &[u8]) -> Option<Frame> {
        let head = input.get(..HEAD)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let length = number(&head[..3]) as usize;
        let stream = number(&head[5..]) & WINDOW;
        (input.len() >= HEAD + length).then_some(Frame {
            kind: head[3],
            flags: head[4],
            stream,
            length,
        })
    }

    fn is_last(&self) -> bool {
        self.kind == RST_STREAM
            || (self.flags & END_STREAM != 0 && matches!(self.kind, DATA | HEADERS))
    }
}
