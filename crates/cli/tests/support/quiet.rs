//! A port on which nobody listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// Connections to it are refused. It is held, so that nobody else is given it meanwhile;
/// who asks for it by number may listen on it.
pub(crate) struct QuietPort {
    socket: TcpSocket,
}

impl QuietPort {
    /// This port, or any for 0.
    pub(crate) fn hold(port: u16) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
        Self { socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }
}
