#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| etcd_mesos_fuzz_targets::members_list(bytes));
