//! The directory over HTTP: pages, sorting, lookup by name (auth §4.11).

use serde_json::{Value, json};

use super::message::{Request, bearer};
use crate::world::directory::Address;
use crate::world::identity::address_json;
use crate::world::tokens::Refusal;
use crate::world::{Cx, World};

const PATH: &str = "/api/fabric/addresses";
const PAGE_SIZE: usize = 50;

/// The id in `/api/fabric/addresses/{id}`.
pub(super) fn id_of(path: &str) -> Option<&str> {
    let id = path.strip_prefix(PATH)?.strip_prefix('/')?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// `GET /api/fabric/addresses/{id}`. An address out of reach is as if it did not exist.
pub(super) fn one(world: &World, request: &Request, cx: &Cx<'_>) -> Result<Value, Refusal> {
    let visible = world.visible_addresses(bearer(request), cx)?;
    let id = id_of(&request.path).unwrap_or_default();
    let found = visible.into_iter().find(|address| address.id == id);
    found.map(address_json).ok_or(Refusal::NotFound)
}

/// `GET /api/fabric/addresses`.
pub(super) fn list(world: &World, request: &Request, cx: &Cx<'_>) -> Result<Value, Refusal> {
    let mut found = world.visible_addresses(bearer(request), cx)?;
    let query = Query::read(&request.query);
    found.retain(|address| query.wants(address));
    match query.sort_by.as_str() {
        "name" => found.sort_by(|a, b| a.name.cmp(&b.name)),
        "created_at" => found.sort_by(|a, b| a.created_at.cmp(&b.created_at)),
        _ => {}
    }
    if query.descending {
        found.reverse();
    }
    let last = found.len().div_ceil(query.size).saturating_sub(1);
    let start = query.page.saturating_mul(query.size);
    let page = found
        .iter()
        .skip(start)
        .take(query.size)
        .map(|address| address_json(address));
    let link = |number: usize| query.link(&request.base, number);
    let mut links = json!({ "self": link(query.page), "first": link(0) });
    if query.page < last {
        links["next"] = json!(link(query.page + 1));
    }
    if query.page > 0 {
        links["prev"] = json!(link(query.page - 1));
    }
    Ok(json!({ "data": page.collect::<Vec<_>>(), "links": links }))
}

/// The parameters of a list.
struct Query {
    name: Option<String>,
    type_name: Option<String>,
    sort_by: String,
    descending: bool,
    page: usize,
    size: usize,
    /// Every pair but the number of the page, as it came.
    kept: Vec<String>,
}

impl Query {
    fn read(query: &str) -> Self {
        let mut read = Self {
            name: None,
            type_name: None,
            sort_by: String::new(),
            descending: false,
            page: 0,
            size: PAGE_SIZE,
            kept: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decoded(value);
            if key != "page_number" {
                read.kept.push(pair.to_owned());
            }
            match key {
                "name" => read.name = Some(value),
                "type" => read.type_name = Some(value),
                "sort_by" => read.sort_by = value,
                "sort_order" => read.descending = value == "desc",
                "page_number" => read.page = value.parse().unwrap_or(0),
                "page_size" => {
                    let asked = value.parse().unwrap_or(PAGE_SIZE);
                    read.size = asked.clamp(1, PAGE_SIZE);
                }
                _ => {}
            }
        }
        read
    }

    /// A name is found by the dialled form (`/public/echo`) and by its last part.
    fn wants(&self, address: &Address) -> bool {
        let named = |name: &String| *name == address.name || name == address.short_name();
        self.name.as_ref().is_none_or(named)
            && self
                .type_name
                .as_ref()
                .is_none_or(|name| name == address.type_name())
    }

    fn link(&self, base: &str, page: usize) -> String {
        let kept: String = self.kept.iter().map(|pair| format!("{pair}&")).collect();
        format!("{base}{PATH}?{kept}page_number={page}")
    }
}

/// A value of a query. What is not a valid escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &tail[2..];
        } else {
            bytes.push(if byte == b'+' { b' ' } else { byte });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_a_query() {
        assert_eq!(percent_decoded("%2Fpublic%2fecho"), "/public/echo");
        assert_eq!(percent_decoded("a+b%"), "a b%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }

    #[test]
    fn ids_of_paths() {
        assert_eq!(id_of("/api/fabric/addresses/x"), Some("x"));
        assert_eq!(id_of("/api/fabric/addresses/"), None);
        assert_eq!(id_of("/api/fabric/addresses/x/y"), None);
        assert_eq!(id_of("/api/fabric/addresses"), None);
    }
}
