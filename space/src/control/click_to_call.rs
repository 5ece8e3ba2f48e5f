//! `POST /.space/click-to-call { address, origins? }` → 201 `{ token, embed_token, address, origins }`:
//! a new click-to-call resource, as the dashboard of the service makes one (auth REQ-21).
//!
//! `address` is the name of what it opens, such as `/public/echo`. `origins` are the origins whose pages
//! may exchange its tokens, `null` for all.

use serde_json::{Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};

/// More origins than any page has.
const MOST_ORIGINS: usize = 100;

impl FrontDesk {
    pub(super) async fn make_resource(&self, body: &[u8]) -> Result<Value, Fault> {
        let members = Members::read(body, &["address", "origins"])?;
        let address = required("address", members.text("address")?)?;
        let origins = if members.is_null("origins") {
            None
        } else {
            members.texts("origins")?
        };
        if let Some(origins) = &origins
            && !(origins.len() <= MOST_ORIGINS && origins.iter().all(|one| is_origin(one)))
        {
            let why = "origins must be at most 100 origins, such as https://shop.test";
            return Err(Fault::Unprocessable(why.to_owned()));
        }
        let made = self.run(move |driver| {
            driver.with_world(|world, cx| {
                let directory = world.directory_mut();
                let address = directory.by_name(&address)?.clone();
                let resource = directory.add_resource(&address.id, origins, cx);
                Some(json!({
                    "token": resource.token,
                    "embed_token": resource.embed_token,
                    "address": address.name,
                    "origins": resource.origins,
                }))
            })
        });
        made.await?
            .ok_or_else(|| Fault::Unprocessable("address must be the name of one".to_owned()))
    }
}

/// Scheme, host and port as a browser sends them, or the opaque origin (RFC 6454 §6.1).
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte);
        !host.is_empty() && host.len() <= 300 && host.bytes().all(allowed)
    };
    text == "null" || rest.is_some_and(is_host)
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn origins() {
        for good in ["https://shop.test", "http://localhost:8080", "null"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "shop.test",
            "https://shop.test/",
            "https://a@b",
            "*",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
