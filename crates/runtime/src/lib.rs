//! The driver around the core: performs its actions, serves its reports.
