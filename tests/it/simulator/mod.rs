//! The simulated network as a client of the wire protocol sees it. `raw` is such a client, written from the reference and
//! not from `src/chat`.

mod qa;
mod raw;
mod trace;
