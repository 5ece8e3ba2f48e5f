//! `POST /.space/calls { to, from?, media? }` → 201 `{ calls: [ids] }`: the space itself calls a subscriber,
//! one call for each registered client; the far end is an echo.
//!
//! `to` is the name of the subscriber's address or the subscriber's reference; `from` is what the
//! callee sees of the caller, the name of an address by default; `media` is `audio` or `video`.
//! Without a registered client: 409 `{ error: "not_registered" }`.

use serde_json::{Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};
use crate::world::Unreached;

/// Whom a callee sees, unless told otherwise.
const CALLER: &str = "/public/echo";
/// The most characters that a callee is shown of the caller.
const LONGEST_CALLER: usize = 256;

impl FrontDesk {
    pub(super) async fn call_person(&self, body: &[u8]) -> Result<Value, Fault> {
        let members = Members::read(body, &["to", "from", "media"])?;
        let to = required("to", members.text("to")?)?;
        let from = members.text("from")?.unwrap_or_else(|| CALLER.to_owned());
        if from.is_empty() || from.len() > LONGEST_CALLER {
            let why = "from must be a string of 1 to 256 characters";
            return Err(Fault::Unprocessable(why.to_owned()));
        }
        let video = match members.text("media")?.as_deref() {
            None | Some("audio") => false,
            Some("video") => true,
            Some(_) => {
                let why = "media must be audio or video";
                return Err(Fault::Unprocessable(why.to_owned()));
            }
        };
        let called = self.run(move |driver| driver.call_person(&to, &from, video));
        match called.await? {
            Ok(calls) => Ok(json!({ "calls": calls })),
            Err(Unreached::NotRegistered) => Err(Fault::Conflict("not_registered")),
            Err(Unreached::Unknown) => {
                let why = "to must be a subscriber's address or reference";
                Err(Fault::Unprocessable(why.to_owned()))
            }
        }
    }
}
