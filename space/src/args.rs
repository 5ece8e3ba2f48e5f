//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use signalwire_space::Config;
use tracing::Level;

/// What `--help` prints.
pub const HELP: &str = "\
A local space: plays the SignalWire cloud on this machine.

Usage: signalwire-space [options]

  --port N             port, 0 for a free one (8080)
  --undelayed-port N   second port, without the network delay that tests ask for
                       (the next after the port, or a free one)
  --host ADDRESS       a further address to listen on; without it only this machine is served
  --loopback-media     media on 127.0.0.1 alone
  --www DIR            directory of the pages (www)
  --sdk DIR            directory of the built package, served under /sdk/ (dist)
  --log LEVEL          off, error, warn, info, debug or trace (info)
  --exit-with-stdin    stop when the standard input ends
  --help, --version
";

/// What to do.
#[derive(Debug)]
pub enum Task {
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
    /// Run a space.
    Run(Run),
}

/// How to run.
#[derive(Debug)]
pub struct Run {
    /// The space.
    pub config: Config,
    /// The least severe line of the log; none for no log.
    pub level: Option<Level>,
    /// Whether the end of the standard input stops the space.
    pub exit_with_stdin: bool,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong, for people.
pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let config = Config {
        port: 8080,
        undelayed_port: None,
        loopback_media: false,
        ..Config::default()
    };
    let mut run = Run {
        config,
        level: Some(Level::INFO),
        exit_with_stdin: false,
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || {
            let given = inline.clone().or_else(|| arguments.next());
            given.ok_or_else(|| format!("{name} needs a value"))
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(Task::Help),
            "--version" | "-V" => return Ok(Task::Version),
            "--loopback-media" => run.config.loopback_media = true,
            "--exit-with-stdin" => run.exit_with_stdin = true,
            "--port" => run.config.port = port(&name, &value()?)?,
            "--undelayed-port" => run.config.undelayed_port = Some(port(&name, &value()?)?),
            "--host" => run.config.host = Some(host(&value()?)?),
            "--www" => run.config.www = PathBuf::from(value()?),
            "--sdk" => run.config.sdk = PathBuf::from(value()?),
            "--log" => run.level = level(&value()?)?,
            _ => return Err(format!("unknown option {name}; --help lists them")),
        }
    }
    Ok(Task::Run(run))
}

fn port(name: &str, text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| format!("{name} must be a number from 0 to 65535, not {text:?}"))
}

fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => text
            .parse()
            .map_err(|_| format!("--host must be an IP address, not {text:?}")),
    }
}

fn level(text: &str) -> Result<Option<Level>, String> {
    match text {
        "off" => Ok(None),
        _ => text
            .parse()
            .map(Some)
            .map_err(|_| format!("--log knows no level {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Run, String> {
        match read(line.split_whitespace().map(str::to_owned))? {
            Task::Run(run) => Ok(run),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn options_with_and_without_an_equals_sign() {
        let run = run(
            "--port=0 --undelayed-port 9 --host 0.0.0.0 --www a --sdk=b --log debug \
                       --loopback-media --exit-with-stdin",
        )
        .unwrap();
        assert_eq!((run.config.port, run.config.undelayed_port), (0, Some(9)));
        assert_eq!(run.config.host, Some(IpAddr::from([0, 0, 0, 0])));
        assert_eq!((run.config.www, run.config.sdk), ("a".into(), "b".into()));
        assert_eq!(run.level, Some(Level::DEBUG));
        assert!(run.config.loopback_media && run.exit_with_stdin);
    }

    #[test]
    fn mistakes_are_explained() {
        assert!(run("--port many").unwrap_err().contains("--port"));
        assert!(run("--port").unwrap_err().contains("needs a value"));
        assert!(run("--prot 1").unwrap_err().contains("--prot"));
        assert!(
            run("--host example.test")
                .unwrap_err()
                .contains("IP address")
        );
        assert!(run("--log loud").unwrap_err().contains("loud"));
    }
}
