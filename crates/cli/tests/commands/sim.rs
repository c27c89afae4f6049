//! The simulated Looker as a process: it says where it is, answers, and ends
//! when it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::World;

struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    _world: World,
}

impl Running {
    fn start(line: &str) -> Self {
        let world = World::new();
        let mut command = world.command(line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out, _world: world }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends it as a service manager does, and gives its exit code.
    fn end(mut self) -> Option<i32> {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

fn login(address: &str, id: &str, secret: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let form = format!("client_id={id}&client_secret={secret}");
    write!(
        stream,
        "POST /api/4.0/login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn it_prints_the_sdks_variables_and_lets_them_in() {
    let mut sim = Running::start("sim --port 0 --dashboards 3 --looks 2 --folders 2");
    let lines = [sim.line(), sim.line(), sim.line()];
    let value = |i: usize, name: &str| {
        lines[i]
            .strip_prefix(&format!("export LOOKERSDK_{name}="))
            .unwrap_or_else(|| panic!("{lines:?}"))
            .to_owned()
    };
    let url = value(0, "BASE_URL");
    let address = url.strip_prefix("http://").unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{url}");
    let (id, secret) = (value(1, "CLIENT_ID"), value(2, "CLIENT_SECRET"));
    assert!(login(address, &id, &secret).contains(" 200 "), "{}", login(address, &id, &secret));
    assert!(login(address, &id, "wrong").contains(" 404 "));
    assert_eq!(sim.end(), Some(0));
}

#[test]
fn json_names_address_and_credentials() {
    let mut sim = Running::start("sim --port 0 --dashboards 1 --client-id abc --client-secret xyz --json");
    let document: serde_json::Value = serde_json::from_str(&sim.line()).unwrap();
    assert_eq!(document["schema"], "lookervault.sim/1");
    assert_eq!(document["client_id"], "abc");
    let address = document["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    assert!(login(&address, "abc", "xyz").contains(" 200 "));
    assert_eq!(sim.end(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran = World::new().run(&format!("sim --port {port} --dashboards 1"));
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains(&format!("cannot listen on port {port}")), "{}", ran.err);
    assert!(ran.err.contains("--port 0"), "{}", ran.err);
}

#[test]
fn wrong_specs_are_wrong_usage() {
    for line in ["sim --faults rest=0.1", "sim --churn edit=1", "sim --faults mixed=2", "sim --latency soon"]
    {
        assert_eq!(World::new().run(line).code, 2, "{line}");
    }
}
