//! The client of Stack Exchange chat: one [`Client`] per server and account.
//!
//! It logs in, keeps the cookies, renews the fkey, joins rooms, hands out their events, and sends, edits, deletes and
//! looks up messages. It decides nothing: when to send, what to repeat and who may command is the caller's.
//! The protocol has no official description; where a fact was read off other clients, the text says so.

mod answers;
pub mod client;
pub mod error;
pub mod event;
mod frame;
mod http;
pub mod jar;
mod login;
mod lookup;
mod pages;
mod session;
mod stream;
pub mod text;
mod types;
mod write;

pub use client::{Client, EventGuard, EventStream, USER_AGENT};
pub use error::{ChatError, EditError, LoginError, SendError, SetupError};
pub use event::{ChatEvent, EventKind, ServerEvent};
pub use types::{
    ClientOptions, Credentials, History, LoginHow, Me, Pingable, RoomInfo, Sent, ServerUrls, UserInfo,
};

/// Log directives that every filter ends with, whatever the operator asks for: the HTML parser writes each tag of a page to
/// its debug log, fkeys and all.
pub const LOG_LIMITS: [&str; 2] = ["html5ever=info", "selectors=info"];
