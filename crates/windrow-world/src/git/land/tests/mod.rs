//! Landings on real repositories: what is spared, what is refused, and what a kill leaves.

mod aftermath;
mod child;
mod filters;
mod ground;
mod in_the_way;
mod kills;
mod kills_in_git;
mod kinds;
mod locks;
mod meanwhile;
mod race;
mod spared;
