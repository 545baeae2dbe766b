//! What an executor of an exchange heard, written down in its sandbox.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use bytes::Bytes;

use crate::wire::{Answer, Head};

const FILE: &str = "heard";

#[derive(Clone, Debug)]
pub enum Entry {
    /// What its agent says of itself in the environment.
    Variables(Vec<(String, String)>),
    /// A call and its answer.
    Answer(String, Answer),
    Record(Bytes),
    /// The end of its stream.
    End,
}

/// Adds an entry; whole, whenever the executor is killed.
pub fn write(sandbox: &Path, entry: &Entry) {
    let parts: Vec<Vec<u8>> = match entry {
        Entry::Variables(variables) => {
            let both = variables.iter().flat_map(|(name, value)| [name, value]);
            [vec![b"V".to_vec()], both.map(|text| text.clone().into_bytes()).collect()].concat()
        }
        Entry::Answer(call, answer) => {
            let Head { status, headers } = &answer.head;
            let texts = headers.iter().flat_map(|(name, value)| [name, value]);
            let texts = [call, status].into_iter().chain(texts);
            let texts = texts.map(|text| text.clone().into_bytes()).collect();
            [vec![b"A".to_vec(), answer.body.clone()], texts].concat()
        }
        Entry::Record(record) => vec![b"R".to_vec(), record.to_vec()],
        Entry::End => vec![b"E".to_vec()],
    };
    let mut bytes = size(parts.len());
    for part in parts {
        bytes.extend(size(part.len()));
        bytes.extend(part);
    }
    let mut file = OpenOptions::new().create(true).append(true).open(sandbox.join(FILE)).unwrap();
    file.write_all(&bytes).unwrap();
}

/// All entries; none where the executor never ran.
pub fn read(sandbox: &Path) -> Vec<Entry> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(sandbox.join(FILE)) {
        file.read_to_end(&mut bytes).unwrap();
    }
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let count = take_size(&mut rest);
        let parts = (0..count).map(|_| take(&mut rest)).collect::<Vec<_>>();
        entries.push(entry(&parts));
    }
    entries
}

fn entry(parts: &[Vec<u8>]) -> Entry {
    let text = |part: &Vec<u8>| String::from_utf8(part.clone()).unwrap();
    let pairs = |parts: &[Vec<u8>]| {
        parts.chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect::<Vec<_>>()
    };
    match (parts[0].as_slice(), &parts[1..]) {
        (b"V", variables) => Entry::Variables(pairs(variables)),
        (b"A", [body, call, status, headers @ ..]) => {
            let head = Head { status: text(status), headers: pairs(headers) };
            Entry::Answer(text(call), Answer { head, body: body.clone() })
        }
        (b"R", [record]) => Entry::Record(record.clone().into()),
        _ => Entry::End,
    }
}

fn size(of: usize) -> Vec<u8> {
    u32::try_from(of).unwrap().to_le_bytes().to_vec()
}

fn take_size(rest: &mut &[u8]) -> usize {
    let (size, left) = rest.split_at(4);
    *rest = left;
    u32::from_le_bytes(size.try_into().unwrap()) as usize
}

fn take(rest: &mut &[u8]) -> Vec<u8> {
    let size = take_size(rest);
    let (taken, left) = rest.split_at(size);
    *rest = left;
    taken.to_vec()
}
