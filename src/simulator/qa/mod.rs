//! The Q&A sites: their posts, the API over them, and the realtime socket that tells of them. [`store`], [`objects`],
//! [`query`] and [`quota`] are pure; `host` and `realtime` speak HTTP and websocket.

pub(super) mod api;
pub(super) mod frames;
pub(super) mod host;
pub mod objects;
pub mod query;
pub mod quota;
pub(super) mod realtime;
pub mod store;
#[cfg(test)]
mod testing;
