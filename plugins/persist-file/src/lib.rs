//! The state store that keeps the record in one local file.
