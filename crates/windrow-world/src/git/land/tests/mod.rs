//! Landings on real repositories: what is spared, what is refused, and what a kill leaves.

mod ground;
mod in_the_way;
mod spared;
