//! `POST /.space/revoke { jti | subscriber_id | embed_token }` → 204: ends credentials before their time,
//! as a backend does when somebody logs out (auth §7.9, 14).
//!
//! `jti` ends one SAT with its family: all that came of the same first SAT by refresh tokens and client-bound
//! renewal. `subscriber_id` ends all that this subscriber or guest has by now, with the invites of
//! the subscriber; `embed_token` a C2C or embed token and all that it was exchanged for. Their sessions are
//! closed and cannot be resumed. 404 where no resource has the token; an unknown id is no error, for a SAT
//! is not kept here (RFC 7009 §2.2).

use super::body::Members;
use super::{Fault, FrontDesk};
use crate::world::Input;
use crate::world::revocation::Revocation;

impl FrontDesk {
    pub(super) async fn revoke(&self, body: &[u8]) -> Result<(), Fault> {
        let members = Members::read(body, &["jti", "subscriber_id", "embed_token"])?;
        let jti = members.text("jti")?;
        let subscriber = members.text("subscriber_id")?;
        let token = members.text("embed_token")?;
        let revocation = match (jti, subscriber, token) {
            (Some(jti), None, None) => Revocation::Sat { jti },
            (None, Some(id), None) => Revocation::Subscriber { id },
            (None, None, Some(token)) => Revocation::EmbedToken { token },
            _ => {
                let why = "exactly one of jti, subscriber_id and embed_token is required";
                return Err(Fault::Unprocessable(why.to_owned()));
            }
        };
        let known = self.run(move |driver| {
            if let Revocation::EmbedToken { token } = &revocation
                && driver.world().directory().resource(token).is_none()
            {
                return false;
            }
            driver.input(Input::Revoke(revocation));
            true
        });
        if known.await? {
            Ok(())
        } else {
            let why = "no click-to-call resource has this embed_token";
            Err(Fault::NotFound(why.to_owned()))
        }
    }
}
