//! Neighbours that misbehave.

use axum::{Router, http::StatusCode, response::IntoResponse};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::{Duration, sleep},
};

use super::Server;

/// What a server does with a connection after it has read the head of a request.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Says nothing, and keeps the connection.
    Hangs,
    /// Says this and closes.
    Says(Vec<u8>),
    /// Says this and then nothing more, and keeps the connection.
    SaysThenHangs(Vec<u8>),
    /// Says this, then the second for ever, a piece at a time, with a pause after each.
    Repeats(Vec<u8>, Vec<u8>, Duration),
}

impl Manner {
    pub fn says(text: &str) -> Self {
        Self::Says(text.as_bytes().to_vec())
    }
}

/// A server that speaks no HTTP, or badly.
#[derive(Debug)]
pub struct RawServer {
    pub root: String,
    /// How many connections came.
    pub connections: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl RawServer {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}/", listener.local_addr().unwrap());
        let (count, connections) = watch::channel(0);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.send_modify(|count| *count += 1);
                tokio::spawn(misbehave(stream, manner.clone()));
            }
        });
        Self {
            root,
            connections,
            task,
        }
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Keeps the connection for as long as the other side does.
async fn until_it_leaves(mut stream: TcpStream) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
}

/// Failed writes are the other side's good right: it may have heard enough.
async fn misbehave(mut stream: TcpStream, manner: Manner) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    match manner {
        Manner::Hangs => until_it_leaves(stream).await,
        Manner::Says(text) => {
            let _ = stream.write_all(&text).await;
            let _ = stream.shutdown().await;
        }
        Manner::SaysThenHangs(text) => {
            let _ = stream.write_all(&text).await;
            until_it_leaves(stream).await;
        }
        Manner::Repeats(first, then, pause) => {
            let mut sent = stream.write_all(&first).await;
            while sent.is_ok() {
                sleep(pause).await;
                sent = stream.write_all(&then).await;
            }
        }
    }
}

/// A root URI where no one listens. Its port stays bound, so that no other server gets it.
pub fn nobody() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let root = format!("http://{}/", socket.local_addr().unwrap());
    std::mem::forget(socket);
    root
}

/// A server that gives everyone the same answer.
pub async fn always(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Server {
    let status = StatusCode::from_u16(status).unwrap();
    let body = body.into();
    Server::start(Router::new().fallback(move || {
        let body = body.clone();
        async move { (status, [("content-type", media_type)], body).into_response() }
    }))
    .await
}
