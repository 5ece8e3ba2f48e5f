//! `/.space/proofs`: how proofs of possession are taken, `{ nonce, iat_tolerance_s, resume }`.
//!
//! `GET` → 200 shows it, `POST` changes what it names and answers like `GET`. `nonce` (at first false): every
//! proof must answer a nonce of the space, once (auth §6.6, 7). `iat_tolerance_s` (at first 60, at most an
//! hour): how far a client's clock may be wrong (auth §6.6, 5). `resume` (at first true): a session whose SAT is bound to a
//! key is resumed with a proof of it alone; false lets it go on without (auth §5.1). `POST /.space/reset` sets all
//! of them back.

use serde_json::{Value, json};

use super::body::Members;
use super::{Fault, FrontDesk};
use crate::world::World;
use crate::world::proofs::ProofRules;

/// In seconds. Every proof that was accepted is remembered for so long.
const LARGEST_TOLERANCE: u64 = 3600;

impl FrontDesk {
    pub(super) async fn proofs(&self) -> Result<Value, Fault> {
        self.run(|driver| shown(driver.world())).await
    }

    pub(super) async fn set_proofs(&self, body: &[u8]) -> Result<Value, Fault> {
        const TOLERANCE: &str = "iat_tolerance_s";
        let members = Members::read(body, &["nonce", TOLERANCE, "resume"])?;
        let nonce = members.flag("nonce")?;
        let resume = members.flag("resume")?;
        let tolerance = members.integer(TOLERANCE, 0..=LARGEST_TOLERANCE)?;
        self.run(move |driver| {
            driver.with_world(|world, _| {
                let now = world.proof_rules();
                world.set_proof_rules(ProofRules {
                    nonce: nonce.unwrap_or(now.nonce),
                    iat_tolerance_s: tolerance.unwrap_or(now.iat_tolerance_s),
                    resume: resume.unwrap_or(now.resume),
                });
                shown(world)
            })
        })
        .await
    }
}

fn shown(world: &World) -> Value {
    let rules = world.proof_rules();
    json!({
        "nonce": rules.nonce, "iat_tolerance_s": rules.iat_tolerance_s, "resume": rules.resume,
    })
}
