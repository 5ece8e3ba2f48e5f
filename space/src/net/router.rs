//! One HTTP request: to the front desk, to an endpoint, to the socket, or to a file.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};

use super::files::Files;
use crate::control::{self, FrontDesk, is_loopback_host};
use crate::driver::Handle;
use crate::{rest, ws};

/// No body of the protocol is nearly as large; up to here, what is wrong with one is said by name.
const LARGEST_BODY: usize = 4 << 20;
const FRONT_DESK: &str = "/.space/";

type Answer = Response<Full<Bytes>>;

/// What every connection of one space shares.
pub(crate) struct Router {
    pub(crate) handle: Handle,
    pub(crate) desk: FrontDesk,
    pub(crate) files: Files,
    /// Whether it is bound to more than the loopback interface, and so must answer to other names.
    pub(crate) open: bool,
}

/// What is known of a connection before it says anything.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Where it comes from.
    pub(crate) peer: IpAddr,
}

impl Router {
    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        caller: Caller,
    ) -> Result<Answer, Infallible> {
        let host = header(&request, &HOST).unwrap_or_default();
        // A foreign name that resolves to this machine is a rebinding attack (RFC 9110 §15.5.20).
        if !self.open && !is_loopback_host(&host) {
            return Ok(plain(rest::Response::error(421, "Misdirected Request")));
        }
        let path = request.uri().path().to_owned();
        if let Some(desk) = path.strip_prefix(FRONT_DESK) {
            // A Host header is what the caller says; where the connection comes from is not.
            if !caller.peer.is_loopback() {
                return Ok(plain(rest::Response::error(403, "Forbidden")));
            }
            return Ok(self.front_desk(request, desk, host).await);
        }
        if rest::owns(&path) {
            return Ok(self.endpoint(request, path, &host, caller).await);
        }
        if let Some(headers) = ws::accept(request.headers()) {
            return Ok(self.socket(request, &path, headers));
        }
        Ok(self
            .file(
                request.method(),
                &path,
                &format!("{}://{host}", caller.scheme),
            )
            .await)
    }

    async fn front_desk(&self, request: Request<Incoming>, desk: &str, host: String) -> Answer {
        let method = request.method().to_string();
        let origin = header(&request, &ORIGIN);
        let Some(body) = body(request).await else {
            return too_large();
        };
        let desk = desk.to_owned();
        plain(
            self.desk
                .answer(control::Request {
                    method,
                    desk,
                    host,
                    origin,
                    body,
                })
                .await,
        )
    }

    async fn endpoint(
        &self,
        request: Request<Incoming>,
        path: String,
        host: &str,
        Caller { scheme, peer }: Caller,
    ) -> Answer {
        let requested = HeaderName::from_static("access-control-request-method");
        let mut read = rest::Request {
            method: request.method().to_string(),
            path,
            query: request.uri().query().unwrap_or_default().to_owned(),
            base: format!("{scheme}://{host}"),
            peer: peer.to_string(),
            origin: header(&request, &ORIGIN),
            authorization: header(&request, &AUTHORIZATION),
            requested_method: header(&request, &requested),
            body: Vec::new(),
        };
        let Some(body) = body(request).await else {
            return too_large();
        };
        read.body = body;
        match self.handle.run(move |driver| driver.rest(&read)).await {
            Some(Some(response)) => plain(response),
            Some(None) => std::future::pending().await,
            None => plain(rest::Response::error(503, "Service Unavailable")),
        }
    }

    fn socket(
        &self,
        mut request: Request<Incoming>,
        path: &str,
        headers: hyper::HeaderMap,
    ) -> Answer {
        if path != "/" {
            return unknown(request.method(), path);
        }
        tokio::spawn(ws::serve(
            hyper::upgrade::on(&mut request),
            self.handle.clone(),
        ));
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        response
    }

    async fn file(&self, method: &Method, path: &str, base: &str) -> Answer {
        if method != Method::GET && method != Method::HEAD {
            return unknown(method, path);
        }
        let file = match self.files.read(path, base).await {
            Ok(file) => file,
            Err(StatusCode::NOT_FOUND) => return unknown(method, path),
            Err(_) => return plain(rest::Response::error(500, "Internal Server Error")),
        };
        whole(200, file.headers, Bytes::from(file.bytes))
    }
}

fn header(request: &Request<Incoming>, name: &HeaderName) -> Option<String> {
    request
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// The whole body, within its limit.
async fn body(request: Request<Incoming>) -> Option<Vec<u8>> {
    let limited = Limited::new(request.into_body(), LARGEST_BODY);
    limited
        .collect()
        .await
        .ok()
        .map(|whole| whole.to_bytes().to_vec())
}

fn too_large() -> Answer {
    plain(rest::Response::error(413, "Content Too Large"))
}

fn unknown(method: &Method, path: &str) -> Answer {
    let detail = format!("this space has nothing at {method} {path}");
    // Browsers ask for icons and source maps on their own.
    tracing::info!("{detail}");
    plain(rest::Response::not_found(detail))
}

fn plain(response: rest::Response) -> Answer {
    whole(response.status, response.headers, response.body.into())
}

fn whole(status: u16, headers: Vec<(&'static str, String)>, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        match HeaderValue::from_str(&value) {
            Ok(value) => answer.headers_mut().insert(name_of(name), value),
            Err(error) => {
                tracing::error!("the header {name} cannot be sent: {error}");
                continue;
            }
        };
    }
    answer
}

fn name_of(name: &'static str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes())
        .expect("the names of headers are literals of this crate")
}
