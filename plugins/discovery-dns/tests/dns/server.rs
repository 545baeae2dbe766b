//! A DNS server in this process, at an address of this process's own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use etcd_mesos_testkit::mesos_dns::{Way, answer_to};
use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What the server does with a question.
pub enum Deed {
    Say(Vec<u8>),
    SayLate(Duration, Vec<u8>),
    Nothing,
    /// Says one datagram after the other.
    Both([Vec<u8>; 2]),
    /// Says so many bytes of it, and closes; over TCP alone.
    Cut(usize, Vec<u8>),
    /// Says it byte by byte, each after that time; over TCP alone.
    Trickle(Duration, Vec<u8>),
}

/// How the server behaves.
pub type Manner = Arc<dyn Fn(Way, &Message) -> Deed + Send + Sync>;

struct Shared {
    manner: Mutex<Manner>,
    asked: Mutex<Vec<String>>,
}

/// The server. It ends with the value.
pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Server {
    /// A server that behaves so, at an address that no other process of these tests has.
    pub async fn start(manner: Manner) -> Server {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Server::start_at(Ipv4Addr::new(127, 64 | high & 63, middle, low).into(), manner).await
    }

    /// A server that behaves so, at this address.
    pub async fn start_at(ip: IpAddr, manner: Manner) -> Server {
        let shared = Shared { manner: Mutex::new(manner), asked: Mutex::default() };
        let (udp, tcp) = sockets(ip).await;
        let address = udp.local_addr().unwrap();
        let server = Server { address, shared: Arc::new(shared), tasks: Mutex::default() };
        server.serve(udp, Some(tcp));
        server
    }

    /// From now on it behaves so.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// What it was asked so far: `udp SRV name`.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Nobody listens, neither over UDP nor over TCP.
    pub async fn down(&self) {
        let tasks: Vec<_> = self.tasks.lock().unwrap().drain(..).collect();
        for task in tasks {
            task.abort();
            drop(task.await);
        }
    }

    /// It listens again, where it did.
    pub async fn up(&self) {
        self.down().await;
        let udp = UdpSocket::bind(self.address).await.unwrap();
        let tcp = TcpListener::bind(self.address).await.unwrap();
        self.serve(udp, Some(tcp));
    }

    /// It listens over UDP alone.
    pub async fn without_tcp(&self) {
        self.down().await;
        self.serve(UdpSocket::bind(self.address).await.unwrap(), None);
    }

    fn serve(&self, udp: UdpSocket, tcp: Option<TcpListener>) {
        let mut tasks = self.tasks.lock().unwrap();
        tasks.push(tokio::spawn(serve_udp(self.shared.clone(), udp)));
        tasks.extend(tcp.map(|tcp| tokio::spawn(serve_tcp(self.shared.clone(), tcp))));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.lock().unwrap().iter().for_each(JoinHandle::abort);
    }
}

/// A port that is free both ways.
async fn sockets(ip: IpAddr) -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((ip, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port of {ip} is free both ways");
}

impl Shared {
    fn deed(&self, way: Way, bytes: &[u8]) -> Deed {
        let question = Message::from_vec(bytes).expect("a question");
        let query = question.queries.first().expect("a query");
        let way_name = if way == Way::Udp { "udp" } else { "tcp" };
        let asked = format!("{way_name} {} {}", query.query_type(), query.name().to_ascii());
        self.asked.lock().unwrap().push(asked);
        let manner = self.manner.lock().unwrap().clone();
        manner(way, &question)
    }
}

async fn serve_udp(shared: Arc<Shared>, socket: UdpSocket) {
    let mut buffer = vec![0; 65_535];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        match shared.deed(Way::Udp, &buffer[..length]) {
            Deed::Say(bytes) => drop(socket.send_to(&bytes, client).await),
            Deed::SayLate(delay, bytes) => {
                sleep(delay).await;
                drop(socket.send_to(&bytes, client).await);
            }
            Deed::Both(both) => {
                for bytes in both {
                    drop(socket.send_to(&bytes, client).await);
                }
            }
            Deed::Nothing | Deed::Cut(..) | Deed::Trickle(..) => (),
        }
    }
}

async fn serve_tcp(shared: Arc<Shared>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move { drop(converse(&shared, stream).await) });
    }
}

async fn converse(shared: &Shared, mut stream: TcpStream) -> std::io::Result<()> {
    let length = stream.read_u16().await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    let framed = |bytes: Vec<u8>| [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat();
    match shared.deed(Way::Tcp, &bytes) {
        Deed::Say(bytes) => stream.write_all(&framed(bytes)).await,
        Deed::SayLate(delay, bytes) => {
            sleep(delay).await;
            stream.write_all(&framed(bytes)).await
        }
        Deed::Cut(at, bytes) => stream.write_all(&framed(bytes)[..at]).await,
        Deed::Trickle(pause, bytes) => {
            for byte in framed(bytes) {
                stream.write_all(&[byte]).await?;
                sleep(pause).await;
            }
            Ok(())
        }
        Deed::Both(_) | Deed::Nothing => std::future::pending().await,
    }
}
