//! What a text is before rules look at it, and where its words end.

pub mod edges;
pub mod entities;
pub mod prepare;
