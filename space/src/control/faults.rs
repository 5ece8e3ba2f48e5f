//! `/.space/faults`: endpoints that fail on purpose, for tests of a client.
//!
//! `POST { path, status | hang, times, retry_after, carried_out }` orders a fault and answers like `GET`,
//! with all that are still to come. `path` is the endpoint's, without a query; preflights are not met.
//!
//! | member | meaning |
//! |---|---|
//! | `status` | 400 to 599: the answer. `retry_after`, in seconds, goes with it |
//! | `hang` | true in place of a status: no answer, until the client gives up |
//! | `times` | how many requests meet it, by default 1; 0 calls off all that was ordered for the path |
//! | `carried_out` | true: the request does its work first, so that only its answer is lost |
//!
//! Several faults of one path are met in their order. `POST /.space/reset` calls all of them off.

use serde_json::{Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};
use crate::faults::{self, Failure, Faults};
use crate::rest;

const KNOWN: [&str; 6] = [
    "path",
    "status",
    "hang",
    "times",
    "retry_after",
    "carried_out",
];
/// A day, in seconds.
const LONGEST_WAIT: u64 = 86_400;
const MOST_TIMES: u64 = 1_000_000;

impl FrontDesk {
    pub(super) async fn faults(&self) -> Result<Value, Fault> {
        self.run(|driver| shown(driver.faults())).await
    }

    pub(super) async fn order_fault(&self, body: &[u8]) -> Result<Value, Fault> {
        let (path, fault) = read(&Members::read(body, &KNOWN)?)?;
        self.run(move |driver| {
            match fault {
                Some(fault) => driver.faults().order(&path, fault),
                None => driver.faults().call_off(&path),
            }
            shown(driver.faults())
        })
        .await
    }
}

/// The path, and what is ordered for it; nothing calls off what was.
fn read(members: &Members) -> Result<(String, Option<faults::Fault>), Fault> {
    let path = required("path", members.text("path")?)?;
    if !rest::has_endpoint(&path) {
        let shown: String = path.chars().take(80).collect();
        let why = format!("path: this space has no endpoint {shown:?}");
        return Err(Fault::Unprocessable(why));
    }
    let status = members.integer("status", 400..=599)?;
    let hang = members.flag("hang")?.unwrap_or(false);
    let times = members.integer("times", 0..=MOST_TIMES)?.unwrap_or(1);
    let retry_after = members.integer("retry_after", 0..=LONGEST_WAIT)?;
    let carried_out = members.flag("carried_out")?.unwrap_or(false);
    if times == 0 {
        return Ok((path, None));
    }
    let failure = match (status, hang) {
        (Some(status), false) => Failure::Status(u16::try_from(status).unwrap_or(500), retry_after),
        (None, true) if retry_after.is_none() => Failure::Silence,
        (None, true) => return Err(unprocessable("retry_after goes with a status")),
        _ => return Err(unprocessable("exactly one of status and hang is required")),
    };
    let fault = faults::Fault {
        failure,
        times,
        carried_out,
    };
    Ok((path, Some(fault)))
}

fn unprocessable(why: &str) -> Fault {
    Fault::Unprocessable(why.to_owned())
}

fn shown(faults: &Faults) -> Value {
    let one = |(path, fault): (&str, faults::Fault)| {
        let (status, retry_after) = match fault.failure {
            Failure::Status(status, retry_after) => (Some(status), retry_after),
            Failure::Silence => (None, None),
        };
        json!({
            "path": path,
            "status": status,
            "hang": fault.failure == Failure::Silence,
            "times": fault.times,
            "retry_after": retry_after,
            "carried_out": fault.carried_out,
        })
    };
    faults.open().map(one).collect()
}
