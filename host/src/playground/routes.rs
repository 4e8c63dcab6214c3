//! How the page is served: its files and nothing else, to this machine's browsers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::page::Page;

/// The page needs its own files and the Wasm among them. It is in no frame, and sends nothing anywhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// What every answer carries.
const HEADERS: [(header::HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

struct Server {
    page: Page,
    /// Where it listens.
    address: SocketAddr,
}

/// The page, for a server that listens on `address`.
pub(super) fn router(page: Page, address: SocketAddr) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Server { page, address }))
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut response = server.answer(&request);
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Server {
    fn answer(&self, request: &Request) -> Response {
        // A name of somebody else's that was made to point here would let their page read from this one.
        if self.address.ip().is_loopback() && !asks_loopback(request) {
            return (StatusCode::MISDIRECTED_REQUEST, "this is the playground of the machine it runs on\n")
                .into_response();
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
        }
        let Some(file) = self.page.file(request.uri().path()) else {
            return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
        };
        let known = request.headers().get_all(header::IF_NONE_MATCH).iter();
        // A file is asked for again and is sent again only when it is another, as after an update.
        let caching =
            [(header::ETAG, file.tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
        if known.into_iter().any(|known| is_among(&file.tag, known)) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(header::CONTENT_TYPE, file.media_type)], Body::from(file.content)).into_response()
    }
}

/// Whether a tag is in an `If-None-Match`.
fn is_among(tag: &HeaderValue, known: &HeaderValue) -> bool {
    let (Ok(tag), Ok(known)) = (tag.to_str(), known.to_str()) else { return false };
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// Whether the request is addressed to this machine by its own name.
fn asks_loopback(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = host.map(str::parse::<Authority>).or_else(|| request.uri().authority().cloned().map(Ok));
    let Some(Ok(authority)) = authority else { return false };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;

    const LOOPBACK: &str = "127.0.0.1:8080";

    async fn ask(listening: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let page = Page::new(&[("index.html", b"<p>"), ("policy_bg.wasm", b"\0asm")]);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = router(page, listening.parse().unwrap());
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn status(listening: &str, method: &str, path: &str, host: &str) -> u16 {
        ask(listening, method, path, &[("host", host)]).await.status().as_u16()
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn files_are_served_and_nothing_else_is() {
        for (method, path, expected) in [
            ("GET", "/", 200),
            ("HEAD", "/index.html", 200),
            ("GET", "/policy_bg.wasm?v=1", 200),
            ("GET", "/nothing.js", 404),
            ("GET", "/../Cargo.toml", 404),
            ("GET", "//index.html", 404),
            ("POST", "/", 405),
            ("OPTIONS", "/", 405),
        ] {
            assert_eq!(status(LOOPBACK, method, path, LOOPBACK).await, expected, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_headers() {
        for (path, host) in [("/", LOOPBACK), ("/nothing", LOOPBACK), ("/", "evil.example")] {
            let response = ask(LOOPBACK, "GET", path, &[("host", host)]).await;
            let policy = header(&response, "content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        }
        let wasm = ask(LOOPBACK, "GET", "/policy_bg.wasm", &[("host", LOOPBACK)]).await;
        assert_eq!(header(&wasm, "content-type"), "application/wasm");
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let first = ask(LOOPBACK, "GET", "/", &[("host", LOOPBACK)]).await;
        let tag = header(&first, "etag").to_owned();
        assert_eq!(header(&first, "cache-control"), "no-cache");
        for (known, expected) in
            [(tag.as_str(), 304), (&*format!("\"x\", W/{tag}"), 304), ("*", 304), ("\"x\"", 200), ("", 200)]
        {
            let again = ask(LOOPBACK, "GET", "/", &[("host", LOOPBACK), ("if-none-match", known)]).await;
            assert_eq!(again.status().as_u16(), expected, "{known}");
            assert_eq!(header(&again, "etag"), tag);
        }
        let other = ask(LOOPBACK, "GET", "/policy_bg.wasm", &[("host", LOOPBACK)]).await;
        assert_ne!(header(&other, "etag"), tag);
    }

    #[tokio::test]
    async fn on_loopback_only_its_own_names_are_answered() {
        for (host, expected) in [
            ("localhost:8080", 200),
            ("LOCALHOST", 200),
            ("127.0.0.1", 200),
            ("127.9.9.9:1", 200),
            ("[::1]:8080", 200),
            ("evil.example:8080", 421),
            ("localhost.evil.example", 421),
            ("127.0.0.1.evil.example", 421),
            ("10.0.0.1", 421),
            ("", 421),
            ("a b", 421),
        ] {
            assert_eq!(status(LOOPBACK, "GET", "/", host).await, expected, "{host}");
            assert_eq!(status("[::1]:8080", "GET", "/", host).await, expected, "{host}");
        }
        assert_eq!(ask(LOOPBACK, "GET", "/", &[]).await.status().as_u16(), 421);
        assert_eq!(status("0.0.0.0:8080", "GET", "/", "page.example").await, 200);
    }
}
