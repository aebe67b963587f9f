//! The control endpoint.

use std::sync::Arc;

use axum::response::Response;

use super::fault::{FaultError, SocketFault};
use super::http;
use super::names::Host;
use super::shared::{Call, Shared, lock};

/// Answers one request.
pub(super) fn answer(_shared: &Arc<Shared>, _call: &Call) -> Response {
    http::not_found()
}

/// Sends a fault to the sockets that are open, or keeps it for the next ones.
pub(super) fn socket_fault(shared: &Shared, fault: SocketFault) -> Result<(), FaultError> {
    if fault.next.is_some() {
        return lock(&shared.faults).add_socket(fault);
    }
    match fault.host.as_deref() {
        Some(name) if Host::from_name(name).is_none() => Err(FaultError::NoSuchHost(name.to_owned())),
        _ => {
            // Without open sockets there is nobody to send it to.
            let _ = shared.socket_faults.send(fault);
            Ok(())
        }
    }
}
