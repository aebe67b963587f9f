//! The Q&A sites: their posts, the API over them, and the realtime socket that tells of them. [`store`], [`objects`],
//! [`query`] and [`quota`] are pure; `host` and `realtime` speak HTTP and websocket.

pub(super) mod api;
mod frame;
pub(super) mod frame_log;
pub(super) mod host;
pub mod objects;
pub mod owner;
pub mod query;
pub mod quota;
pub(super) mod realtime;
pub mod store;
pub mod stored;
#[cfg(test)]
mod testing;
