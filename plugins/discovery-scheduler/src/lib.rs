//! The discovery that asks our scheduler for the members, and is told of changes.
