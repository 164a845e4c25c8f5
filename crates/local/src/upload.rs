//! A request's body that can be drained after whoever was to read it has refused to.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// A body. Clones read the same bytes, each byte once.
///
/// A server that answers before it has read the body closes the connection under the sender, who then sees a broken pipe
/// instead of the answer. So the rest is read before the answer goes out.
#[derive(Debug, Clone)]
pub struct Upload {
    incoming: Arc<Mutex<Incoming>>,
}

impl Upload {
    /// A body as it comes in.
    pub fn new(incoming: Incoming) -> Self {
        Self { incoming: Arc::new(Mutex::new(incoming)) }
    }

    /// Reads what is left.
    pub async fn drain(mut self) {
        while let Some(Ok(_)) = self.frame().await {}
    }

    fn with<T>(&self, read: impl FnOnce(Pin<&mut Incoming>) -> T) -> T {
        read(Pin::new(&mut *self.incoming.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.with(|incoming| incoming.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|incoming| incoming.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|incoming| incoming.size_hint())
    }
}
