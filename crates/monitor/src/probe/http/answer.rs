//! A response whose body is still to come, with the connection that brings it.

use std::{
    any::Any,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use hyper::{
    Response,
    body::{Body, Bytes, Incoming},
    http::response::Parts,
};

type Driving = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A head, and what brings the rest.
pub(crate) struct Answer {
    pub(crate) head: Parts,
    pub(crate) pieces: Pieces,
}

/// The body, piece by piece. Whoever waits for a piece drives the connection meanwhile, so that a
/// probe is one task, and a probe that is let go lets go of its connection.
pub(crate) struct Pieces {
    body: Incoming,
    connection: Connection,
}

/// A connection on which one request is made.
pub(super) struct Connection {
    /// The library's side of it; `None` once it is over.
    driving: Option<Driving>,
    /// What holds the connection open for more.
    sender: Option<Box<dyn Any + Send>>,
}

impl Connection {
    pub(super) fn new(
        sender: impl Any + Send,
        driving: impl Future<Output = hyper::Result<()>> + Send + 'static,
    ) -> Self {
        Self {
            driving: Some(Box::pin(driving)),
            sender: Some(Box::new(sender)),
        }
    }

    /// Waits for the head of the response.
    pub(super) async fn answer(
        mut self,
        response: impl Future<Output = hyper::Result<Response<Incoming>>>,
    ) -> hyper::Result<Answer> {
        let mut response = pin!(response);
        let response = poll_fn(|context| {
            self.drive(context);
            response.as_mut().poll(context)
        });
        let (head, body) = response.await?.into_parts();
        let pieces = Pieces {
            body,
            connection: self,
        };
        Ok(Answer { head, pieces })
    }

    /// Goes on as far as can be. How it ends, the response or its body tells.
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(driving) = &mut self.driving
            && driving.as_mut().poll(context).is_ready()
        {
            self.driving = None;
        }
    }

    /// Says farewell where that can be done at once.
    fn close(&mut self, context: &mut Context<'_>) {
        self.sender = None;
        self.drive(context);
    }
}

impl Stream for Pieces {
    type Item = hyper::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.connection.drive(context);
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    // Trailers say nothing that is recorded.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.connection.close(context);
                    return Poll::Ready(None);
                }
            }
        }
    }
}
