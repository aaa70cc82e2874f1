//! As much of HTTP/1.1 as the clients speak to a model: a request whole, an answer whole or in
//! chunks.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _, Write};

use serde_json::Value;

/// What one request may measure; more is refused.
const LONGEST: u64 = 64 << 20;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without what stands behind `?`.
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// Reads the next request; nothing when the client is done.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    if headers.contains_key("content-encoding") {
        return Err(io::Error::other("a request in an encoding that nobody reads here"));
    }
    let chunked = headers.get("transfer-encoding").is_some_and(|how| how.contains("chunked"));
    let body = if chunked {
        chunks(from)?
    } else {
        let length = headers.get("content-length").and_then(|text| text.parse().ok());
        exactly(from, length.unwrap_or(0))?
    };
    Ok(Some(Request { method, path, headers, body }))
}

fn exactly(from: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    if length > LONGEST {
        return Err(io::Error::other("a request that is too long"));
    }
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        if size + body.len() as u64 > LONGEST {
            return Err(io::Error::other("a request that is too long"));
        }
        body.extend(exactly(from, size)?);
        let mut end = String::new();
        from.read_line(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// Writes an answer with a JSON body.
pub(super) fn json(
    to: &mut impl Write,
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &Value,
) -> io::Result<()> {
    let body = body.to_string();
    let mut head = head(status, "application/json");
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    write!(to, "{head}content-length: {}\r\n\r\n{body}", body.len())?;
    to.flush()
}

/// Begins an answer that comes in events.
pub(super) fn begin_events(to: &mut impl Write) -> io::Result<()> {
    let head = head(200, "text/event-stream; charset=utf-8");
    write!(to, "{head}cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n")?;
    to.flush()
}

/// Writes one event.
pub(super) fn event(to: &mut impl Write, kind: &str, body: &Value) -> io::Result<()> {
    let text = format!("event: {kind}\ndata: {body}\n\n");
    write!(to, "{:x}\r\n{text}\r\n", text.len())?;
    to.flush()
}

/// Ends an answer that came in events.
pub(super) fn end_events(to: &mut impl Write) -> io::Result<()> {
    to.write_all(b"0\r\n\r\n")?;
    to.flush()
}

fn head(status: u16, kind: &str) -> String {
    format!("HTTP/1.1 {status} Stub\r\ncontent-type: {kind}\r\nrequest-id: req_stub\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_one_after_the_other() {
        let bytes = b"POST /v1/messages?beta=true HTTP/1.1\r\nX-Key: a: b\r\nContent-Length: 2\r\n\r\n{}\
            GET /v1/models HTTP/1.1\r\n\r\n\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        let mut from = &bytes[..];
        let first = read(&mut from).expect("readable").expect("one");
        assert_eq!(
            (&*first.method, &*first.path, &*first.body),
            ("POST", "/v1/messages", &b"{}"[..])
        );
        assert_eq!(first.headers["x-key"], "a: b");
        assert_eq!(read(&mut from).expect("readable").expect("one").path, "/v1/models");
        assert_eq!(read(&mut from).expect("readable").expect("one").body, b"abcde");
        assert_eq!(read(&mut from).expect("readable"), None);
    }

    #[test]
    fn what_is_cut_or_encoded_is_refused() {
        for bytes in [
            "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab",
            "POST / HTTP/1.1\r\ncontent-encoding: zstd\r\ncontent-length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        ] {
            assert!(read(&mut bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn events_are_chunks_of_their_length() {
        let mut out = Vec::new();
        event(&mut out, "a", &serde_json::json!({"b": "ü"})).expect("written");
        end_events(&mut out).expect("written");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(text, "1b\r\nevent: a\ndata: {\"b\":\"ü\"}\n\n\r\n0\r\n\r\n");
    }
}
