#![doc = include_str!("../README.md")]

pub mod annotation;
pub mod article;
pub mod atomic;
pub mod bytes;
pub mod compare;
pub mod evaluate;
pub mod features;
pub mod guard;
pub(crate) mod image;
pub mod label;
pub mod labels;
mod matcher;
pub mod model;
pub mod report;
pub mod resumable;
pub mod score;
mod slots;
pub mod spool;
pub mod statistics;
pub mod target;
pub mod text;
