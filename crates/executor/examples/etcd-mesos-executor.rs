//! x
fn main() -> std::process::ExitCode {
    etcd_mesos_executor::executor_main(std::env::args_os().skip(1))
}
