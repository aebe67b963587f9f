//! Smokestack watches every new post on the Stack Exchange network, recognises spam with rules that
//! volunteers write, and tells the volunteers in chat.
//!
//! Start at `ARCHITECTURE.md`. Modules under [`core`] decide and do no I/O; the edges ([`chat`], [`api`],
//! [`realtime`], [`store`], [`web`]) talk to the world and decide nothing; [`app`] joins them; [`simulator`]
//! is a Stack Exchange network of our own that speaks the same protocols.

pub mod api;
pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod dns;
pub mod loopback;
pub mod realtime;
pub mod rules_folder;
pub mod simulator;
pub mod store;
pub mod web;
pub mod websocket;
