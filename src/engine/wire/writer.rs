//! The one writer of outgoing JSON text.
//!
//! It writes the same bytes natively and in wasm. It knows no floating-point numbers: formatting
//! them would weigh more than the rest of the writer.

/// The digits of a number. `core::fmt` would weigh 3 kB in the wasm, which has no other use for it.
pub fn decimal(value: u64) -> String {
    let mut text = String::new();
    push_decimal(&mut text, value);
    text
}

fn push_decimal(text: &mut String, value: u64) {
    if value >= 10 {
        push_decimal(text, value / 10);
    }
    // Below ten, so there is a digit for it.
    text.extend(
        u32::try_from(value % 10)
            .ok()
            .and_then(|digit| char::from_digit(digit, 10)),
    );
}

/// Builds one JSON object, member by member.
#[derive(Debug)]
pub struct Writer {
    text: String,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Opens the outermost object.
    pub fn new() -> Self {
        Self {
            text: String::from("{"),
        }
    }

    /// Closes the outermost object and gives back the text.
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn key(&mut self, key: &str) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
        self.quoted(key);
        self.text.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                c if c < ' ' => {
                    self.text.push_str("\\u00");
                    for digit in [u32::from(c) >> 4, u32::from(c) & 15] {
                        self.text.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    /// Opens a member that is an object; [`Self::close`] ends it.
    pub fn open(&mut self, key: &str) {
        self.key(key);
        self.text.push('{');
    }

    /// Closes the object opened last.
    pub fn close(&mut self) {
        self.text.push('}');
    }

    /// A string member.
    pub fn str(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    /// A string member that is left out when there is none.
    pub fn maybe(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.str(key, value);
        }
    }

    /// A whole number.
    pub fn num(&mut self, key: &str, value: u64) {
        self.key(key);
        push_decimal(&mut self.text, value);
    }

    /// A time in seconds with three decimals, from milliseconds.
    pub fn seconds(&mut self, key: &str, millis: u64) {
        self.key(key);
        push_decimal(&mut self.text, millis / 1000);
        self.text.push('.');
        for digit in [millis / 100, millis / 10, millis] {
            push_decimal(&mut self.text, digit % 10);
        }
    }

    /// `true` or `false`.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.key(key);
        self.text.push_str(if value { "true" } else { "false" });
    }

    /// An array of strings.
    pub fn strs(&mut self, key: &str, values: &[&str]) {
        self.key(key);
        self.text.push('[');
        for value in values {
            if !self.text.ends_with('[') {
                self.text.push(',');
            }
            self.quoted(value);
        }
        self.text.push(']');
    }

    /// The members of a JSON object whose text is already made; nothing for an empty text.
    pub fn splice(&mut self, object: &str) {
        let members = object
            .trim()
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        if let Some(members) = members.map(str::trim).filter(|members| !members.is_empty()) {
            if !self.text.ends_with('{') {
                self.text.push(',');
            }
            self.text.push_str(members);
        }
    }

    /// A member whose JSON text is already made: the application's own data.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.text.push_str(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for value in [0, 9, 10, 100, 1_718_299_953_004, u64::MAX] {
            assert_eq!(decimal(value), value.to_string());
        }
        for (millis, text) in [(0, "0.000"), (1_010, "1.010"), (99_999, "99.999")] {
            let mut w = Writer::new();
            w.seconds("at", millis);
            assert_eq!(w.finish(), format!("{{\"at\":{text}}}"));
        }
    }

    #[test]
    fn writes_what_a_json_parser_reads_back() {
        let mut w = Writer::new();
        w.str("text", "a\"b\\c\nd\te\u{1}f — ünï");
        w.open("inner");
        w.bool("yes", true);
        w.num("n", 42);
        w.maybe("none", None);
        w.close();
        w.strs("list", &["one", "t\"wo"]);
        w.strs("empty", &[]);
        w.open("hollow");
        w.close();
        w.seconds("at", 1_718_299_953_004);
        w.open("spliced");
        w.str("a", "1");
        w.splice(r#"{"b":2}"#);
        w.splice("{}");
        w.close();
        w.raw("mine", r#"{"x":[1]}"#);
        let value: serde_json::Value = serde_json::from_str(&w.finish()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "text": "a\"b\\c\nd\te\u{1}f — ünï", "inner": {"yes": true, "n": 42},
                "list": ["one", "t\"wo"], "empty": [], "hollow": {},
                "at": 1_718_299_953.004, "mine": {"x": [1]},
                "spliced": {"a": "1", "b": 2}
            })
        );
    }
}
