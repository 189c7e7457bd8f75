#![doc = include_str!("../README.md")]

pub mod annotation;
pub mod article;
pub mod atomic;
pub mod bytes;
pub mod evaluate;
pub mod features;
pub mod guard;
pub mod label;
pub mod labels;
pub mod model;
pub mod report;
pub mod resumable;
pub mod score;
pub mod statistics;
pub mod target;
pub mod text;
