//! The clients of the outside world against real sockets, real servers and real programs.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's own exception reaches test functions, not the helpers between them"
)]

mod command;
mod http;
mod postgres;
mod reach;
mod roots;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Long enough for anything that works.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The engine runs probes as boxed futures that may move between threads.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// What a [`Site`] does with a connection once it has read the request.
#[derive(Clone)]
enum Manner {
    /// Sends these bytes and closes.
    Say(Vec<u8>),
    /// Sends the first bytes once, then the second for ever, with this pause between.
    Endless(Vec<u8>, Vec<u8>, Duration),
    /// Never answers.
    Silent,
    /// Closes without an answer.
    HangUp,
    /// Cuts the connection with a reset.
    Reset,
}

/// A server on loopback that reads one request per connection and answers by its path.
struct Site {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start(manner: impl Fn(&str) -> Manner + Send + Sync + 'static) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (manner, log) = (Arc::new(manner), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&manner), Arc::clone(&log)));
            }
        });
        Site { port, seen }
    }

    /// The same manner for every request.
    async fn always(manner: Manner) -> Site {
        Site::start(move |_| manner.clone()).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far, head only, in lower case.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, manner: Arc<impl Fn(&str) -> Manner>, log: Arc<Mutex<Vec<String>>>) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(count @ 1..) => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
        // Clients of other protocols than HTTP send eight bytes and wait.
        if head.windows(4).any(|w| w == b"\r\n\r\n") || !head[0].is_ascii_alphabetic() {
            break;
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    log.lock().unwrap().push(head.clone());
    match manner(head.split(' ').nth(1).unwrap_or_default()) {
        Manner::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // A close with unread input would be a reset.
            let _ = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await;
        }
        Manner::Endless(first, again, pause) => {
            let mut sent = stream.write_all(&first).await;
            while sent.is_ok() {
                tokio::time::sleep(pause).await;
                sent = stream.write_all(&again).await;
            }
        }
        Manner::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
        Manner::HangUp => {}
        Manner::Reset => {
            stream.set_zero_linger().unwrap();
        }
    }
}

/// An answer with a body and its length.
fn ok(body: &str) -> Manner {
    Manner::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// A redirect, with the stand-ins' marker.
fn redirect(status: u16, to: &str) -> Manner {
    let marker = "X-Hotdash-Ops-Sandbox: 1\r\n";
    Manner::Say(
        format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\n{marker}Content-Length: 0\r\n\r\n")
            .into_bytes(),
    )
}

/// A port on which nothing listens.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
