//! A static file server for `dist/`: cross-origin isolation, sub-paths, caching by hashed names.

use std::{
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use tokio::net::TcpListener;

use crate::ServeOptions;

#[derive(Debug)]
struct Site {
    folder: PathBuf,
    base: String,
    isolation: bool,
}

/// Serves until the process is told to stop.
pub async fn run(options: ServeOptions) -> io::Result<()> {
    let folder = options
        .folder
        .canonicalize()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot serve {}: {error}", options.folder.display())))?;
    let address = format!("{}:{}", options.host, options.port);
    let listener = TcpListener::bind(&address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => io::Error::new(
            error.kind(),
            format!("port {} is in use; stop what listens there or choose another, e.g. PORT=8081", options.port),
        ),
        _ => io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")),
    })?;
    let base = format!("/{}/", options.base.trim_matches('/')).replace("//", "/");
    println!("Serving {} on http://localhost:{}{base}", folder.display(), listener.local_addr()?.port());
    let site = Arc::new(Site { folder, base, isolation: !options.no_isolation });
    let app = Router::new().fallback(answer).with_state(site);
    axum::serve(listener, app).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response {
    let head = request.method() == Method::HEAD;
    if !head && request.method() != Method::GET {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(relative) = relative_path(&site.base, request.uri().path()) else {
        return empty(StatusCode::NOT_FOUND);
    };
    let mut path = site.folder.join(&relative);
    if relative.as_os_str().is_empty() || tokio::fs::metadata(&path).await.is_ok_and(|file| file.is_dir()) {
        path.push("index.html");
    }
    let Ok(content) = tokio::fs::read(&path).await else {
        return empty(StatusCode::NOT_FOUND);
    };
    let range = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
    let mut response = match range.map(|range| parse_range(range, content.len())) {
        Some(Some((start, end))) => {
            let total = content.len();
            let mut response = Response::new(Body::from(content.get(start..end).unwrap_or_default().to_vec()));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content_range = format!("bytes {start}-{}/{total}", end - 1);
            insert(response.headers_mut(), header::CONTENT_RANGE, &content_range);
            response
        }
        Some(None) => return empty(StatusCode::RANGE_NOT_SATISFIABLE),
        None => {
            let length = content.len().to_string();
            let mut response = Response::new(if head { Body::empty() } else { Body::from(content) });
            insert(response.headers_mut(), header::CONTENT_LENGTH, &length);
            response
        }
    };
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_TYPE, content_type(&path));
    insert(headers, header::ACCEPT_RANGES, "bytes");
    insert(headers, header::CACHE_CONTROL, cache_control(&path));
    if site.isolation {
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    }
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(status.to_string()));
    *response.status_mut() = status;
    response
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The path below the folder; `None` outside the base and for anything that climbs out.
fn relative_path(base: &str, path: &str) -> Option<PathBuf> {
    let path = if format!("{path}/") == base { "" } else { path.strip_prefix(base)? };
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            decoded.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    let relative = PathBuf::from(String::from_utf8(decoded).ok()?);
    relative.components().all(|part| matches!(part, Component::Normal(_))).then_some(relative)
}

/// A single `bytes=a-b` range as a half-open interval.
fn parse_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (start, end) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (start, end) {
        ("", suffix) => (length.saturating_sub(suffix.parse().ok()?), length),
        (start, "") => (start.parse().ok()?, length),
        (start, end) => (start.parse().ok()?, end.parse::<usize>().ok()?.saturating_add(1).min(length)),
    };
    (start < end).then_some((start, end))
}

/// Files whose name carries a hash never change.
fn cache_control(path: &Path) -> &'static str {
    let hashed = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| {
        stem.rsplit(['-', '.'])
            .next()
            .is_some_and(|hash| hash.len() >= 8 && hash.chars().all(|c| c.is_ascii_hexdigit()))
    });
    if hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "ipynb" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "csv" => "text/csv; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_folder() {
        assert_eq!(relative_path("/", "/a/b.js"), Some(PathBuf::from("a/b.js")));
        assert_eq!(relative_path("/sub/", "/sub/a%20b.js"), Some(PathBuf::from("a b.js")));
        assert_eq!(relative_path("/sub/", "/sub"), Some(PathBuf::new()));
        assert_eq!(relative_path("/sub/", "/other/a.js"), None);
        assert_eq!(relative_path("/", "/../secret"), None);
        assert_eq!(relative_path("/", "/%2e%2e/secret"), None);
    }

    #[test]
    fn ranges_are_half_open_and_checked() {
        assert_eq!(parse_range("bytes=0-9", 100), Some((0, 10)));
        assert_eq!(parse_range("bytes=90-", 100), Some((90, 100)));
        assert_eq!(parse_range("bytes=-10", 100), Some((90, 100)));
        assert_eq!(parse_range("bytes=100-", 100), None);
    }

    #[test]
    fn hashed_names_are_cached_for_good() {
        assert!(cache_control(Path::new("engine-0a1b2c3d.wasm")).contains("immutable"));
        assert_eq!(cache_control(Path::new("index.html")), "no-cache");
    }
}
