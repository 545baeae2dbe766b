//! What an agent has: amounts that are given out and come back.

use std::collections::BTreeMap;

use etcd_mesos_core::offer::Milli;

/// An amount of each resource of the default role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// CPUs.
    pub cpus: Milli,
    /// Memory, in megabytes.
    pub mem: Milli,
    /// Disk, in megabytes.
    pub disk: Milli,
    /// Ports, both ends included, ordered and apart.
    ports: Vec<(u16, u16)>,
}

impl Holding {
    /// Those amounts, and ports as ranges in any order.
    pub fn new(cpus: Milli, mem: Milli, disk: Milli, ports: &[(u16, u16)]) -> Holding {
        Holding { cpus, mem, disk, ports: joined(ports.to_vec()) }
    }

    /// The ports, as ranges that are ordered and apart.
    pub fn ports(&self) -> &[(u16, u16)] {
        &self.ports
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Holding::default()
    }

    /// Whether all of the other is in this one.
    pub fn contains(&self, other: &Holding) -> bool {
        let has_port_range =
            |(begin, end): &(u16, u16)| self.ports.iter().any(|(b, e)| b <= begin && end <= e);
        self.cpus >= other.cpus
            && self.mem >= other.mem
            && self.disk >= other.disk
            && other.ports.iter().all(has_port_range)
    }

    /// Both together.
    #[must_use]
    pub fn with(&self, other: &Holding) -> Holding {
        let ports = self.ports.iter().chain(&other.ports).copied().collect();
        Holding {
            cpus: Milli(self.cpus.0 + other.cpus.0),
            mem: Milli(self.mem.0 + other.mem.0),
            disk: Milli(self.disk.0 + other.disk.0),
            ports: joined(ports),
        }
    }

    /// What is left without the other; nothing below zero.
    #[must_use]
    pub fn without(&self, other: &Holding) -> Holding {
        let left = |a: Milli, b: Milli| Milli(a.0.saturating_sub(b.0));
        let ports = other.ports.iter().fold(self.ports.clone(), |ports, taken| cut(&ports, *taken));
        Holding {
            cpus: left(self.cpus, other.cpus),
            mem: left(self.mem, other.mem),
            disk: left(self.disk, other.disk),
            ports,
        }
    }

    /// As Mesos writes what a task asks for.
    pub(crate) fn asked_for(&self, role: &str) -> String {
        joined_words(self.scalars(role).chain(self.port_words(role)))
    }

    /// As Mesos writes what is on offer: the ports come first (tried: tasks_refused).
    pub(crate) fn offered(&self, role: &str) -> String {
        joined_words(self.port_words(role).into_iter().chain(self.scalars(role)))
    }

    fn scalars(&self, role: &str) -> impl Iterator<Item = String> {
        let all = [("cpus", self.cpus), ("mem", self.mem), ("disk", self.disk)];
        let there = all.into_iter().filter(|(_, amount)| amount.0 > 0);
        there.map(move |(name, amount)| format!("{name}(allocated: {role}):{amount}"))
    }

    fn port_words(&self, role: &str) -> Option<String> {
        let ranges = self.ports.iter().map(|(begin, end)| format!("{begin}-{end}"));
        let ranges: Vec<String> = ranges.collect();
        (!ranges.is_empty()).then(|| format!("ports(allocated: {role}):[{}]", ranges.join(", ")))
    }

    /// Whether Mesos would offer it: enough CPU or memory to be of use (`MIN_CPUS` 0.01, `MIN_MEM`
    /// 32 MB in `src/master/constants.hpp`).
    pub(crate) fn is_offerable(&self) -> bool {
        self.cpus >= Milli(10) || self.mem >= Milli::whole(32)
    }

    /// The largest part of the whole that it takes of any resource, in thousandths.
    pub(crate) fn share_of(&self, whole: &Holding) -> u64 {
        let share = |part: Milli, all: Milli| part.0.saturating_mul(1000) / all.0.max(1);
        share(self.cpus, whole.cpus)
            .max(share(self.mem, whole.mem))
            .max(share(self.disk, whole.disk))
    }
}

fn joined_words(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join("; ")
}

/// The same ports in ranges that are ordered and apart.
fn joined(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.retain(|(begin, end)| begin <= end);
    ranges.sort_unstable();
    let mut whole: BTreeMap<u16, u16> = BTreeMap::new();
    for (begin, end) in ranges {
        match whole.last_entry() {
            Some(mut last) if u32::from(*last.get()) + 1 >= u32::from(begin) => {
                let longest = (*last.get()).max(end);
                last.insert(longest);
            }
            _ => {
                whole.insert(begin, end);
            }
        }
    }
    whole.into_iter().collect()
}

/// Ranges without one range.
fn cut(ranges: &[(u16, u16)], (from, to): (u16, u16)) -> Vec<(u16, u16)> {
    let mut left = Vec::new();
    for &(begin, end) in ranges {
        if to < begin || end < from {
            left.push((begin, end));
            continue;
        }
        if begin < from {
            left.push((begin, from - 1));
        }
        if to < end {
            left.push((to + 1, end));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(cpus: u64, ports: &[(u16, u16)]) -> Holding {
        Holding::new(Milli(cpus), Milli(0), Milli(0), ports)
    }

    #[test]
    fn ports_are_taken_out_of_the_middle_and_come_back() {
        let whole = of(1000, &[(10, 20), (30, 40)]);
        let part = of(200, &[(12, 13), (20, 20), (30, 30)]);
        let rest = whole.without(&part);
        assert_eq!(rest.ports(), [(10, 11), (14, 19), (31, 40)]);
        assert_eq!(rest.cpus, Milli(800));
        assert!(whole.contains(&part) && !rest.contains(&part));
        assert_eq!(rest.with(&part), whole);
    }

    #[test]
    fn the_last_port_overflows_nothing() {
        let whole = of(0, &[(65_534, 65_535), (0, 1)]);
        assert_eq!(
            whole.without(&of(0, &[(65_535, 65_535), (0, 0)])).ports(),
            [(1, 1), (65_534, 65_534)]
        );
    }

    proptest! {
        #[test]
        fn what_is_taken_and_given_back_is_the_whole(
            ranges in prop::collection::vec((0_u16..60, 0_u16..9), 1..6),
            picks in prop::collection::vec(0_usize..100, 0..12),
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(b, n)| (b, b + n)).collect();
            let whole = of(5, &ranges);
            let all: Vec<u16> = whole.ports().iter().flat_map(|&(b, e)| b..=e).collect();
            let part: Vec<_> = picks.iter().map(|i| all[i % all.len()]).map(|p| (p, p)).collect();
            let part = of(3, &part);
            prop_assert!(whole.contains(&part));
            let rest = whole.without(&part);
            prop_assert!(rest.ports().iter().flat_map(|&(b, e)| b..=e).all(|p| !part.contains(&of(0, &[(p, p)]))));
            prop_assert_eq!(rest.with(&part), whole);
        }
    }
}
