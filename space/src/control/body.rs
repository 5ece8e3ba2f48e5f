//! Bodies of requests to the front desk: JSON objects with none but the known members.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::Fault;

/// The members of a body. One that is misspelt would otherwise change nothing, or more than was meant.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads a body; no body is an empty object.
    pub(super) fn read(body: &[u8], known: &[&str]) -> Result<Self, Fault> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        let object: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| Fault::Unprocessable("the body must be a JSON object".to_owned()))?;
        let members = Self(object);
        match members.first_other_than(known) {
            Some(unknown) => {
                let unknown: String = unknown.chars().take(80).collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                Err(Fault::Unprocessable(format!(
                    "unknown member {unknown:?}; known: {known}"
                )))
            }
            None => Ok(members),
        }
    }

    /// Whether the member is there and says "none".
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    /// The first member that is none of these.
    pub(super) fn first_other_than(&self, known: &[&str]) -> Option<&str> {
        let mut names = self.0.keys().map(String::as_str);
        names.find(|name| !known.contains(name))
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        self.read_as(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.read_as(name, "an array of strings", |value| {
            value.as_array()?.iter().map(text).collect()
        })
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        self.read_as(name, "true or false", Value::as_bool)
    }

    /// A whole number within the range.
    pub(super) fn integer(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Fault> {
        let must = format!("an integer from {} to {}", range.start(), range.end());
        self.read_as(name, &must, |value| {
            value.as_u64().filter(|number| range.contains(number))
        })
    }

    /// A number within the range.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, Fault> {
        let must = format!("a number from {} to {}", range.start(), range.end());
        self.read_as(name, &must, |value| {
            value.as_f64().filter(|number| range.contains(number))
        })
    }

    fn read_as<T>(
        &self,
        name: &str,
        must: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(Fault::Unprocessable(format!("{name} must be {must}"))),
            },
        }
    }
}

/// A member that may not be left out.
pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::Unprocessable(format!("{name} is required")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<T>(read: Result<T, Fault>) -> String {
        match read {
            Err(Fault::Unprocessable(why)) => why,
            Err(_) => panic!("another fault"),
            Ok(_) => panic!("no fault"),
        }
    }

    #[test]
    fn a_member_is_read_as_what_it_is() {
        let body = br#"{"a":"x","b":["y"],"c":7,"d":0.5,"f":true}"#;
        let members = Members::read(body, &["a", "b", "c", "d", "f"])
            .ok()
            .unwrap();
        assert_eq!(members.flag("f").ok(), Some(Some(true)));
        assert_eq!(members.text("a").ok(), Some(Some("x".to_owned())));
        assert_eq!(members.texts("b").ok(), Some(Some(vec!["y".to_owned()])));
        assert_eq!(members.integer("c", 0..=7).ok(), Some(Some(7)));
        assert_eq!(members.number("d", 0.0..=1.0).ok(), Some(Some(0.5)));
        assert_eq!(members.text("e").ok(), Some(None));
        assert!(!members.is_null("a") && !members.is_null("e"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let members = Members::read(br#"{"a":null,"b":["y",1],"c":8}"#, &["a", "b", "c"]);
        let members = members.ok().unwrap();
        assert!(members.is_null("a"));
        assert_eq!(why(members.text("a")), "a must be a string");
        assert_eq!(why(members.flag("a")), "a must be true or false");
        assert_eq!(why(members.texts("b")), "b must be an array of strings");
        let range = "c must be an integer from 0 to 7";
        assert_eq!(why(members.integer("c", 0..=7)), range);
        assert_eq!(why(required::<()>("d", None)), "d is required");
        let unknown = Members::read(br#"{"z":1}"#, &["a"]);
        assert_eq!(why(unknown), r#"unknown member "z"; known: a"#);
        for body in [&b"[]"[..], b"{", b"\xff", b"null"] {
            let read = Members::read(body, &[]);
            assert_eq!(why(read), "the body must be a JSON object");
        }
    }
}
