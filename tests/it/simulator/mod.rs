//! The simulated network as a client of the wire protocol sees it. `raw` is such a client, written from the reference and
//! not from `src/chat`.

mod command;
mod faults;
mod login;
mod pages;
mod qa;
mod raw;
mod sockets;
mod trace;
mod wave;
