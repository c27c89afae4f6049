//! The simulated Looker as a process of its own, and its read-outs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The id of the first folder that has a size of its own; the others follow.
const FIRST_FOLDER: usize = 6;

/// An instance to simulate. There are dashboards only, and no trash, so that the
/// numbers are the ones a scenario names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Instance {
    pub(crate) seed: u64,
    /// Dashboards of the whole instance.
    pub(crate) dashboards: u32,
    /// Dashboards of its first folders; the rest lies elsewhere.
    pub(crate) folder_sizes: Vec<u32>,
    /// JSON size of a dashboard in bytes.
    pub(crate) body_bytes: u32,
    pub(crate) latency: Duration,
    pub(crate) row_latency: Duration,
}

impl Instance {
    /// 30 KB a dashboard, and the latency that all scenarios share.
    pub(crate) fn like_a_looker(dashboards: u32, folder_sizes: Vec<u32>) -> Self {
        Self {
            latency: Duration::from_millis(50),
            row_latency: Duration::from_millis(2),
            ..Self::without_latency(dashboards, folder_sizes)
        }
    }

    /// 30 KB a dashboard, sent as fast as the machine can.
    pub(crate) fn without_latency(dashboards: u32, folder_sizes: Vec<u32>) -> Self {
        Self { seed: 1, dashboards, folder_sizes, body_bytes: 30_000, ..Self::default() }
    }

    /// Ids of the folders with sizes.
    pub(crate) fn folder_ids(&self) -> Vec<String> {
        (0..self.folder_sizes.len()).map(|n| (FIRST_FOLDER + n).to_string()).collect()
    }

    fn arguments(&self) -> Vec<String> {
        let sizes: Vec<String> = self.folder_sizes.iter().map(ToString::to_string).collect();
        let mut arguments = vec![
            "--seed".to_owned(),
            self.seed.to_string(),
            "--dashboards".to_owned(),
            self.dashboards.to_string(),
            "--folders".to_owned(),
            (sizes.len() + 20).to_string(),
            "--body-bytes".to_owned(),
            self.body_bytes.to_string(),
            "--latency".to_owned(),
            format!("{}ms", self.latency.as_millis()),
            "--row-latency".to_owned(),
            format!("{}ms", self.row_latency.as_millis()),
        ];
        if !sizes.is_empty() {
            arguments.extend(["--folder-sizes".to_owned(), sizes.join(",")]);
        }
        arguments
    }
}

/// One request as the simulator logged it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Served {
    /// Id of the operation, for instance `search_dashboards`.
    pub(crate) operation: String,
    /// Decoded query parameters.
    pub(crate) query: Vec<(String, String)>,
    /// Arrival, in microseconds since the simulator's start.
    pub(crate) started: u64,
    /// The modelled time, without any waiting in line.
    pub(crate) service_micros: u64,
    pub(crate) full_rows: u64,
    pub(crate) light_rows: u64,
}

impl Served {
    /// The first query parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Counters of the simulator.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Stats {
    pub(crate) requests: u64,
    /// Full dashboards sent, by the id of their folder.
    pub(crate) full_dashboards_by_folder: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Announcement {
    base_url: String,
    port: u16,
    client_id: String,
    client_secret: String,
}

/// A simulator at work; ended when dropped.
pub(crate) struct Simulator {
    child: Child,
    at: Announcement,
}

impl Simulator {
    /// Starts an instance and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(instance: &Instance) -> anyhow::Result<Self> {
        let child = Command::new(env!("CARGO_BIN_EXE_lookervault"))
            .args(["sim", "--json", "--port", "0", "--looks", "0", "--trash-percent", "0"])
            .args(instance.arguments())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the simulator cannot be started")?;
        let mut waiting = Waiting(Some(child));
        let mut line = String::new();
        if let Some(stdout) = waiting.0.as_mut().and_then(|child| child.stdout.take()) {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let at = serde_json::from_str(&line).context("the simulator did not announce itself")?;
        let child = waiting.0.take().context("the simulator is gone")?;
        Ok(Self { child, at })
    }

    /// The variables that lead a program to this instance.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 3] {
        [
            ("LOOKERSDK_BASE_URL", &self.at.base_url),
            ("LOOKERSDK_CLIENT_ID", &self.at.client_id),
            ("LOOKERSDK_CLIENT_SECRET", &self.at.client_secret),
        ]
    }

    /// Forgets what was logged.
    pub(crate) fn reset(&self) -> anyhow::Result<()> {
        self.ask("POST", "reset").map(drop)
    }

    /// Counters since the last reset.
    pub(crate) fn stats(&self) -> anyhow::Result<Stats> {
        self.read("stats")
    }

    /// Requests since the last reset.
    pub(crate) fn requests(&self) -> anyhow::Result<Vec<Served>> {
        self.read("requests")
    }

    fn read<T: DeserializeOwned>(&self, what: &str) -> anyhow::Result<T> {
        let answer = self.ask("GET", what)?;
        serde_json::from_slice(&answer).with_context(|| format!("the simulator's {what} cannot be read"))
    }

    /// Asks the back door. In HTTP/1.0 an answer ends with its connection.
    fn ask(&self, method: &str, what: &str) -> anyhow::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.at.port))?;
        write!(socket, "{method} /_sim/{what} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer)?;
        let head =
            answer.windows(4).position(|end| end == b"\r\n\r\n").context("an answer without a head")?;
        let ok = answer.get(9..10) == Some(b"2");
        ensure!(ok, "the simulator refused {method} {what}: {}", String::from_utf8_lossy(&answer[..head]));
        Ok(answer.split_off(head + 4))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A child that is ended unless it is taken out.
struct Waiting(Option<Child>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself; there is nothing to do about a failure here.
    let _ = child.kill();
    let _ = child.wait();
}
