//! How a response is sent: completely, or in one of the ways in which real networks and servers fail.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use serde::{Deserialize, Serialize};

use super::message::Answer;

/// How an overridden response is sent, by the name used on the control route.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// The whole answer.
    #[default]
    Answer,
    /// The connection is closed without a byte.
    Close,
    /// The connection is reset (RST).
    Reset,
    /// There is no response; the connection stays open.
    Silent,
    /// The head, then a body without end, as fast as it is read.
    Endless,
    /// The head, then a body of `size` bytes.
    Huge,
    /// The body byte by byte, one every `every_ms`.
    SlowTrickle,
    /// The head and half the body, then nothing, with the connection open.
    Stall,
    /// The head and half the body, then the connection is closed.
    Truncated,
    /// Bytes that are not HTTP, then the connection is closed.
    Garbage,
    /// The override's body is sent in place of a whole answer, head included.
    Raw,
}

impl Behaviour {
    pub(super) fn transmission(
        self,
        size: Option<u64>,
        every_ms: Option<u64>,
        answer: &Answer,
    ) -> Transmission {
        match self {
            Behaviour::Answer => Transmission::Whole,
            Behaviour::Close => Transmission::Abort(Abort::Close),
            Behaviour::Reset => Transmission::Abort(Abort::Reset),
            Behaviour::Silent => Transmission::Silent,
            Behaviour::Endless => Transmission::Filled(None),
            Behaviour::Huge => Transmission::Filled(Some(size.unwrap_or(64 << 20))),
            Behaviour::SlowTrickle => Transmission::Trickle(Duration::from_millis(every_ms.unwrap_or(100))),
            Behaviour::Stall => Transmission::Half { then_close: false },
            Behaviour::Truncated => Transmission::Half { then_close: true },
            Behaviour::Garbage => {
                Transmission::Abort(Abort::Raw(b"\x00\xff\x15 this is not HTTP\r\n\r\n".to_vec()))
            }
            Behaviour::Raw => Transmission::Abort(Abort::Raw(answer.body.clone())),
        }
    }
}

/// A behaviour with its parameters.
#[derive(Clone, Debug)]
pub enum Transmission {
    Whole,
    Silent,
    /// A body of that many bytes, or without end.
    Filled(Option<u64>),
    Trickle(Duration),
    Half {
        then_close: bool,
    },
    Abort(Abort),
}

/// The ways to end a connection without an HTTP response.
#[derive(Clone, Debug)]
pub enum Abort {
    Close,
    Reset,
    Raw(Vec<u8>),
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stand-in closed this connection on purpose")
    }
}

impl std::error::Error for Abort {}

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Waits for the response's delay and sends it.
pub(super) async fn send(answer: Answer, transmission: Transmission) -> Result<Response<Body>, Abort> {
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    let length = answer.body.len();
    let mut declared = None;
    let body: Body = match transmission {
        Transmission::Whole => Full::new(Bytes::from(answer.body)).map_err(never).boxed_unsync(),
        Transmission::Silent => return std::future::pending().await,
        Transmission::Abort(abort) => return Err(abort),
        Transmission::Filled(size) => {
            declared = size;
            streamed(filler(size))
        }
        Transmission::Trickle(pause) => {
            declared = Some(length as u64);
            streamed(trickle(answer.body, pause))
        }
        Transmission::Half { then_close } => {
            // A body too short to be halved is declared longer than it is.
            declared = Some(length.max(2) as u64);
            streamed(half(answer.body, then_close))
        }
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name.as_str(), value.as_str());
    }
    if let Some(length) = declared {
        response = response.header("content-length", length);
    }
    // The control route set a header that HTTP does not allow: the connection is closed.
    response.body(body).map_err(|_| Abort::Close)
}

fn never(never: Infallible) -> io::Error {
    match never {}
}

fn streamed(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    use futures_util::StreamExt;
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

/// The start of a JSON string that goes on without end, so that a reader cannot reject it early.
fn filler(size: Option<u64>) -> impl Stream<Item = io::Result<Bytes>> {
    const OPENING: &[u8] = b"{\"padding\":\"";
    let block = Bytes::from(vec![b'x'; 16 << 10]);
    stream::unfold((true, size), move |(first, left)| {
        let block = if first { Bytes::from_static(OPENING) } else { block.clone() };
        async move {
            let take =
                left.map_or(block.len(), |left| block.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            if take == 0 {
                return None;
            }
            // Reader and writer may share one thread.
            tokio::task::yield_now().await;
            Some((Ok(block.slice(..take)), (false, left.map(|left| left - take as u64))))
        }
    })
}

fn trickle(body: Vec<u8>, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    let body = Bytes::from(body);
    stream::unfold(0, move |at| {
        let piece = (at < body.len()).then(|| body.slice(at..at + 1));
        async move {
            let piece = piece?;
            tokio::time::sleep(pause).await;
            Some((Ok(piece), at + 1))
        }
    })
}

fn half(body: Vec<u8>, then_close: bool) -> impl Stream<Item = io::Result<Bytes>> {
    let piece = Bytes::copy_from_slice(&body[..body.len() / 2]);
    stream::unfold(Some(piece), move |piece| async move {
        match piece {
            Some(piece) => Some((Ok(piece), None)),
            None if then_close => {
                // The first half has to reach the socket before the connection is closed.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
            None => std::future::pending().await,
        }
    })
}
