//! Replays a transcript, and says where it is decided otherwise today: `cargo xtask replay FILE`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1).filter(|_| std::env::args_os().len() == 2) else {
        eprintln!("error: name one file, a transcript");
        return ExitCode::from(64);
    };
    let read = std::fs::read_to_string(&path).map_err(Into::into);
    let replayed = read.and_then(|text| etcd_mesos_sim::replay::replay(&text).map_err(Into::into));
    match replayed {
        Ok(replay) => {
            eprint!("{replay}");
            let is_same = replay.difference.is_none() && replay.broken.is_empty();
            if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => refuse(&path.to_string_lossy(), error),
    }
}

fn refuse(path: &str, error: Box<dyn std::error::Error>) -> ExitCode {
    eprintln!("error: {path}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}
