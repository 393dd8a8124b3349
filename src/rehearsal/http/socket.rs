//! The socket of a stand-in: a loopback listener that can be closed and reopened, whose certificate can be changed
//! while it runs, and whose connections end with it. It does not depend on a stand-in: a handler turns requests into
//! responses.

use std::error::Error as _;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::message::{Answer, Request};
use super::transmission::{self, Abort, Transmission};

/// What happens to a new connection.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// It is served.
    #[default]
    Open,
    /// It is rejected as on a port without a listener; the port stays reserved.
    Closed,
    /// It is accepted, and nothing is ever sent.
    Silent,
    /// It is accepted and reset.
    Reset,
}

/// The requested state of the door, and after how long it opens again.
#[derive(Clone, Copy, Default)]
struct DoorRequest {
    door: Door,
    then_open: Option<Duration>,
    serial: u64,
}

/// The state of the door, and the last request that was processed.
#[derive(Clone, Copy, Default)]
struct DoorState {
    door: Door,
    serial: u64,
}

pub type Answering = Pin<Box<dyn Future<Output = (Answer, Transmission)> + Send>>;
pub type Handler = Arc<dyn Fn(Request) -> Answering + Send + Sync>;

/// What can be changed about a socket while it runs.
#[derive(Clone)]
pub struct SocketControls {
    wanted: watch::Sender<DoorRequest>,
    moved: watch::Receiver<DoorState>,
    tls: Arc<Mutex<Option<Arc<ServerConfig>>>>,
    /// Counts the changes that make kept-alive connections outdated.
    generation: watch::Sender<u64>,
}

impl SocketControls {
    /// Changes the state of the door, and opens it again after `then_open`. Returns when the change is done.
    pub async fn move_door(&self, to: Door, then_open: Option<Duration>) -> anyhow::Result<()> {
        let mut serial = 0;
        self.wanted.send_modify(|request| {
            *request = DoorRequest { door: to, then_open, serial: request.serial + 1 };
            serial = request.serial;
        });
        self.retire_connections().await;
        let mut moved = self.moved.clone();
        let now = moved
            .wait_for(|moved| moved.serial >= serial)
            .await
            .context("the stand-in is no longer running")?
            .door;
        ensure!(now == to, "the door is still {now:?}: another program took the port");
        Ok(())
    }

    pub fn door(&self) -> Door {
        self.moved.borrow().door
    }

    pub async fn set_tls(&self, config: Option<Arc<ServerConfig>>) {
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = config;
        self.retire_connections().await;
    }

