//! The binary's promises, on real repositories and real processes.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod agents;
mod ahead;
mod audit;
mod bad_input;
mod bench;
mod broken_journal;
mod chaos;
mod checkout;
mod consent;
mod crash_points;
mod damage;
mod demo;
mod disk;
mod documents;
mod endings;
mod frames;
mod homes;
mod keeping;
mod landing;
mod looking;
mod looking_back;
mod machine;
mod network_disk;
mod odd_disks;
mod odd_huge;
mod odd_machine;
mod odd_repos;
mod odd_signing;
mod odd_terminals;
mod past;
mod place;
mod plans;
mod progress;
mod pruning;
mod real_clients;
mod restoring;
mod schemas;
mod scopes;
mod seeing;
mod talk;
mod task_files;
mod terminals;
mod tree_names;
mod words;
