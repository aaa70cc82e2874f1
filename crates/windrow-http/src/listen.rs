//! The listening socket, on the port of last time where that is free: clients that run know it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::serve::{HEADER_PATIENCE, answer};

/// Listens on loopback, and serves beside the caller's runtime; returns the port.
///
/// # Errors
/// When no port can be had.
///
/// # Panics
/// Outside of a runtime.
pub fn start(socket: PathBuf, last: Option<u16>) -> io::Result<u16> {
    let at = |port| Bound::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let bound = last.map_or_else(|| at(0), |port| at(port).or_else(|_| at(0)))?;
    bound.set_nonblocking(true)?;
    let port = bound.local_addr()?.port();
    let listener = TcpListener::from_std(bound)?;
    tokio::spawn(listen(listener, socket, port));
    Ok(port)
}

async fn listen(listener: TcpListener, socket: PathBuf, port: u16) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, socket.clone(), port));
            }
            Err(error) => {
                tracing::error!("a hook could not be taken: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, socket: PathBuf, port: u16) {
    let service = service_fn(|request| answer(request, &socket, port));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("a hook's connection broke: {error}");
    }
}