    fn acceptor(&self) -> Option<TlsAcceptor> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone().map(TlsAcceptor::from)
    }

    /// Ends kept-alive connections after their current response, so that the next request sees the change.
    async fn retire_connections(&self) {
        self.generation.send_modify(|generation| *generation += 1);
        // An idle connection ends at once, but its client has to notice before it sends the next request.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A running socket; dropping it closes it with all its connections.
pub struct Socket {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Socket {
    /// Listens on a free loopback port. `handler` gets the controls before the first connection is accepted.
    pub async fn open(
        tls: Option<Arc<ServerConfig>>,
        handler: impl FnOnce(SocketControls) -> Handler,
    ) -> anyhow::Result<(Socket, SocketControls)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free loopback port")?;
        let address = listener.local_addr().context("cannot get the listener's address")?;
        let (wanted, requests) = watch::channel(DoorRequest::default());
        let (mover, moved) = watch::channel(DoorState::default());
        let controls = SocketControls {
            wanted,
            moved,
            tls: Arc::new(Mutex::new(tls)),
            generation: watch::Sender::new(0),
        };
        let handler = handler(controls.clone());
        let listener = Listener { address, listener: Some(listener), reserved: None, requests, moved: mover };
        let task = tokio::spawn(listener.run(controls.clone(), handler));
        Ok((Socket { address, task }, controls))
    }

    pub async fn close(mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts connections, and opens and closes the door on request.
struct Listener {
    address: SocketAddr,
    listener: Option<TcpListener>,
    /// Holds the port while the door is closed: a bound socket that does not listen rejects connections.
    reserved: Option<TcpSocket>,
    requests: watch::Receiver<DoorRequest>,
    moved: watch::Sender<DoorState>,
}

impl Listener {
    async fn run(mut self, controls: SocketControls, handler: Handler) {
        let mut connections = JoinSet::new();
        let mut reopen_at: Option<tokio::time::Instant> = None;
        loop {
            let reopening = async {
                match reopen_at {
                    Some(instant) => tokio::time::sleep_until(instant).await,
                    None => std::future::pending().await,
                }
            };
            let accepting = async {
                match &self.listener {
                    Some(listener) => listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                request = self.requests.changed() => {
                    if request.is_err() {
                        return;
                    }
                    let request = *self.requests.borrow_and_update();
                    reopen_at = request.then_open.map(|pause| tokio::time::Instant::now() + pause);
                    self.put(request.door, request.serial);
                }
                () = reopening => {
                    reopen_at = None;
                    let serial = self.moved.borrow().serial;
                    self.put(Door::Open, serial);
                }
                Some(_ended) = connections.join_next() => {}
                accepted = accepting => {
                    // An error of accept concerns only that one connection.
                    if let Ok((stream, _)) = accepted {
                        let door = self.moved.borrow().door;
                        connections.spawn(receive(stream, door, controls.clone(), Arc::clone(&handler)));
                    }
                }
            }
        }
    }

    /// Changes the state of the door; it stays closed if the port was taken meanwhile.
    fn put(&mut self, door: Door, serial: u64) {
        if door == Door::Closed {
            self.listener = None;
            self.reserved = self.bind().ok();
        } else if self.listener.is_none() {
            let socket = self.reserved.take().map_or_else(|| self.bind(), Ok);
            self.listener = socket.and_then(|socket| socket.listen(1024)).ok();
        }
        let door = if self.listener.is_none() { Door::Closed } else { door };
        self.moved.send_replace(DoorState { door, serial });
    }

    fn bind(&self) -> std::io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }
}

async fn receive(mut stream: TcpStream, door: Door, controls: SocketControls, handler: Handler) {
    match door {
        Door::Reset => {
            let _already_gone = stream.set_zero_linger();
        }
        Door::Silent => {
            let mut buffer = [0; 4096];
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        }
        Door::Open | Door::Closed => match controls.acceptor() {
            None => serve(stream, controls, handler, |stream| stream).await,
            Some(acceptor) => {
                // The handshake fails if the client does not trust the certificate; the client reports the error.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, controls, handler, |stream| stream.get_ref().0).await;
                }
            }
        },
    }
}

async fn serve<S>(stream: S, controls: SocketControls, handler: Handler, tcp: impl Fn(&S) -> &TcpStream)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut generation = controls.generation.subscribe();
    let service = service_fn(move |incoming: hyper::Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let request = Request::read(incoming).await.ok_or(Abort::Close)?;
            let (answer, transmission) = handler(request).await;
            transmission::send(answer, transmission).await
        }
    });
    let mut builder = http1::Builder::new();
    let mut connection = builder.header_read_timeout(None).serve_connection(TokioIo::new(stream), service);
    let ended = loop {
        tokio::select! {
            ended = &mut connection => break ended,
            changed = generation.changed() => {
                if changed.is_err() {
                    return;
                }
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let Err(error) = ended else { return };
    let Some(abort) = error.source().and_then(|source| source.downcast_ref::<Abort>()) else { return };
    let mut stream = connection.into_parts().io.into_inner();
    match abort {
        Abort::Close => {}
        Abort::Reset => {
            let _already_gone = tcp(&stream).set_zero_linger();
        }
        Abort::Raw(bytes) => {
            let _reader_left = stream.write_all(bytes).await;
            let _reader_left = stream.shutdown().await;
        }
    }
}
