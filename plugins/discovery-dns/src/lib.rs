//! The discovery that finds members by the SRV records of mesos-dns, or of any other DNS server.
//!
//! # What is asked
//!
//! The SRV names of `services` in the domain, one group after the other until one has members. Names
//! that differ by `-ssl` alone are a group: they are asked for together and merged, as by etcd's own
//! clients, and members of a `-ssl` name are `https`. Where one address is named both ways it is one
//! member, and `https`.
//!
//! A member's client URL has an address, no name, because only mesos-dns resolves the names of
//! mesos-dns. The addresses are those beside the answer; of a host that has none there the same server
//! is asked, for IPv6 only where there is no IPv4. Each IPv4 address of a host is a member. A host
//! without an address is left out.
//!
//! # The order
//!
//! The trait wants all members, in an order that does not change while they do not. So the lowest
//! priority comes first, then the highest weight, then the client URL. RFC 2782 wants more of a
//! client: no member of a higher priority while one of a lower one can be reached, and a choice by
//! chance among equals. The first of that an order cannot say, and the second it must not. mesos-dns
//! gives all members priority 0 and weight 1.
//!
//! # Who is believed
//!
//! Servers are asked in their order, each with a short start before the next one, and the first that
//! knows members is believed. All that goes into an answer is of one server. An answer must have the
//! ID and the question that were sent; only records of the name that was asked for, or that it is an
//! alias of, count. A truncated answer is asked for again over TCP and never used.
//!
//! | what a server does | what that is |
//! |---|---|
//! | no such name; the name without such a record; the target `.` | `NobodyFound`, if so for all names |
//! | silence, a closed port, SERVFAIL, REFUSED, any other failure, a referral to other servers | `Unavailable` |
//! | truncated, and over TCP refused, cut short or too slow; no DNS; another ID or question; records of another name or type; aliases in a circle; port 0; no address of any member | `Unusable` |
//!
//! Of several servers' failures `NobodyFound` counts before `Unusable`, and that before `Unavailable`;
//! the words are those of all. No answer is ever empty, so who knew members keeps them. A failure at one name
//! of a group (SERVFAIL, REFUSED) is none while another name of it has members, as for etcd's clients.
//!
//! The lowest time to live of all records that were used is how long the source vouches for the
//! answer.
//!
//! # What is absent
//!
//! A cache: each query asks. DNSSEC, TLS and HTTPS towards the servers: an answer is as true as the
//! network is. A search list: the domain is what it is. Aliases whose end the server does not tell by
//! itself are not followed, for servers that resolve tell it.

mod answer;
mod conversation;
mod discovery;
mod exchange;
mod members;
mod plan;
mod question;
mod race;
mod section;
mod server;
mod service;
mod shown;

pub use members::members_of_answer;
pub use section::{MesosDnsPlugin, MesosDnsSection};
