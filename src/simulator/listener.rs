//! A listener whose connections can be cut from outside: how the simulator resets a client in the middle of anything.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// How long to wait after the system refused to give a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Every open connection of a network, so that stopping it cuts them all.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<Vec<Weak<Switch>>>>);

impl Connections {
    /// Cuts every connection.
    pub(super) fn cut_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().expect("no panic while locked"));
        all.iter().filter_map(Weak::upgrade).for_each(|switch| switch.cut());
    }

    fn add(&self, switch: &Arc<Switch>) {
        let mut all = self.0.lock().expect("no panic while locked");
        if all.len() == all.capacity() {
            all.retain(|weak| weak.strong_count() > 0);
        }
        all.push(Arc::downgrade(switch));
    }
}

#[derive(Default)]
struct Switch {
    cut: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Switch {
    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }
}

/// The handle of one connection; requests carry it as their connection info.
#[derive(Clone)]
pub(super) struct Connection(Arc<Switch>);

impl Connection {
    /// Resets the connection: the client gets no answer and no close frame.
    pub(super) fn cut(&self) {
        self.0.cut();
    }
}

impl Connected<IncomingStream<'_, Listener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self(Arc::clone(&stream.io().switch))
    }
}

/// Listens on one port.
pub(super) struct Listener {
    inner: TcpListener,
    connections: Connections,
}

impl Listener {
    pub(super) fn new(inner: TcpListener, connections: Connections) -> Self {
        Self { inner, connections }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, peer)) => {
                    // Small frames must not wait for each other; without it the answers are only slower.
                    let _ = stream.set_nodelay(true);
                    let switch = Arc::new(Switch::default());
                    self.connections.add(&switch);
                    return (Cuttable { stream, switch }, peer);
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A stream that fails as soon as its switch is cut.
pub(super) struct Cuttable {
    stream: TcpStream,
    switch: Arc<Switch>,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if !self.switch.cut.load(Ordering::Acquire) {
            return Ok(());
        }
        // With this the system sends a reset; without it the client sees an orderly end. Either is an end.
        let _ = self.stream.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.switch.reader.register(cx.waker());
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.switch.writer.register(cx.waker());
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
