//! What a space holds when it starts: a well-known development project, so that every example works
//! as it is printed.

use super::directory::{Address, ClickToCall, Destination, Directory, Subscriber};
use super::tokens::ApiToken;

/// The name of the space.
pub const SPACE_NAME: &str = "local";
/// The development project.
pub const PROJECT_ID: &str = "5a7e11e0-10ca-4001-8000-000000000001";
/// Its API token. Well known on purpose: it opens nothing but a space on one's own machine.
pub const API_TOKEN: &str = "PTdevelopment-token-of-the-local-space";
/// An API token of the same project without any scope that lets tokens be issued (auth REQ-4).
pub const LIMITED_API_TOKEN: &str = "PTlimited-token-of-the-local-space";
/// The id of the space.
pub const SPACE_ID: &str = "5a7e11e0-10ca-4001-8000-0000000000ff";
/// The frequency of `/public/tone` in hertz.
pub const TONE_HZ: u16 = 440;

const CREATED_AT: &str = "2025-01-01T00:00:00Z";

/// The API tokens of the project, with the scopes that the service's dashboard offers.
pub(crate) fn api_tokens() -> Vec<ApiToken> {
    let token = |secret: &str, scopes: &[&'static str]| ApiToken {
        secret: secret.to_owned(),
        scopes: scopes.to_vec(),
    };
    vec![
        token(API_TOKEN, &["Voice", "Messaging", "Fax", "Video"]),
        token(LIMITED_API_TOKEN, &["Numbers"]),
    ]
}

/// The directory of a fresh space.
pub fn directory() -> Directory {
    let mut directory = Directory::default();
    let applications = [
        (
            "echo",
            "Echo: sends back what it receives".to_owned(),
            Destination::Echo,
        ),
        (
            "tone",
            format!("Tone: {TONE_HZ} Hz"),
            Destination::Tone(TONE_HZ),
        ),
        (
            "busy",
            "Busy: refuses every call".to_owned(),
            Destination::Busy,
        ),
        (
            "silent",
            "Silent: never answers".to_owned(),
            Destination::Silent,
        ),
        (
            "unreachable",
            "Unreachable: out of order".to_owned(),
            Destination::Unreachable,
        ),
    ];
    for (number, (name, display_name, destination)) in (1_u8..).zip(applications) {
        add_application(&mut directory, number, name, display_name, destination);
    }
    for (number, name) in (1_u8..).zip(["Ada", "Bob"]) {
        add_person(&mut directory, number, name);
    }
    directory
}

/// An application at `/public/{name}`, with a click-to-call resource.
fn add_application(
    directory: &mut Directory,
    number: u8,
    name: &str,
    display_name: String,
    destination: Destination,
) {
    let id = seed_id("0002", number);
    directory.click_to_call.push(ClickToCall {
        token: format!("c2c_{number:032x}"),
        embed_token: format!("c2t_{number:032x}"),
        address_id: id.clone(),
        enabled: true,
        origins: None,
        exchanged: Vec::new(),
        revoked: Vec::new(),
    });
    directory.addresses.push(Address {
        id,
        name: format!("/public/{name}"),
        display_name,
        destination,
        created_at: CREATED_AT.to_owned(),
    });
}

/// A subscriber with an address below `/private/`.
fn add_person(directory: &mut Directory, number: u8, name: &str) {
    let id = seed_id("0003", number);
    let address_id = seed_id("0004", number);
    let lower = name.to_ascii_lowercase();
    directory.addresses.push(Address {
        id: address_id.clone(),
        name: format!("/private/{lower}"),
        display_name: name.to_owned(),
        destination: Destination::Subscriber(id.clone()),
        created_at: CREATED_AT.to_owned(),
    });
    directory.subscribers.push(Subscriber {
        id,
        reference: format!("{lower}@example.test"),
        address_id,
        profile: vec![
            ("first_name", name.to_owned()),
            ("display_name", name.to_owned()),
        ],
    });
}

fn seed_id(group: &str, number: u8) -> String {
    format!("5a7e11e0-10ca-4{}-8000-{number:012x}", &group[1..])
}

#[cfg(test)]
mod tests {
    use super::super::ids;
    use super::*;

    #[test]
    fn every_application_has_a_resource_and_every_id_is_a_uuid() {
        let directory = directory();
        for address in &directory.addresses {
            assert!(ids::is_uuid(&address.id), "{}", address.id);
            let resource = directory
                .click_to_call
                .iter()
                .find(|one| one.address_id == address.id);
            assert_eq!(
                resource.is_some(),
                address.type_name() == "app",
                "{}",
                address.name
            );
        }
        assert!(ids::is_uuid(PROJECT_ID) && ids::is_uuid(SPACE_ID));
        assert_eq!(
            directory
                .resource("c2t_00000000000000000000000000000002")
                .map(|one| {
                    directory
                        .by_id(&one.address_id)
                        .map(|address| address.name.as_str())
                }),
            Some(Some("/public/tone"))
        );
    }

    #[test]
    fn the_query_is_no_part_of_a_name() {
        let directory = directory();
        assert_eq!(
            directory.by_name("/public/echo?channel=video"),
            directory.by_name("/public/echo")
        );
        assert!(directory.by_name("/public/echo").is_some());
        assert!(directory.by_name("/public/nothing").is_none());
    }
}
