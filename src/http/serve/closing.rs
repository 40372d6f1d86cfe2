//! The routes for one connection: requests know who sent them, and responses end a connection of a service that stops.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::HttpBody,
    http::{HeaderValue, Request, Version, header::CONNECTION},
    response::Response,
};
use tower::Service;

use crate::http::{client_address::PeerAddress, readiness::Readiness};

/// A router for the connection of one peer.
#[derive(Debug, Clone)]
pub(super) struct ClosingRouter {
    router: Router,
    peer: PeerAddress,
    readiness: Readiness,
}

impl ClosingRouter {
    pub(super) const fn new(router: Router, peer: PeerAddress, readiness: Readiness) -> Self {
        Self {
            router,
            peer,
            readiness,
        }
    }
}

impl<B> Service<Request<B>> for ClosingRouter
where
    B: HttpBody<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Closing<<Router as Service<Request<B>>>::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        // HTTP/2 has a frame for it, which is sent when the socket is closed.
        let has_header = request.version() < Version::HTTP_2;
        Closing {
            readiness: has_header.then(|| self.readiness.clone()),
            response: Box::pin(self.router.call(request)),
        }
    }
}

/// A response that tells its connection to close if the service stops.
pub(super) struct Closing<F> {
    readiness: Option<Readiness>,
    response: Pin<Box<F>>,
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Closing<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.response.as_mut().poll(context).map_ok(|mut response| {
            let stops = |readiness: &Readiness| !readiness.is_ready();
            if self.readiness.as_ref().is_some_and(stops) {
                let headers = response.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        })
    }
}
