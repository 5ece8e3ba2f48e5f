//! Writes the TypeScript tables of [`super::state`] and [`super::error`] and the page of end reasons, and is
//! red when the committed files differ from them.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::call::ending::{CAUSES, FORBIDDEN, NOT_FOUND};
use super::error::ErrorCode;
use super::state::{Emission, Field, Owner};
use super::wire::verto::DECLINED;

fn check(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is not what the engine says; run: UPDATE=1 cargo test generated"
    );
}

#[test]
fn fields_table_is_up_to_date() {
    let mut ids = String::new();
    let mut rows = String::new();
    for &field in Field::ALL {
        let facts = field.facts();
        let owner = match facts.owner {
            Owner::Client => "client",
            Owner::Call => "call",
            Owner::Member => "member",
        };
        let (kind, initial, replay) = match facts.emission {
            Emission::State(initial) => ("state", initial, 1),
            Emission::Event(replay) => ("event", "undefined", replay),
            Emission::Fact => ("fact", "undefined", 0),
        };
        let _ = writeln!(ids, "  {field:?} = {},", field.number());
        let _ = writeln!(
            rows,
            "  ['{owner}', '{}', '{kind}', {initial}, {replay}, {}, '{}'],",
            facts.name, facts.distinct, facts.wire
        );
    }
    // An enum: the bundler writes its numbers in their places and leaves out the names.
    check(
        "js/store/fields.gen.ts",
        &format!(
            "// Written from src/engine/state.rs: UPDATE=1 cargo test generated\n\n\
             /** Numbers of the observable fields. */\n\
             export enum Field {{\n{ids}}}\n\n\
             /** Owner, public name, kind of emission, initial value, replay depth, distinct, wire key. */\n\
             export type FieldRow = readonly [\n  owner: 'client' | 'call' | 'member',\n  name: string,\n  \
             kind: 'state' | 'event' | 'fact',\n  initial: unknown,\n  replay: number,\n  distinct: boolean,\n  wire: string,\n];\n\n\
             /** The rows, by number of the field. */\n\
             export const FIELDS: readonly FieldRow[] = [\n{rows}];\n"
        ),
    );
}

#[test]
fn errors_table_is_up_to_date() {
    let mut ids = String::new();
    let mut rows = String::new();
    for &code in ErrorCode::ALL {
        let facts = code.facts();
        let _ = writeln!(ids, "  {code:?} = {},", code.number());
        let _ = writeln!(
            rows,
            "  [{:?}, {:?}, {}, {}, {:?}, {:?}],",
            facts.class, facts.code, facts.retryable, facts.reauth, facts.message, facts.advice
        );
    }
    check(
        "js/store/errors.gen.ts",
        &format!(
            "// Written from src/engine/error.rs: UPDATE=1 cargo test generated\n\n\
             /** Numbers of the error codes. */\n\
             export enum ErrorNumber {{\n{ids}}}\n\n\
             /** Class, stable code, retryable, needs a new credential, message, advice. */\n\
             export type ErrorRow = readonly [\n  className: string,\n  code: string,\n  retryable: boolean,\n  \
             requiresReauth: boolean,\n  message: string,\n  advice: string,\n];\n\n\
             /** The rows, by number of the code. */\n\
             export const ERRORS: readonly ErrorRow[] = [\n{rows}];\n"
        ),
    );
}

/// The page that tells what ended a call, from the table that decides it.
#[test]
fn end_reasons_page_is_up_to_date() {
    let mut rows = String::new();
    for (number, name, code) in CAUSES {
        let _ = writeln!(rows, "| `{name}` | {number} | `{}` |", code.text());
    }
    let refusal = |code: ErrorCode| code.facts().code;
    check(
        "docs/end-reasons.md",
        &format!(
            "# Why a call is over\n\n\
             Written from `src/engine/call/ending.rs`: `UPDATE=1 cargo test generated`. What each `endReason.code` means stands at\n\
             `CallEndCode` in the type declarations.\n\n\
             ## A call that exists ends with a `verto.bye`\n\n\
             The number decides where it is known, else the name; a cause that is not known is `normal`.\n\n\
             | cause | number | `endReason.code` |\n|---|---|---|\n{rows}\n\
             `reject()` sends `{}` ({}), as the reference does; the local space passes it on to the caller as `CALL_REJECTED` (21), so\n\
             that a caller tells \"declined\" from \"busy\".\n\n\
             ## A call that never came to be\n\n\
             `dial()` rejects with a `CallCreateError` whose `code` says why; the space's own number is the `code` of its `cause`.\n\n\
             | refusal of the invite | `CallCreateError.code` |\n|---|---|\n\
             | inner error {FORBIDDEN}: the credential does not reach the destination | `{}` |\n\
             | inner error {NOT_FOUND}: nothing answers to the destination | `{}` |\n\
             | any other error | `{}` |\n\
             | no answer within 6 s | `{}` |\n\n\
             The two numbers are those of the local space; the public service's own are not known.\n",
            DECLINED.0,
            DECLINED.1,
            refusal(ErrorCode::DialForbidden),
            refusal(ErrorCode::DialUnknown),
            refusal(ErrorCode::DialFailed),
            refusal(ErrorCode::DialTimeout),
        ),
    );
}

#[test]
fn error_codes_are_unique_and_explained() {
    let mut seen = std::collections::BTreeSet::new();
    for &code in ErrorCode::ALL {
        let facts = code.facts();
        assert!(seen.insert(facts.code), "{} twice", facts.code);
        assert!(
            !facts.message.is_empty() && !facts.advice.is_empty(),
            "{code:?}"
        );
    }
}
