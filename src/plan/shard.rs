//! One of several equal parts of the images, for several machines.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Part K of N, written `K/N`, counted from 1. A part is one unbroken stretch of the images: formats
/// that are read from front to back then read a part of their files only, and the rows of all parts
/// one after the other are the rows of the whole, also where images were left out as bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Part `index` of `count`; fails where there is no such part.
    pub fn new(index: u32, count: u32) -> Result<Self> {
        if (1..=count).contains(&index) {
            return Ok(Self { index, count });
        }
        Err(Error::usage(format!("there is no shard {index}/{count}"))
            .help("shards are counted from 1: 1/4, 2/4, 3/4, 4/4"))
    }

    /// Which part, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// The stretch of `images` that this part is. The parts of one count follow each other without a
    /// gap, and their lengths differ by one at most.
    pub fn range(self, images: usize) -> Range<usize> {
        let end = |index: u32| (images as u128 * u128::from(index) / u128::from(self.count)) as usize;
        end(self.index - 1)..end(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        let (index, count) = numbers.ok_or_else(|| {
            Error::usage(format!("`{text}` is not a shard")).help("write K/N, for example 2/8")
        })?;
        Self::new(index, count)
    }
}

impl TryFrom<String> for Shard {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        assert_eq!("2/8".parse::<Shard>().unwrap().to_string(), "2/8");
        for text in ["", "2", "/", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/8"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.help.is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_one_after_the_other_are_the_whole(images in 0usize..5_000, count in 1u32..200) {
            let parts: Vec<_> = (1..=count).map(|k| Shard::new(k, count).unwrap().range(images)).collect();
            prop_assert_eq!(parts.iter().cloned().flatten().collect::<Vec<_>>(), (0..images).collect::<Vec<_>>());
            let lengths = || parts.iter().map(ExactSizeIterator::len);
            prop_assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1);
        }
    }
}
