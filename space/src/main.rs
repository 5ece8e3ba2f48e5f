//! The command `signalwire-space`: runs a local space until it is told to stop.

mod args;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::Value;
use signalwire_space::Space;
use tokio::io::AsyncReadExt as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use args::{Run, Task};

fn main() -> ExitCode {
    let done = match args::read(std::env::args().skip(1)) {
        Ok(Task::Help) => print(args::HELP),
        Ok(Task::Version) => print(concat!(
            "signalwire-space ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )),
        Ok(Task::Run(options)) => run(options),
        Err(mistake) => Err(mistake),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("signalwire-space: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Run) -> Result<(), String> {
    log(options
        .level
        .map_or(LevelFilter::OFF, LevelFilter::from_level));
    let space = Space::start(options.config).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    // Whoever reads the line may end the program at once.
    let signals = {
        let _context = runtime.enter();
        Signals::listen().map_err(|error| error.to_string())?
    };
    print(&banner(space.info()))?;
    print(&format!("READY {}\n", space.info()))?;
    let stopped = runtime.block_on(until_told(signals, options.exit_with_stdin));
    // A read of the standard input cannot be taken back.
    runtime.shutdown_background();
    stopped.map_err(|error| error.to_string())
}

/// Everything that others log stays out: it may name peers.
fn log(level: LevelFilter) {
    let own = Targets::new().with_target("signalwire_space", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    tracing_subscriber::registry().with(lines).with(own).init();
}

fn banner(info: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = |list: &Value, key: &str| {
        let entries = list.as_array().into_iter().flatten();
        entries
            .map(|entry| text(&entry[key]))
            .collect::<Vec<_>>()
            .join("  ")
    };
    format!(
        "\n  signalwire-space {}\n\n  \
         page         {}/\n  \
         without delay {}/\n  \
         front desk   {}/.space/info\n  \
         project id   {}\n  \
         api token    {}   (well known: for development only)\n  \
         addresses    {}\n  \
         subscribers  {}\n\n  \
         An API token can issue a SAT for any user. On the service, use a development project for demos,\n  \
         or rotate the token afterwards.\n\n",
        text(&info["version"]),
        text(&info["base"]),
        text(&info["undelayed"]),
        text(&info["base"]),
        text(&info["project_id"]),
        text(&info["api_token"]),
        names(&info["addresses"], "name"),
        names(&info["subscribers"], "reference"),
    )
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

/// Returns on SIGINT or SIGTERM, and at the end of the standard input if that is asked for.
async fn until_told(mut signals: Signals, exit_with_stdin: bool) -> io::Result<()> {
    tokio::select! {
        told = signals.told() => told,
        () = end_of_stdin(), if exit_with_stdin => Ok(()),
    }
}

/// SIGINT and SIGTERM, where there are such.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn told(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => Ok(()),
            _ = self.terminate.recv() => Ok(()),
        }
    }

    #[cfg(not(unix))]
    async fn told(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

/// An unreadable standard input is one that has ended.
async fn end_of_stdin() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0; 256];
    while matches!(stdin.read(&mut buffer).await, Ok(count) if count > 0) {}
}
