//! Port offsets: which ports listen, and which offset keeps a worker's ports to itself.
//!
//! A worker adds its offset to every base port of the project (5432 becomes 15432, 25432, ...).
//! [`choose_offset`] is pure; [`listening`] asks the machine. Invariant: offsets in use together
//! never give two workers the same port, and no offset moves a worker onto a plain base port.

use std::collections::BTreeSet;
use std::fs;
use std::io;

/// The distance between offsets while the usual ones last.
const STRIDE: u32 = 10_000;

/// The kernel's number for a listening socket in `/proc/net/tcp` (`TCP_LISTEN`).
const LISTEN: &str = "0A";

/// Ports on this machine could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// A table of the kernel could not be read.
    #[error("failed to read `{path}`")]
    Table {
        /// The table.
        path: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Every TCP port something listens on, on any address of this machine.
///
/// Reads `/proc/net/tcp` and `/proc/net/tcp6` (proc(5)). Where there is no such table, every port
/// is tried by listening on it for a moment on the loopback address.
///
/// # Errors
/// When a table exists and cannot be read.
pub fn listening() -> Result<BTreeSet<u16>, PortError> {
    let mut ports = BTreeSet::new();
    let mut tables = 0;
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match fs::read_to_string(path) {
            Ok(table) => {
                tables += 1;
                ports.extend(table.lines().filter_map(listening_port));
            }
            // No table for a protocol this kernel does not speak.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(PortError::Table { path, source }),
        }
    }
    if tables == 0 {
        ports.extend((1..=u16::MAX).filter(|port| is_in_use(*port)));
    }
    Ok(ports)
}

/// `  0: 0100007F:1538 00000000:0000 0A ...`: the local port, when the state says listening.
fn listening_port(line: &str) -> Option<u16> {
    let mut columns = line.split_whitespace().skip(1);
    let (_, port) = columns.next()?.rsplit_once(':')?;
    let state = columns.nth(1)?;
    (state == LISTEN).then(|| u16::from_str_radix(port, 16).ok()).flatten()
}

fn is_in_use(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port))
        .is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Chooses an offset for a new worker, or nothing when no free one is left.
///
/// Multiples of 10,000 come first, then the smallest of all others. An offset is free when it is
/// not in `taken`, every base port plus it is a port, none of those ports is a base port or the
/// port of a `taken` offset, and nothing listens on them. Without base ports only the multiples
/// and then all others up to 65,535 in turn are handed out.
#[must_use]
pub fn choose_offset(
    taken: &BTreeSet<u32>,
    base_ports: &[u16],
    listening: &BTreeSet<u16>,
) -> Option<u32> {
    let highest = base_ports.iter().copied().max().unwrap_or(0);
    let last = u32::from(u16::MAX - highest);
    let mut used: BTreeSet<u32> = base_ports.iter().copied().map(u32::from).collect();
    for offset in taken {
        used.extend(base_ports.iter().map(|port| u32::from(*port) + offset));
    }
    let is_free = |offset: &u32| {
        !taken.contains(offset)
            && base_ports.iter().map(|port| u32::from(*port) + offset).all(|port| {
                !used.contains(&port) && u16::try_from(port).is_ok_and(|p| !listening.contains(&p))
            })
    };
    let strides = (1..).map(|n| n * STRIDE).take_while(|offset| *offset <= last);
    strides.chain(1..=last).find(is_free)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn h18_multiples_of_ten_thousand_come_first() {
        let mut taken = BTreeSet::new();
        for expected in [10_000, 20_000, 30_000, 40_000, 50_000, 60_000] {
            let offset = choose_offset(&taken, &[5432], &BTreeSet::new());
            assert_eq!(offset, Some(expected));
            taken.extend(offset);
        }
        let next = choose_offset(&taken, &[5432], &BTreeSet::new()).expect("more");
        assert!(!next.is_multiple_of(STRIDE));
        taken.remove(&30_000);
        assert_eq!(choose_offset(&taken, &[5432], &BTreeSet::new()), Some(30_000));
    }

    #[test]
    fn h18_a_hundred_workers_share_three_base_ports_without_collision() {
        let base = [3000, 5432, 8080];
        let foreign: BTreeSet<u16> = (13_000..13_050).chain([25_432]).collect();
        let mut taken = BTreeSet::new();
        let mut ports: BTreeSet<u32> = base.iter().copied().map(u32::from).collect();
        for _ in 0..100 {
            let offset = choose_offset(&taken, &base, &foreign).expect("an offset");
            assert!(taken.insert(offset));
            for port in base.map(|port| u32::from(port) + offset) {
                let short = u16::try_from(port).expect("a port");
                assert!(ports.insert(port) && !foreign.contains(&short), "{port}");
            }
        }
    }

    #[test]
    fn h18_neighbouring_base_ports_never_meet() {
        let base = [3000, 3001, 3003];
        let foreign = (10_000..=u16::MAX).collect();
        let mut taken = BTreeSet::new();
        let mut ports = BTreeSet::from(base.map(u32::from));
        for _ in 0..100 {
            let offset = choose_offset(&taken, &base, &foreign).expect("an offset");
            assert!(taken.insert(offset));
            for port in base {
                assert!(ports.insert(u32::from(port) + offset), "{port} + {offset}");
            }
        }
    }

    #[test]
    fn the_last_offset_is_followed_by_none() {
        let base = [65_534];
        let first = choose_offset(&BTreeSet::new(), &base, &BTreeSet::new());
        assert_eq!(first, Some(1));
        assert_eq!(choose_offset(&BTreeSet::from([1]), &base, &BTreeSet::new()), None);
        assert_eq!(choose_offset(&BTreeSet::new(), &base, &BTreeSet::from([65_535])), None);
        assert_eq!(choose_offset(&BTreeSet::new(), &[65_535], &BTreeSet::new()), None);
        assert_eq!(choose_offset(&BTreeSet::new(), &[], &BTreeSet::new()), Some(10_000));
    }

    #[test]
    fn n7_a_real_listener_is_seen() {
        let v4 = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
        let port = v4.local_addr().expect("address").port();
        assert!(listening().expect("lists").contains(&port));
        assert!(is_in_use(port));
    }

    #[test]
    fn only_listening_lines_of_the_table_count() {
        let listen = "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000";
        let open = "   1: 0100007F:1539 0100007F:0016 01 00000000:00000000 00:00000000";
        let six = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A x";
        assert_eq!(listening_port(listen), Some(5432));
        assert_eq!(listening_port(open), None);
        assert_eq!(listening_port(six), Some(8080));
        assert_eq!(listening_port("  sl  local_address rem_address   st tx_queue"), None);
    }

    proptest! {
        #[test]
        fn a_chosen_offset_is_always_free(
            base in prop_oneof![
                prop::collection::vec(1u16..=65_535, 0..5),
                prop::collection::vec(50_000u16..50_020, 0..5),
            ],
            foreign in prop::collection::btree_set(1u16..=65_535, 0..50),
            workers in 1usize..20,
        ) {
            let mut taken = BTreeSet::new();
            let mut ports: BTreeSet<u32> = base.iter().copied().map(u32::from).collect();
            let bases: BTreeSet<u16> = base.iter().copied().collect();
            for _ in 0..workers {
                let Some(offset) = choose_offset(&taken, &base, &foreign) else { break };
                prop_assert!(taken.insert(offset));
                for port in &bases {
                    let port = u32::from(*port) + offset;
                    prop_assert!(u16::try_from(port).is_ok_and(|port| !foreign.contains(&port)));
                    prop_assert!(ports.insert(port));
                }
            }
        }
    }
}
