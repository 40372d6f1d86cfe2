//! The `testribute` command.

fn main() {}
