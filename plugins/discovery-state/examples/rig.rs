//! How long the first query takes, from a `/state` of 79 MB and of 790 MB over loopback HTTP, and how much memory.
//!
//! ```text
//! cargo run --release -p etcd-mesos-discovery-state --example rig            # 79 MB
//! cargo run --release -p etcd-mesos-discovery-state --example rig -- huge    # 790 MB
//! cargo run --release -p etcd-mesos-discovery-state --example rig -- slow    # 79 MB at 12 MB/s
//! ```
//!
//! The master is another process, so that the memory is the discovery's alone.

#[path = "../tests/large/mod.rs"]
mod large;

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_state::{Gates, MasterAddress, MesosStateSection, StateDiscovery};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SLOW_BYTES_PER_SECOND: u64 = 12_000_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", file, speed] => Ok(serve(Path::new(file), speed.parse()?)?),
        ["ask", master] => ask(master),
        [] => measure(large::LARGE, 0),
        ["huge"] => measure(large::HUGE, 0),
        ["slow"] => measure(large::LARGE, SLOW_BYTES_PER_SECOND),
        _ => Err("say nothing, `huge` or `slow`".into()),
    }
}

fn measure(size: large::Size, bytes_per_second: u64) -> Outcome<()> {
    let file = generated(size)?;
    say(&format!("{} MB, {size:?}", file.metadata()?.len() / 1_000_000));
    let mut master = again(&["serve", &file.display().to_string(), &bytes_per_second.to_string()])?;
    let mut place = String::new();
    BufReader::new(master.stdout.take().ok_or("no output")?).read_line(&mut place)?;
    let asked = again(&["ask", place.trim()])?.wait_with_output()?;
    master.kill()?;
    master.wait()?;
    std::fs::remove_file(file)?;
    io::stdout().write_all(&asked.stdout)?;
    if asked.status.success() { Ok(()) } else { Err("nothing was found".into()) }
}

fn again(arguments: &[&str]) -> Outcome<Child> {
    let this = std::env::current_exe()?;
    Ok(Command::new(this).args(arguments).stdout(Stdio::piped()).spawn()?)
}

fn say(words: &str) {
    let _ = writeln!(io::stdout(), "{words}");
}

/// The state, in a file beside this program.
fn generated(size: large::Size) -> Outcome<PathBuf> {
    let this = std::env::current_exe()?;
    let file = this.with_file_name(format!("state-{}.json", size.tasks));
    let mut to = BufWriter::new(File::create(&file)?);
    large::write(size, &mut to)?;
    to.flush()?;
    Ok(file)
}

/// The first query of a process, and what it took.
fn ask(master: &str) -> Outcome<()> {
    let section = MesosStateSection {
        master: MasterAddress::new(master),
        interval: Span(Duration::from_millis(1)),
        ..MesosStateSection::default()
    };
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let discovery = StateDiscovery::new(section, &large::FRAMEWORK.parse()?, &Gates::default());
    let members = runtime.block_on(discovery.members())?;
    let took = begun.elapsed();
    assert_eq!(members.found.len(), large::MEMBERS.len());
    say(&format!("members after {took:?}"));
    for line in std::fs::read_to_string("/proc/self/status")?.lines() {
        if line.starts_with("VmHWM") {
            say(line);
        }
    }
    Ok(())
}

/// A master that knows nothing but its state.
fn serve(file: &Path, bytes_per_second: u64) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&listener.local_addr()?.to_string());
    io::stdout().flush()?;
    for stream in listener.incoming() {
        // Whoever asked may be gone.
        let _ = answer(stream?, file, bytes_per_second);
    }
    Ok(())
}

fn answer(mut stream: TcpStream, file: &Path, bytes_per_second: u64) -> io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )?;
    let (begun, mut sent, mut buffer) = (Instant::now(), 0, vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read])?;
        sent += read as u64;
        if bytes_per_second > 0 {
            let due = Duration::from_secs_f64(sent as f64 / bytes_per_second as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
}
