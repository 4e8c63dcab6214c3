//! Connections: never more than there is room for, and none that is silent for ever.

use std::collections::HashMap;
use std::future::{self, Ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// How long a connection may be silent. API servers close one that they have not used for 90 seconds: one that the
/// server closed first could take a review with it.
pub(super) const IDLE: Duration = Duration::from_mins(2);

/// The connections that are open. One more than `most` closes one that has never said a word, or else the one that has
/// been silent longest, so that whoever only holds connections keeps nobody out.
pub(super) struct Connections {
    most: usize,
    idle: Duration,
    open: Mutex<Open>,
    started: Instant,
}

#[derive(Default)]
struct Open {
    next: u64,
    entries: HashMap<u64, Entry>,
}

struct Entry {
    heard: Arc<Heard>,
    /// Closes the connection when it is dropped.
    _close: oneshot::Sender<()>,
}

/// When something was last heard of a connection.
struct Heard {
    /// In microseconds since the server started.
    at: AtomicU64,
    /// Whether it has ever sent anything.
    spoken: AtomicBool,
}

impl Heard {
    /// Those that come first are the first to go: whoever has never said a word, and then whoever was silent longest.
    fn rank(&self) -> (bool, u64) {
        (self.spoken.load(Ordering::Relaxed), self.at.load(Ordering::Relaxed))
    }
}

impl Connections {
    /// At most `most`, each silent for at most `idle`.
    pub(super) fn new(most: usize, idle: Duration) -> Arc<Self> {
        Arc::new(Self { most, idle, open: Mutex::default(), started: Instant::now() })
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.open().entries.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn admit(self: &Arc<Self>, stream: TcpStream) -> Connection {
        let heard = Arc::new(Heard { at: AtomicU64::new(self.now()), spoken: AtomicBool::new(false) });
        let (close, closed) = oneshot::channel();
        let mut open = self.open();
        if open.entries.len() >= self.most {
            let silent = open.entries.iter().min_by_key(|(_, entry)| entry.heard.rank());
            if let Some(id) = silent.map(|(id, _)| *id) {
                open.entries.remove(&id);
                tracing::debug!("too many connections: the one that was silent longest is closed");
            }
        }
        let id = open.next;
        open.next += 1;
        open.entries.insert(id, Entry { heard: Arc::clone(&heard), _close: close });
        drop(open);
        let silence = Box::pin(tokio::time::sleep(self.idle));
        Connection { stream, id, heard, closed, silence, connections: Arc::clone(self) }
    }
}

/// Takes connections in.
#[derive(Clone)]
pub(super) struct Door(pub(super) Arc<Connections>);

impl<S> Accept<TcpStream, S> for Door {
    type Stream = Connection;
    type Service = S;
    type Future = Ready<io::Result<(Connection, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // An answer is small and waits for nothing.
        future::ready(stream.set_nodelay(true).map(|()| (self.0.admit(stream), service)))
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    id: u64,
    heard: Arc<Heard>,
    closed: oneshot::Receiver<()>,
    silence: Pin<Box<Sleep>>,
    connections: Arc<Connections>,
}

impl Connection {
    /// What becomes of an operation on a connection that has to end.
    fn ended(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if Pin::new(&mut self.closed).poll(context).is_ready() {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
        }
        while self.silence.as_mut().poll(context).is_ready() {
            let now = self.connections.now();
            let silent = Duration::from_micros(now.saturating_sub(self.heard.at.load(Ordering::Relaxed)));
            match self.connections.idle.checked_sub(silent) {
                None | Some(Duration::ZERO) => return Poll::Ready(io::ErrorKind::TimedOut.into()),
                Some(left) => self.silence.as_mut().reset(tokio::time::Instant::now() + left),
            }
        }
        Poll::Pending
    }

    /// `outcome`, or an error where the connection has to end before there is one.
    fn unless_ended<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => self.ended(context).map(Err),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.open().entries.remove(&self.id);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_ready() {
            self.heard.at.store(self.connections.now(), Ordering::Relaxed);
            self.heard.spoken.store(true, Ordering::Relaxed);
        }
        self.unless_ended(outcome, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_ended(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_ended(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.unless_ended(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.unless_ended(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn pair(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
        let client = TcpStream::connect(listener.local_addr()?).await?;
        Ok((client, listener.accept().await?.0))
    }

    #[tokio::test]
    async fn one_too_many_closes_the_one_that_was_silent_longest() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let connections = Connections::new(2, IDLE);
        let (mut first_client, first) = pair(&listener).await?;
        let mut first = connections.admit(first);
        let (_silent_client, silent) = pair(&listener).await?;
        let mut silent = connections.admit(silent);
        // It is older, but it has said something.
        first_client.write_all(b"a").await?;
        assert_eq!(first.read_u8().await?, b'a');

        let (mut third_client, third) = pair(&listener).await?;
        let mut third = connections.admit(third);
        let closed = silent.read_u8().await.map_err(|error| error.kind());
        assert_eq!(closed, Err(io::ErrorKind::ConnectionAborted));
        assert_eq!(connections.count(), 2);
        drop(silent);
        first_client.write_all(b"b").await?;
        third_client.write_all(b"c").await?;
        assert_eq!((first.read_u8().await?, third.read_u8().await?), (b'b', b'c'));
        drop((first, third));
        assert_eq!(connections.count(), 0);
        Ok(())
    }

    #[tokio::test]
    async fn silence_ends() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (_client, served) = pair(&listener).await?;
        let mut connection = Connections::new(1, Duration::from_millis(20)).admit(served);
        let silent = connection.read_u8().await.map_err(|error| error.kind());
        assert_eq!(silent, Err(io::ErrorKind::TimedOut));
        Ok(())
    }
}
