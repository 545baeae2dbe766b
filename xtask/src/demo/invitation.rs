//! What the reader can do with the cluster now, and the proof that it works: for who reads lines.

use std::process::Command;

use crate::demo::deed::Deed;
use crate::demo::scene::Scene;
use crate::failure::{Failure, Outcome, ensure};
use crate::teller::Teller;

const KEY: &str = "hello";
const VALUE: &str = "world";

/// Commands to copy.
pub fn text(scene: &Scene) -> String {
    let etcdctl = etcdctl(scene).join(" ");
    let deeds: String = scene.deeds.iter().map(line).collect();
    format!(
        "
  write and read a key:
      {etcdctl} put {KEY} {VALUE}
      {etcdctl} get {KEY}
  hurt it, and here you see it heal:
{deeds}  ask the scheduler what it does, and why:
      curl {}
  stop everything: Ctrl-C

",
        scene.report_url,
    )
}

/// Runs the commands of [`text`] for the reader.
pub fn check(scene: &Scene, teller: &Teller) -> Outcome<()> {
    let base = etcdctl(scene);
    let written = output(&base, &["put", KEY, VALUE])?;
    ensure(written.trim() == "OK", || format!("etcdctl put answered '{written}'"))?;
    let read = output(&base, &["get", KEY])?;
    ensure(read.lines().eq([KEY, VALUE]), || format!("etcdctl get answered '{read}'"))?;
    teller.tell(&format!("etcdctl wrote the key {KEY}, and read it again"));
    Ok(())
}

/// etcd 3.4 and later speak API version 3 without being told; `ETCDCTL_API` may say otherwise.
fn etcdctl(scene: &Scene) -> Vec<String> {
    let urls: Vec<&str> = scene.members.iter().map(|member| member.client_url.as_str()).collect();
    vec![scene.etcdctl.clone(), format!("--endpoints={}", urls.join(","))]
}

fn output(base: &[String], arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(&base[0])
        .args(&base[1..])
        .args(arguments)
        .env_remove("ETCDCTL_API")
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::new(format!("etcdctl {} failed: {stderr}", arguments.join(" ")))),
    }
}

fn line(deed: &Deed) -> String {
    format!("      {:<16} # {}: {}\n", deed.act.command(), deed.whom, deed.effect)
}
