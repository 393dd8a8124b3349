//! The ways in which a connection or a body goes wrong.

use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::requests::{Reply, client};

async fn with(set: Value) -> Chatwoot {
    let chatwoot = Chatwoot::start(State::default(), Default::default()).await.unwrap();
    chatwoot.control(json!({"set": {"GET /api": set}})).await.unwrap();
    chatwoot
}

/// Sends a bare request and reads until the end, or the error in its place.
async fn raw(chatwoot: &Chatwoot) -> Result<Vec<u8>, std::io::ErrorKind> {
    let mut stream =
        TcpStream::connect(("127.0.0.1", chatwoot.port())).await.map_err(|error| error.kind())?;
    stream
        .write_all(b"GET /api HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .map_err(|error| error.kind())?;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.map_err(|error| error.kind())?;
    Ok(heard)
}

#[tokio::test]
async fn connections_end_as_configured() {
    assert_eq!(raw(&with(json!({"behaviour": "close"})).await).await, Ok(vec![]));
    assert_eq!(
        raw(&with(json!({"behaviour": "reset"})).await).await,
        Err(std::io::ErrorKind::ConnectionReset)
    );
    let garbage = raw(&with(json!({"behaviour": "garbage"})).await).await.unwrap();
    assert!(!garbage.is_empty() && !garbage.starts_with(b"HTTP/"));
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort";
    assert_eq!(raw(&with(json!({"behaviour": "raw", "body": text})).await).await.unwrap(), text.as_bytes());
    let cut = raw(&with(json!({"behaviour": "truncated", "body": "12345678"})).await).await.unwrap();
    let cut = String::from_utf8(cut).unwrap();
    assert!(cut.contains("content-length: 8\r\n") && cut.ends_with("\r\n\r\n1234"), "{cut}");
}

#[tokio::test]
async fn a_fault_is_served_the_given_number_of_times() {
    let chatwoot = with(json!({"behaviour": "close", "times": 2})).await;
    assert_eq!(raw(&chatwoot).await, Ok(vec![]));
    assert_eq!(raw(&chatwoot).await, Ok(vec![]));
    assert!(raw(&chatwoot).await.unwrap().starts_with(b"HTTP/1.1 200 OK"));
    let patterns: Vec<_> = chatwoot.received().into_iter().map(|entry| entry.overridden).collect();
    assert_eq!(patterns, [Some("GET /api".to_owned()), Some("GET /api".to_owned()), None]);
}

#[tokio::test]
async fn answers_come_late_slowly_or_never() {
    let patience = Duration::from_millis(400);
    let chatwoot = with(json!({"delay_ms": 300})).await;
    let start = Instant::now();
    assert!(raw(&chatwoot).await.unwrap().starts_with(b"HTTP/1.1 200"));
    assert!(start.elapsed() >= Duration::from_millis(300));
    let chatwoot = with(json!({"behaviour": "silent"})).await;
    assert!(tokio::time::timeout(patience, raw(&chatwoot)).await.is_err());
    let chatwoot = with(json!({"behaviour": "stall", "body": "12345678"})).await;
    let response = client(None).get(format!("{}/api", chatwoot.url())).send().await.unwrap();
    assert!(tokio::time::timeout(patience, response.text()).await.is_err());
    let chatwoot = with(json!({"behaviour": "slow-trickle", "body": "12345678", "every_ms": 40})).await;
    let start = Instant::now();
    assert_eq!(Reply::to(client(None).get(format!("{}/api", chatwoot.url()))).await.body, "12345678");
    assert!(start.elapsed() >= Duration::from_millis(320));
}

#[tokio::test]
async fn bodies_are_huge_or_never_end() {
    let chatwoot = with(json!({"behaviour": "huge", "size": 3_000_001, "status": 200})).await;
    let response = client(None).get(format!("{}/api", chatwoot.url())).send().await.unwrap();
    assert_eq!(response.content_length(), Some(3_000_001));
    assert_eq!(response.bytes().await.unwrap().len(), 3_000_001);
    let chatwoot = with(json!({"behaviour": "endless"})).await;
    let mut response = client(None).get(format!("{}/api", chatwoot.url())).send().await.unwrap();
    assert_eq!(response.content_length(), None);
    let mut heard = 0;
    while heard < 20 << 20 {
        heard += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_stand_in_closes_and_reopens_the_same_port() {
    let chatwoot = Chatwoot::start(State::default(), Default::default()).await.unwrap();
    let pooled = client(None);
    let url = format!("{}/api", chatwoot.url());
    assert_eq!(Reply::to(pooled.get(&url)).await.status, 200);
    chatwoot.control(json!({"door": "closed"})).await.unwrap();
    assert_eq!(raw(&chatwoot).await, Err(std::io::ErrorKind::ConnectionRefused));
    assert!(
        pooled.get(&url).send().await.unwrap_err().is_connect(),
        "a kept connection must not outlive the door"
    );
    chatwoot.control(json!({"door": "open"})).await.unwrap();
    assert_eq!(Reply::to(pooled.get(&url)).await.status, 200);
    chatwoot.control(json!({"door": "reset"})).await.unwrap();
    assert_eq!(raw(&chatwoot).await, Err(std::io::ErrorKind::ConnectionReset));
    chatwoot.control(json!({"door": "silent"})).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), raw(&chatwoot)).await.is_err());
    chatwoot.control(json!({"door": {"is": "closed", "for_ms": 200}})).await.unwrap();
    assert_eq!(raw(&chatwoot).await, Err(std::io::ErrorKind::ConnectionRefused));
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert!(raw(&chatwoot).await.unwrap().starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_stand_in_that_is_stopped_or_dropped_is_gone() {
    let chatwoot = Chatwoot::start(State::default(), Default::default()).await.unwrap();
    let port = chatwoot.port();
    let mut idle = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio::task::yield_now().await;
    chatwoot.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    assert!(matches!(idle.read(&mut [0; 8]).await, Ok(0) | Err(_)), "its connections end with it");
    let chatwoot = Chatwoot::start(State::default(), Default::default()).await.unwrap();
    let port = chatwoot.port();
    drop(chatwoot);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
