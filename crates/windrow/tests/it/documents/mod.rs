//! What README and guide show is what happens: each of their blocks is run, and compared.
//!
//! A page is run from top to bottom in one place, in the home of a person called Ann. Blocks of
//! `sh` and `console` are typed into a shell, those of `toml` and `json` given to windrow to read.
//! Invisible comments in front of a block say what a reader does not see:
//!
//! - `<!-- before: LINES -->`: what is typed first, to bring about what the block shows
//! - `<!-- any order -->`: lines whose order is that of workers who race
//! - `<!-- not run: REASON -->`: the block is left out; such blocks are counted

mod matching;
mod page;
mod pages;
mod states;
