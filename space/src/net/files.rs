//! Pages and the built package, from directories on disk.

use std::io;
use std::path::{Path, PathBuf};

use hyper::StatusCode;

use super::pages;

/// Where the package is mounted.
const SDK: &str = "/sdk/";

/// A file to be sent.
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The directories.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) www: PathBuf,
    pub(crate) sdk: PathBuf,
}

impl Files {
    /// The file that a path of a URL names; `base` is the scheme and host of that URL.
    ///
    /// # Errors
    /// 404 when there is none, or when the path leaves its directory; 500 when it cannot be read.
    pub(crate) async fn read(&self, url_path: &str, base: &str) -> Result<File, StatusCode> {
        let (root, rest) = match url_path.strip_prefix(SDK) {
            Some(rest) => (&self.sdk, rest),
            None => (&self.www, url_path.trim_start_matches('/')),
        };
        let relative = relative(rest).ok_or(StatusCode::NOT_FOUND)?;
        let path = inside(root, &relative).await.map_err(status)?;
        let mut bytes = tokio::fs::read(&path).await.map_err(status)?;
        let content_type = content_type(&path);
        let mut headers: Vec<(&'static str, String)> = vec![
            ("Content-Type", content_type.into()),
            ("Cache-Control", "no-cache".into()),
            ("X-Content-Type-Options", "nosniff".into()),
        ];
        if content_type.starts_with("text/html") {
            let page = pages::fitted(&String::from_utf8_lossy(&bytes), base);
            headers.push(("Content-Security-Policy", pages::policy(&page)));
            headers.push(("Referrer-Policy", "no-referrer".into()));
            bytes = page.into_bytes();
        }
        if url_path.starts_with(SDK) {
            // A page that another server of this machine delivers may load the package from here.
            headers.push(("Access-Control-Allow-Origin", "*".into()));
            headers.push(("Cross-Origin-Resource-Policy", "cross-origin".into()));
        }
        Ok(File { bytes, headers })
    }
}

/// The path below a root; a directory stands for its `index.html`. `None` for a path that a browser would
/// not send for a page: parent directories, hidden files, backslashes.
fn relative(path: &str) -> Option<PathBuf> {
    let path = if path.is_empty() || path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.to_owned()
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0', '%'])
    };
    path.split('/').all(plain).then(|| PathBuf::from(path))
}

/// The real path, unless a link leads out of the root.
async fn inside(root: &Path, relative: &Path) -> io::Result<PathBuf> {
    let root = tokio::fs::canonicalize(root).await?;
    let path = tokio::fs::canonicalize(root.join(relative)).await?;
    if path.starts_with(&root) && path.is_file() {
        Ok(path)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn status(error: io::Error) -> StatusCode {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn content_type(path: &Path) -> &'static str {
    match path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(relative(""), Some("index.html".into()));
        assert_eq!(relative("a/b.js"), Some("a/b.js".into()));
        assert_eq!(relative("a/"), Some("a/index.html".into()));
        for bad in [
            "../x",
            "a/../x",
            ".git/config",
            "a//b",
            "a\\b",
            "a/..",
            "C:/x",
            "%2e%2e/x",
        ] {
            assert_eq!(relative(bad), None, "{bad}");
        }
    }

    #[test]
    fn wasm_and_modules_have_the_types_that_browsers_insist_on() {
        assert_eq!(content_type(Path::new("a.wasm")), "application/wasm");
        assert!(content_type(Path::new("a.mjs")).starts_with("text/javascript"));
    }
}
