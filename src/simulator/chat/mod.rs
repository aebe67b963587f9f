//! The chat servers. [`world`], [`rules`], [`event`], [`curve`] and [`render`] are pure; `host` and `socket` speak HTTP
//! and websocket for them.

pub mod curve;
pub mod event;
pub(super) mod host;
mod lookup;
mod markdown;
pub mod message;
mod moderation;
mod pages;
mod presence;
pub mod render;
pub mod room;
pub mod rules;
pub(super) mod socket;
pub mod style;
pub(super) mod tickets;
mod visitor;
mod words;
pub mod world;

pub(super) use pages::slug;
