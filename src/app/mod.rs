//! The service: joins the core to the edges. One task owns the bot and handles one event at a time; every edge is a
//! task that turns orders into requests and answers into events.
//!
//! ```text
//! realtime, API, chat ──events──► Service loop ──step──► journal ──durable──► orders ──► API, chat
//! ```

mod act;
mod chat;
pub mod demo;
mod desk;
mod ended;
mod error_log;
mod heard;
mod input;
mod intake;
mod lists;
mod metrics;
mod readiness;
pub mod replay;
mod service;
mod turn;

pub use chat::chat_client;
pub use ended::{Ended, RunError, WorkLeft};
pub use error_log::ErrorLog;
pub use service::{Options, Service};
