//! The project's own chores: figures, fresh.
