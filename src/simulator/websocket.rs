//! What the websockets of all hosts have in common: how they send, end and fail.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::fault::{SocketFault, SocketFaultKind};
use super::listener::Connection;
use super::names::Host;

/// Whether a socket stays open.
#[derive(PartialEq)]
pub(super) enum Next {
    GoOn,
    End,
}

/// Sends a frame; a socket that does not take it is at its end.
pub(super) async fn send(socket: &mut WebSocket, frame: String) -> Next {
    match socket.send(Message::text(frame)).await {
        Ok(()) => Next::GoOn,
        Err(_) => Next::End,
    }
}

/// The next fault of those that are open, if it is for the sockets of this host.
pub(super) async fn next_fault(faults: &mut Receiver<SocketFault>, host: Host) -> Option<SocketFaultKind> {
    let fault = faults.recv().await.ok()?;
    fault.host.as_deref().is_none_or(|name| name == host.name()).then_some(fault.kind)
}

/// Carries out a fault. `silent` is set where the socket stays open and says nothing more; `unknown` is a frame of a kind
/// that no client knows.
pub(super) async fn hit(
    socket: &mut WebSocket,
    connection: &Connection,
    fault: &SocketFaultKind,
    unknown: &Value,
    silent: &mut bool,
) -> Next {
    let frame = match fault {
        SocketFaultKind::SocketReset => {
            connection.cut();
            return Next::End;
        }
        SocketFaultKind::SocketClose { code } => {
            let frame = CloseFrame { code: code.unwrap_or(1000), reason: "".into() };
            // Whether the frame arrives or not, this is the end.
            let _ = socket.send(Message::Close(Some(frame))).await;
            return Next::End;
        }
        SocketFaultKind::SocketSilent => {
            *silent = true;
            return Next::GoOn;
        }
        SocketFaultKind::SocketFrame { text } => text.clone(),
        SocketFaultKind::SocketUnknown => unknown.to_string(),
        SocketFaultKind::SocketHeartbeat { data } => {
            json!({"action": "hb", "data": data.as_deref().unwrap_or("hb")}).to_string()
        }
    };
    send(socket, frame).await
}
