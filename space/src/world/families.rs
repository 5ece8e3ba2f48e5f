//! Families of tokens: all that came of one SAT, by refresh tokens (auth §4.3) and by client-bound renewal
//! (auth §4.8, §4.9). A family is named by the id of its first SAT; it is bound to one key, refreshed by one
//! token at a time, and revoked as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::io::{Cx, Millis};
use super::sat::{Claims, REFRESH_MARGIN};

/// So long may a refresh token that was used be shown again, by a backend that lost the answer (auth §7.9, 14).
const GRACE: Millis = 10_000;
/// Seconds that a family is remembered after its last token has expired: longer than any leeway there is.
const AFTERLIFE: u64 = 600;
/// Families after which the first look for those that are over.
const FIRST_SWEEP: usize = 64;

/// A SAT and the refresh token that came with it. Both are secrets.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    /// Of the SAT, in seconds since the epoch.
    pub(crate) expires_at: u64,
}

/// What showing a refresh token comes to.
pub(crate) enum Turn {
    /// It is the one that is good: a new pair is due.
    Due,
    /// It was used a moment ago, and its successor was not: the same answer again.
    Again(Pair),
    /// It was used: somebody has a copy.
    Reused,
    /// The space was reset since, and does not know whether it was used.
    Unknown,
}

#[derive(Default)]
struct Family {
    /// The id of the refresh token that is good.
    current: Option<String>,
    /// The one before: its id, when it was used on the monotonic clock, what it was exchanged for.
    last: Option<(String, Millis, Pair)>,
    /// The thumbprint of the key that the first client-bound SAT was asked for with.
    bound_to: Option<String>,
    /// Until when one of its tokens lives, in seconds since the epoch.
    expires_at: u64,
}

/// All of them.
pub(crate) struct Families {
    families: BTreeMap<String, Family>,
    /// The families of SATs that are not the first of theirs, by the ids of those SATs.
    of: BTreeMap<String, String>,
    revoked: BTreeSet<String>,
    sweep_at: usize,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            families: BTreeMap::new(),
            of: BTreeMap::new(),
            revoked: BTreeSet::new(),
            sweep_at: FIRST_SWEEP,
        }
    }
}

impl Families {
    /// Takes a SAT into its family.
    pub(crate) fn add(&mut self, claims: &Claims, cx: &Cx<'_>) {
        self.sweep(cx);
        if claims.jti != claims.family {
            self.of.insert(claims.jti.clone(), claims.family.clone());
        }
        let family = self.family(&claims.family);
        let until = claims.expires_at.saturating_add(REFRESH_MARGIN);
        family.expires_at = family.expires_at.max(until);
    }

    /// The refresh token of this id is the one that is good.
    pub(crate) fn arm(&mut self, claims: &Claims, refresh_jti: String) {
        self.family(&claims.family).current = Some(refresh_jti);
    }

    /// What comes of a refresh token with these claims.
    pub(crate) fn turn(&self, claims: &Claims, cx: &Cx<'_>) -> Turn {
        let Some(family) = self.families.get(&claims.family) else {
            return Turn::Unknown;
        };
        match &family.last {
            _ if family.current.as_ref() == Some(&claims.jti) => Turn::Due,
            Some((jti, at, pair)) if *jti == claims.jti && cx.mono < at.saturating_add(GRACE) => {
                Turn::Again(pair.clone())
            }
            _ => Turn::Reused,
        }
    }

    /// A refresh token was exchanged for this pair, whose own has the id `refresh_jti`.
    pub(crate) fn rotated(&mut self, used: &Claims, refresh_jti: String, pair: &Pair, cx: &Cx<'_>) {
        let family = self.family(&used.family);
        family.last = Some((used.jti.clone(), cx.mono, pair.clone()));
        family.current = Some(refresh_jti);
    }

    /// The key that the tokens of a SAT's family are bound to: its own, or that of the first use.
    pub(crate) fn bound_to<'a>(&'a self, claims: &'a Claims) -> Option<&'a String> {
        let by_use = || self.families.get(&claims.family)?.bound_to.as_ref();
        claims.bound_to.as_ref().or_else(by_use)
    }

    /// Binds a SAT's family to this key, unless it is bound already.
    pub(crate) fn bind(&mut self, claims: &Claims, jkt: &str) {
        let family = self.family(&claims.family);
        family.bound_to.get_or_insert_with(|| jkt.to_owned());
    }

    /// Ends the family of the SAT of this id.
    pub(crate) fn revoke(&mut self, jti: String) {
        let family = self.of.get(&jti).cloned().unwrap_or(jti);
        self.revoked.insert(family);
    }

    pub(crate) fn is_revoked(&self, claims: &Claims) -> bool {
        self.revoked.contains(&claims.family)
    }

    fn family(&mut self, name: &str) -> &mut Family {
        self.families.entry(name.to_owned()).or_default()
    }

    /// Forgets the families that are over, now and then. What was revoked stays so.
    fn sweep(&mut self, cx: &Cx<'_>) {
        if self.families.len() < self.sweep_at {
            return;
        }
        let now = cx.seconds();
        self.families
            .retain(|_, family| now < family.expires_at.saturating_add(AFTERLIFE));
        let families = &self.families;
        self.of.retain(|_, family| families.contains_key(family));
        self.sweep_at = FIRST_SWEEP.max(2 * self.families.len());
    }
}
