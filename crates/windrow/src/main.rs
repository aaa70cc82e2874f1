//! The windrow binary.

fn main() {}
