#!/usr/bin/env python3
"""Writes mesos-v1.txt: what Mesos itself says of its v1 messages, one fact a line.

PyPI's `mesos.scheduler` 1.11.0 is an extension module into which all of libmesos is linked. Like
every C++ program that uses protobuf it carries the serialized descriptors of its own messages; they
are found there and printed as facts: names, numbers, types, labels. Nothing is renamed: these are
the descriptors of the package `mesos.v1` itself, not those of the unversioned `mesos`.

    TMPDIR=/tmp/x pip download --no-clean --no-deps --no-binary :all: -d /tmp/x \
        'mesos.scheduler===1.11.0.linux-x86_64'       # it "fails": the archive is no sdist
    ./extract.py "$(find /tmp/x -name _scheduler.so)" > mesos-v1.txt
"""

import hashlib
import sys

FILES = ["mesos/v1/mesos.proto", "mesos/v1/scheduler/scheduler.proto", "mesos/v1/executor/executor.proto"]
LABELS = {1: "optional", 2: "required", 3: "repeated"}
# descriptor.proto, FieldDescriptorProto.Type
TYPES = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string", 12: "bytes", 13: "uint32"}
MESSAGE, ENUM = 11, 14


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The (number, value) pairs of one message; descriptors use no other wire types."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def descriptor(library, name):
    """A FileDescriptorProto begins with its own name and ends before the first impossible key."""
    mark = b"\x0a" + bytes([len(name)]) + name.encode()
    start = library.index(mark)
    assert library.find(mark, start + 1) < 0, f"{name} is there twice"
    at = start
    while 1 <= library[at] >> 3 <= 12 and library[at] & 7 == 2:
        size, after = varint(library, at + 1)
        at = after + size
    return library[start:at]


def one(pairs, number, default=None):
    return next((value for key, value in pairs if key == number), default)


def print_field(owner, data):
    pairs = list(fields(data))
    kind = one(pairs, 5)
    if kind in (MESSAGE, ENUM):
        shown = one(pairs, 6).decode().lstrip(".")
        shown = ("enum " if kind == ENUM else "message ") + shown
    else:
        shown = TYPES[kind]
    print(f"field {owner} {one(pairs, 1).decode()} {one(pairs, 3)} {LABELS[one(pairs, 4)]} {shown}")


def print_enum(prefix, data):
    pairs = list(fields(data))
    name = f"{prefix}.{one(pairs, 1).decode()}"
    print(f"enum {name}")
    for value in (list(fields(v)) for k, v in pairs if k == 2):
        print(f"value {name} {one(value, 1).decode()} {one(value, 2, 0)}")


def print_message(prefix, data):
    pairs = list(fields(data))
    name = f"{prefix}.{one(pairs, 1).decode()}"
    print(f"message {name}")
    for number, value in pairs:
        if number == 2:
            print_field(name, value)
    for number, value in pairs:
        if number == 3:
            print_message(name, value)
        elif number == 4:
            print_enum(name, value)


def main():
    library = open(sys.argv[1], "rb").read()
    print("# Facts of the Mesos v1 API: messages, enums, and each field's number, label and type.")
    print("# From: PyPI mesos.scheduler 1.11.0.linux-x86_64, _scheduler.so, by extract.py")
    print(f"# SHA-256 of _scheduler.so: {hashlib.sha256(library).hexdigest()}")
    for name in FILES:
        pairs = list(fields(descriptor(library, name)))
        package = one(pairs, 2).decode()
        for number, value in pairs:
            if number == 4:
                print_message(package, value)
            elif number == 5:
                print_enum(package, value)


main()
