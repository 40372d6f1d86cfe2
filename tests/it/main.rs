//! The integration tests, one binary: each module is one part of the contract.

mod config;
