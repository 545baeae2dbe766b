//! What others do on this machine.

use std::fs;

/// Hundredths of a second.
const TICKS: f64 = 100.0;

/// Seconds of a processor that a process has used; none of one that is over.
pub fn used(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / TICKS
}

/// Seconds of a processor that were used by other processes than these since the machine began.
pub fn others(pids: &[u32]) -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let all: Vec<f64> = stat
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    // user, nice, system, irq, softirq; and not idle, nor waiting for a disk.
    let busy = (all[0] + all[1] + all[2] + all[5] + all[6]) / TICKS;
    busy - pids.iter().map(|pid| used(*pid)).sum::<f64>()
}
