//! The one task that owns the world: inputs in, outputs carried out, woken at the world's deadline.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{io, mem};

use tokio::sync::{mpsc, oneshot};

use crate::faults::{Failure, Faults};
use crate::media::{MediaHandle, RtpCounts};
use crate::rest;
use crate::world::media::{LegId, MediaCommand, MediaEvent};
use crate::world::report::{CallReport, REMEMBERED};
use crate::world::{Config, Cx, Input, Millis, Output, SocketId, Unreached, World};

/// What the world wants of one socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Downstream {
    /// Send a text message.
    Text(String),
    /// Close it.
    Close {
        /// For the close frame.
        code: u16,
        /// For the close frame.
        reason: &'static str,
    },
    /// End the connection without a close frame.
    Cut,
}

type Job = Box<dyn FnOnce(&mut Driver) + Send>;

/// Reaches the world from any task. A clone reaches the same world.
#[derive(Clone)]
pub(crate) struct Handle {
    jobs: mpsc::UnboundedSender<Job>,
}

impl Handle {
    /// Runs `job` in the driver's task and gives back what it returns; `None` when the space is shutting
    /// down.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Driver) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        self.post(move |driver| {
            let value = job(driver);
            // Who asked may have gone away since.
            drop(done.send(value));
        });
        result.await.ok()
    }

    /// The same without waiting. What is posted in order runs in order.
    pub(crate) fn post(&self, job: impl FnOnce(&mut Driver) + Send + 'static) {
        // Fails only when the space is shutting down, and then nobody minds.
        drop(self.jobs.send(Box::new(job)));
    }
}

/// The world and what carries out its wishes.
pub(crate) struct Driver {
    world: World,
    media: MediaHandle,
    clock: Clock,
    sockets: BTreeMap<SocketId, mpsc::UnboundedSender<Downstream>>,
    next_socket: u64,
    /// The packets of legs that were closed, as far as calls that are over are remembered.
    last_counts: BTreeMap<LegId, RtpCounts>,
    faults: Faults,
}

