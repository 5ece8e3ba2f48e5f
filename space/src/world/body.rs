//! Bodies of the token endpoints, read member by member. Every problem is collected, so that one answer
//! names them all (auth §4.1, 422).

use serde_json::{Map, Value};

use super::ids;
use super::io::Cx;
use super::sat;
use super::tokens::Refusal;

/// The longest text of a profile or a reference, in bytes.
const LONGEST_TEXT: usize = 255;
/// The longest token. A SAT has some 600 bytes.
const LONGEST_TOKEN: usize = 4096;

/// One thing that is wrong with a request body (auth §4.1, 422).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `missing_required_parameter`, `invalid_parameter`, `must_belong_to_project`, `token_expired`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The member of the body.
    pub attribute: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, attribute: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            attribute: attribute.to_owned(),
        }
    }

    pub(crate) fn missing(attribute: &str) -> Self {
        let message = format!("{attribute} is required");
        Self::new("missing_required_parameter", attribute, message)
    }

    pub(crate) fn invalid(attribute: &str, must: &str) -> Self {
        let message = format!("{attribute} must be {must}");
        Self::new("invalid_parameter", attribute, message)
    }
}

/// A body that is being read. A member that is absent and one that is null are the same.
pub(crate) struct Body<'a> {
    members: &'a Map<String, Value>,
    problems: Vec<Problem>,
}

impl<'a> Body<'a> {
    pub(crate) fn new(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            problems: Vec::new(),
        }
    }

    /// Ends the reading: what was read, unless something was wrong.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Refusal> {
        if self.problems.is_empty() {
            Ok(read)
        } else {
            Err(Refusal::Invalid(self.problems))
        }
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The member as it came.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key).filter(|value| !value.is_null())
    }

    /// A text of at most `longest` bytes.
    fn text_within(&mut self, key: &str, longest: usize) -> Option<&'a str> {
        match self.value(key)? {
            Value::String(text) if text.len() <= longest => Some(text),
            Value::String(_) => {
                let must = format!("of at most {longest} bytes");
                self.problem(Problem::invalid(key, &must));
                None
            }
            _ => {
                self.problem(Problem::invalid(key, "a string"));
                None
            }
        }
    }

    /// An optional text.
    pub(crate) fn text(&mut self, key: &str) -> Option<&'a str> {
        self.text_within(key, LONGEST_TEXT)
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required_text(&mut self, key: &str) -> &'a str {
        self.required(key, LONGEST_TEXT)
    }

    /// The same for a token.
    pub(crate) fn required_token(&mut self, key: &str) -> &'a str {
        self.required(key, LONGEST_TOKEN)
    }

    fn required(&mut self, key: &str, longest: usize) -> &'a str {
        let before = self.problems.len();
        let text = self.text_within(key, longest).unwrap_or_default();
        if text.is_empty() && self.problems.len() == before {
            self.problem(Problem::missing(key));
        }
        text
    }

    /// An optional text that must satisfy `is_valid`.
    pub(crate) fn text_that(
        &mut self,
        key: &str,
        must: &str,
        is_valid: impl FnOnce(&str) -> bool,
    ) -> Option<&'a str> {
        let text = self.text(key)?;
        if !is_valid(text) {
            self.problem(Problem::invalid(key, must));
            return None;
        }
        Some(text)
    }

    /// The one region that exists, where one is named.
    pub(crate) fn region(&mut self, key: &str) -> Option<&'a str> {
        self.text_that(key, REGION, |region| region == REGION)
    }

    /// The form of an RFC 7638 thumbprint with SHA-256.
    pub(crate) fn fingerprint(&mut self) -> Option<&'a str> {
        let must = "a thumbprint of 43 base64url characters";
        self.text_that("fingerprint", must, |print| {
            let is_base64url =
                |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            print.len() == 43 && print.bytes().all(is_base64url)
        })
    }

    pub(crate) fn uuid(&mut self, key: &str) -> Option<&'a str> {
        self.text_that(key, "a UUID", ids::is_uuid)
    }

    /// Whether `"sat:refresh"`, or an array of it, stands there (auth §4.2).
    pub(crate) fn scope(&mut self) -> bool {
        let list = match self.value("scope") {
            None => return false,
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        if list.iter().any(|scope| scope != sat::REFRESH_SCOPE) {
            self.problem(Problem::invalid("scope", sat::REFRESH_SCOPE));
        }
        !list.is_empty()
    }

    /// How long the token is to live, in seconds: a member that must be there (auth §4.8).
    pub(crate) fn lifetime(&mut self, key: &str) -> u64 {
        let Some(value) = self.value(key) else {
            self.problem(Problem::missing(key));
            return 0;
        };
        value.as_u64().unwrap_or_else(|| {
            self.problem(Problem::invalid(key, "a whole number of seconds"));
            0
        })
    }

    /// When the token is to expire, in seconds since the epoch: the first of these members that is there,
    /// else in two hours.
    pub(crate) fn expiry(&mut self, keys: &[&str], cx: &Cx<'_>) -> u64 {
        let now = cx.seconds();
        let asked = keys
            .iter()
            .find_map(|key| self.value(key).map(|value| (*key, value)));
        let Some((key, value)) = asked else {
            return now.saturating_add(sat::LIFETIME);
        };
        let label = if key == "expires_at" {
            "Expires At"
        } else {
            "Expire At"
        };
        let why = match value.as_u64() {
            Some(at) if at > now => return at,
            // A number before the epoch is an integer too.
            Some(_) => format!("{label} must be greater than {now}"),
            None if value.is_i64() => format!("{label} must be greater than {now}"),
            None => format!("{label} must be an integer"),
        };
        self.problem(Problem::new("invalid_parameter", key, why));
        now
    }
}

/// The only region, and the only `ch` that can be asked for (auth §4.2, §4.4).
const REGION: &str = "us-central";
