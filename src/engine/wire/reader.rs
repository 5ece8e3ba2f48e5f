//! How the engine looks into an object that it did not make: [`Reader`].
//!
//! The object is a parsed frame, a REST body or an option bag of the application. In the browser a
//! Reader is one typed, keyed JavaScript read a crossing; natively it is a `serde_json::Value`
//! (feature `json`). A value of another type than the one asked for reads as absent, so that a
//! misshapen frame is handled like an incomplete one.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::words::{K, Sym};

/// Something that passes through the engine unseen: an object of the browser or a piece of a frame.
///
/// Two of them are equal when they are the same object.
#[derive(Clone)]
pub struct Opaque(Rc<dyn Any>);

impl Opaque {
    /// Wraps `value` for its way through the engine.
    pub fn new<T: Any>(value: T) -> Self {
        Self(Rc::new(value))
    }

    /// The value again, where it was put in as a `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opaque")
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Integers above this are not exact in JavaScript and read as absent.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Keyed, typed reads of one object.
pub trait Reader: Sized {
    /// The member when it is an object.
    fn get(&self, key: K) -> Option<Self>;
    /// The member when it is a string.
    fn str(&self, key: K) -> Option<String>;
    /// The member when it is a string that the protocol knows ([`Sym`]).
    fn sym(&self, key: K) -> Option<Sym>;
    /// The member when it is a finite number.
    fn num(&self, key: K) -> Option<f64>;
    /// The member when it is `true` or `false`.
    fn bool(&self, key: K) -> Option<bool>;
    /// Visits the objects of the member when it is an array; other elements are passed over.
    fn each(&self, key: K, visit: &mut dyn FnMut(Self));
    /// The strings of the member when it is an array; a lone string counts as an array of one.
    fn strs(&self, key: K) -> Vec<String>;
    /// The member as JSON text when it is an object, for a splice into an outgoing frame.
    fn json(&self, key: K) -> Option<String>;
    /// The member, whatever it is, unless it is absent or null.
    fn opaque(&self, key: K) -> Option<Opaque>;
    /// What the header of the member says under `name`, when the member is a token in compact serialisation
    /// (RFC 7515 §7.1): its first part is base64url of a JSON object.
    ///
    /// Outer `None`: no such token. Inner `None`: the header has no such string.
    fn header(&self, token: K, name: K) -> Option<Option<String>>;
    /// This object itself, to be passed on unseen.
    fn whole(&self) -> Opaque;

    /// The member when it is a whole number of at least zero.
    fn u64(&self, key: K) -> Option<u64> {
        let value = self.num(key)?;
        // Exact: the range and the fraction are checked first.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (value.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&value)).then_some(value as u64)
    }

    /// The member when it is a whole number that fits 32 bits: error codes.
    fn i32(&self, key: K) -> Option<i32> {
        let value = self.num(key)?;
        let fits =
            value.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value);
        #[allow(clippy::cast_possible_truncation)]
        fits.then_some(value as i32)
    }

    /// A code that some servers send as a number and others as text (wire-protocol §2.2, §5.7).
    fn code(&self, key: K) -> Option<i32> {
        self.i32(key).or_else(|| self.str(key)?.parse().ok())
    }
}