impl Driver {
    /// Makes the world and starts its task.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn start(
        config: Config,
        media: MediaHandle,
        events: mpsc::UnboundedReceiver<MediaEvent>,
    ) -> io::Result<Handle> {
        getrandom::fill(&mut [0]).map_err(io::Error::other)?;
        let clock = Clock {
            start: Instant::now(),
            advanced: 0,
        };
        let mut entropy = fill;
        let world = World::new(config, &mut clock.cx(&mut entropy));
        let driver = Self {
            world,
            media,
            clock,
            sockets: BTreeMap::new(),
            next_socket: 1,
            last_counts: BTreeMap::new(),
            faults: Faults::default(),
        };
        let (jobs, received) = mpsc::unbounded_channel();
        tokio::spawn(driver.run(received, events));
        Ok(Handle { jobs })
    }

    async fn run(
        mut self,
        mut jobs: mpsc::UnboundedReceiver<Job>,
        mut events: mpsc::UnboundedReceiver<MediaEvent>,
    ) {
        loop {
            let deadline = self
                .world
                .deadline()
                .map(|at| self.clock.start + Duration::from_millis(at));
            let wait = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => job(&mut self),
                    None => return,
                },
                Some(event) = events.recv() => self.media_event(event),
                () = wait => self.input(Input::Tick),
            }
        }
    }

    fn media_event(&mut self, event: MediaEvent) {
        if let MediaEvent::Dead { leg } = event {
            self.carry_out(Output::Media(MediaCommand::Stop { leg }));
        }
        self.input(Input::Media(event));
    }

    /// Puts one input into the world and carries out what comes of it.
    pub(crate) fn input(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.with_world(|world, cx| world.handle(input, cx, &mut outputs));
        for output in outputs {
            self.carry_out(output);
        }
    }

    /// Calls a person; see [`World::call_person`].
    pub(crate) fn call_person(
        &mut self,
        to: &str,
        from: &str,
        video: bool,
    ) -> Result<Vec<String>, Unreached> {
        let mut outputs = Vec::new();
        let called =
            self.with_world(|world, cx| world.call_person(to, from, video, cx, &mut outputs));
        for output in outputs {
            self.carry_out(output);
        }
        called
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { socket, text } => self.downstream(socket, Downstream::Text(text)),
            Output::Close {
                socket,
                code,
                reason,
            } => {
                tracing::info!("socket {}: closed: {reason}", socket.0);
                self.downstream(socket, Downstream::Close { code, reason });
                self.sockets.remove(&socket);
            }
            Output::Media(command) => {
                if let MediaCommand::Stop { leg } = command {
                    self.keep_counts(leg);
                }
                self.media.command(command);
            }
            Output::Log { loud: true, line } => tracing::warn!("{line}"),
            Output::Log { loud: false, line } => tracing::info!("{line}"),
        }
    }

    fn downstream(&self, socket: SocketId, message: Downstream) {
        if let Some(sender) = self.sockets.get(&socket) {
            // A socket that has just gone reports its end by itself.
            drop(sender.send(message));
        }
    }

    /// Remembers the packets of a leg that is about to be closed.
    fn keep_counts(&mut self, leg: LegId) {
        if let Some(counts) = self.media.counts(leg) {
            self.last_counts.insert(leg, counts);
        }
        while self.last_counts.len() > 2 * REMEMBERED {
            self.last_counts.pop_first();
        }
    }

    /// The packets of a leg, live or closed.
    pub(crate) fn counts(&self, leg: LegId) -> RtpCounts {
        let live = self.media.counts(leg);
        live.or_else(|| self.last_counts.get(&leg).copied())
            .unwrap_or_default()
    }

    /// The longest time without sound from the browser of a leg since this was asked before.
    pub(crate) fn take_silence(&self, leg: LegId) -> Option<Duration> {
        self.media.take_silence(leg)
    }

    /// Lets `act` ask something of the world that is no input.
    pub(crate) fn with_world<T>(&mut self, act: impl FnOnce(&mut World, &mut Cx<'_>) -> T) -> T {
        let mut entropy = fill;
        act(&mut self.world, &mut self.clock.cx(&mut entropy))
    }

    /// What is in the world.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// A new WebSocket: its name, and what the world wants of it.
    pub(crate) fn open(&mut self) -> (SocketId, mpsc::UnboundedReceiver<Downstream>) {
        let socket = SocketId(self.next_socket);
        self.next_socket += 1;
        let (sender, receiver) = mpsc::unbounded_channel();
        self.sockets.insert(socket, sender);
        self.input(Input::Opened { socket });
        (socket, receiver)
    }

    /// Breaks a socket as a bad network does; its task reports the end.
    pub(crate) fn cut(&self, socket: SocketId) {
        self.downstream(socket, Downstream::Cut);
    }

    /// The far end of every live call hangs up; returns how many there were.
    pub(crate) fn hang_up_all(&mut self) -> usize {
        let live = |call: &CallReport| call.ended.is_none();
        let calls: Vec<CallReport> = self.world.calls().into_iter().filter(live).collect();
        let count = calls.len();
        for call in calls {
            self.input(Input::FarEndHangsUp { call: call.id });
        }
        count
    }

    /// The WebSocket is gone.
    pub(crate) fn closed(&mut self, socket: SocketId, code: u16) {
        self.sockets.remove(&socket);
        self.input(Input::Closed { socket, code });
    }

    /// Answers a REST request; `None` where a fault keeps the answer back.
    pub(crate) fn rest(&mut self, request: &rest::Request) -> Option<rest::Response> {
        if request.method == "OPTIONS" {
            return Some(self.endpoint(request));
        }
        let Some(fault) = self.faults.meet(&request.path) else {
            return Some(self.endpoint(request));
        };
        tracing::warn!("{} fails as ordered", request.path);
        if fault.carried_out {
            self.endpoint(request);
        }
        match fault.failure {
            Failure::Status(status, retry_after_s) => {
                Some(self.with_world(|_, cx| rest::fail(request, status, retry_after_s, cx)))
            }
            Failure::Silence => None,
        }
    }

    fn endpoint(&mut self, request: &rest::Request) -> rest::Response {
        let mut response = self.with_world(|world, cx| rest::answer(world, request, cx));
        if let Some(warning) = mem::take(&mut response.warning) {
            tracing::warn!("{warning}");
        }
        response
    }

    /// Endpoints that fail on purpose.
    pub(crate) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The wall clock, and how far it runs ahead of the machine's.
    pub(crate) fn clock(&self) -> (Millis, Millis) {
        (self.clock.wall(), self.clock.advanced)
    }

    /// Moves the wall clock ahead.
    pub(crate) fn advance_clock(&mut self, by: Millis) {
        self.clock.advanced = self.clock.advanced.saturating_add(by);
        self.input(Input::ClockMoved);
    }

    /// Back to the seeds.
    pub(crate) fn reset(&mut self) {
        self.clock.advanced = 0;
        self.input(Input::Reset);
        self.last_counts.clear();
        self.faults = Faults::default();
    }
}

/// The two clocks of the space.
struct Clock {
    start: Instant,
    /// How far the wall clock runs ahead of the machine's.
    advanced: Millis,
}

impl Clock {
    fn cx<'a>(&self, entropy: &'a mut dyn FnMut(&mut [u8])) -> Cx<'a> {
        Cx {
            mono: millis(self.start.elapsed()),
            wall: self.wall(),
            entropy,
        }
    }

    fn wall(&self) -> Millis {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        millis(wall).saturating_add(self.advanced)
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// The system's randomness. It was there at the start, see [`Driver::start`]; should it fail later, no
/// token may be made.
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has randomness");
}
