//! The chat servers. [`world`], [`rules`], [`event`], [`curve`] and [`render`] are pure; `host` and `socket` speak HTTP
//! and websocket for them.

pub mod curve;
pub mod event;
pub(super) mod host;
mod lookup;
mod markdown;
mod moderation;
mod pages;
pub mod render;
pub mod rules;
pub(super) mod socket;
pub(super) mod tickets;
pub mod world;

pub(super) use pages::slug;
