//! A restore by its phases: planning, writing, reading back.
//!
//! The simulator's log tells them apart: the first request that writes ends the planning,
//! and what follows the answer to the last one is reading back. What is read back while others
//! are written counts as writing. The processor time of both sides is looked at every
//! few milliseconds; the simulator is a part of this very process.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use looker_sim::Served;
use serde::Serialize;

use crate::measured::Restored;
use crate::process::state_and_cpu;
use crate::table::table;

/// What a phase took.
#[derive(Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// Requests that began in it.
    pub(crate) calls: u64,
    pub(crate) wall_seconds: f64,
    /// Requests that the simulator had at once, on average.
    pub(crate) at_once: f64,
    /// Processor time of the program, and of the simulator.
    pub(crate) program_seconds: f64,
    pub(crate) simulator_seconds: f64,
}

/// The processor time of program and simulator, moment by moment.
pub(crate) struct Course {
    began: Instant,
    /// The simulator's clock then.
    at: Duration,
    moments: Mutex<Vec<Moment>>,
}

#[derive(Clone, Copy, Default)]
struct Moment {
    /// Since the beginning.
    at: Duration,
    program: Duration,
    simulator: Duration,
}

impl Course {
    /// Begins now, when the simulator's clock says `at`.
    pub(crate) fn begin(at: Duration) -> Self {
        Self { began: Instant::now(), at, moments: Mutex::default() }
    }

    /// Looks at the program, which is this process, and at the simulator.
    pub(crate) fn note(&self, pid: u32) {
        let cpu = |pid| state_and_cpu(pid).map(|(_, cpu)| cpu);
        if let (Some(program), Some(simulator)) = (cpu(pid), cpu(std::process::id())) {
            let moment = Moment { at: self.began.elapsed(), program, simulator };
            self.moments.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
        }
    }

    /// The phases of a program that ran for `wall` and made these requests.
    pub(crate) fn phases(&self, requests: &[Served], wall: Duration) -> Vec<Phase> {
        let since = |micros: u64| Duration::from_micros(micros).saturating_sub(self.at);
        let writes = || requests.iter().filter(|one| one.method != "GET" && one.operation != "login");
        let first = writes().map(|one| since(one.started)).min().unwrap_or(wall);
        let last = writes().map(|one| since(one.ended)).max().unwrap_or(wall);
        let phases = [
            ("planning", Duration::ZERO, first),
            ("writing", first, last),
            ("reading back", last, wall.max(last)),
        ];
        let moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let start = moments.first().copied().unwrap_or_default();
        let at =
            |time: Duration| moments.iter().rev().find(|moment| moment.at <= time).copied().unwrap_or(start);
        let phase = |(name, from, to): (&'static str, Duration, Duration)| {
            let calls = requests.iter().filter(|one| (from..to).contains(&since(one.started)));
            let held: Duration =
                calls.clone().map(|one| since(one.ended).saturating_sub(since(one.started))).sum();
            let spent = |of: fn(&Moment) -> Duration| (of(&at(to)) - of(&at(from))).as_secs_f64();
            Phase {
                name,
                calls: calls.count() as u64,
                wall_seconds: (to - from).as_secs_f64(),
                at_once: held.as_secs_f64() / (to - from).as_secs_f64().max(f64::EPSILON),
                program_seconds: spent(|moment| moment.program),
                simulator_seconds: spent(|moment| moment.simulator),
            }
        };
        phases.map(phase).into()
    }
}

impl Restored {
    /// The phases as a table.
    pub(crate) fn phases(&self) -> String {
        let head =
            ["phase", "calls", "wall s", "calls alone s", "at once", "program CPU s", "simulator CPU s"];
        let seconds = |seconds: f64| format!("{seconds:.2}");
        let row = |phase: &Phase| {
            vec![
                phase.name.to_owned(),
                phase.calls.to_string(),
                seconds(phase.wall_seconds),
                seconds(self.alone(phase.calls)),
                format!("{:.1}", phase.at_once),
                seconds(phase.program_seconds),
                seconds(phase.simulator_seconds),
            ]
        };
        table(&head, &self.phases.iter().map(row).collect::<Vec<_>>())
    }
}
