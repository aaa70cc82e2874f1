//! One hook: looked at, handed on, answered.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;
use windrow_api::request::HookCall;

use crate::ask::ask;

/// The longest event that is read, in bytes: what a tool printed stands in it.
const LONGEST: usize = 8 << 20;

/// How long the head of a request may take.
pub(crate) const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// Answers one request; trouble is a status with an empty object, which stops no client.
pub(crate) async fn answer(
    request: Request<Incoming>,
    socket: &Path,
    port: u16,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match hook(request, socket, port).await {
        Ok(body) => (StatusCode::OK, body),
        Err(status) => (status, Value::Object(serde_json::Map::new())),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

async fn hook(request: Request<Incoming>, socket: &Path, port: u16) -> Result<Value, StatusCode> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    // A page in a browser can send a name that resolves to loopback, and cannot know a token.
    let own = format!("127.0.0.1:{port}");
    if header(HOST) != Some(own.as_str()) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    if request.method() != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let token = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?.to_owned();
    let (project, session, generation) = whose(request.uri().path())?;
    let body = Limited::new(request.into_body(), LONGEST).collect().await;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?.to_bytes();
    let event = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    ask(socket, HookCall { project, session, generation, token, event }).await
}

/// `/hook/PROJECT/SESSION/GENERATION`.
fn whose(path: &str) -> Result<(String, String, u32), StatusCode> {
    let mut parts = path.strip_prefix("/hook/").ok_or(StatusCode::NOT_FOUND)?.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or(StatusCode::NOT_FOUND);
    let (project, session) = (next()?.to_owned(), next()?.to_owned());
    let generation = next()?.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    if parts.next().is_some() {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok((project, session, generation))
}
