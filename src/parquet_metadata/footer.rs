//! The footer: which columns there are, and where their parts are. It stands at the end.

use std::io::{Read, Seek, SeekFrom};

use super::compact::{Compact, STRUCT};
use super::{damaged, unreadable};
use crate::error::{Error, Result};

/// How Parquet files begin and end.
pub(crate) const MAGIC: &[u8; 4] = b"PAR1";
/// How they end when the footer is encrypted.
const ENCRYPTED: &[u8] = b"PARE";
/// Longest footer. A thousand row groups of ten columns take 2 MB.
const MAX_BYTES: u64 = 64 << 20;
/// Most row groups, and most columns with their groups.
const MAX_PARTS: usize = 100_000;
/// Deepest nesting of columns: the library follows it by recursion.
const MAX_DEPTH: usize = 32;

/// The bytes of the footer of `file`, in which every count is of things that are there. Fails where it
/// has none, or one that nobody writes.
pub(crate) fn looked_over(file: &mut (impl Read + Seek)) -> Result<Vec<u8>> {
    let bytes = bytes(file)?;
    look_over(&bytes)?;
    Ok(bytes)
}

fn bytes(file: &mut (impl Read + Seek)) -> Result<Vec<u8>> {
    let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    // The magic at both ends and the length of the footer.
    if length < 12 {
        return Err(cut_short(format!("it has {length} bytes")));
    }
    file.seek(SeekFrom::End(-8)).map_err(unreadable)?;
    let mut tail = [0; 8];
    file.read_exact(&mut tail).map_err(unreadable)?;
    let (size, magic) = tail.split_at(4);
    if magic == ENCRYPTED {
        return Err(Error::unsupported("the Parquet file is encrypted").help("decrypt it first"));
    }
    if magic != MAGIC {
        return Err(cut_short("it does not end in PAR1"));
    }
    let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
    if size > MAX_BYTES || size > length - 12 {
        return Err(damaged(format!("its footer is said to have {size} bytes")));
    }
    file.seek(SeekFrom::Start(length - 8 - size)).map_err(unreadable)?;
    // Not more than the file has, and than the limit.
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn cut_short(cause: impl std::fmt::Display) -> Error {
    Error::unusable("this is no Parquet file, or it is cut short")
        .because(cause)
        .help("fetch or copy it again")
}

/// Walks through the whole footer, since the library allocates what the counts say and recurses as deep as the columns are nested.
fn look_over(bytes: &[u8]) -> Result<()> {
    let (mut compact, mut last) = (Compact::new(bytes), 0);
    while let Some((number, kind)) = compact.field(&mut last)? {
        match number {
            2 => look_over_schema(&mut compact)?,
            4 => look_over_groups(&mut compact)?,
            _ => compact.skip(kind)?,
        }
    }
    Ok(())
}

fn structures(compact: &mut Compact<'_>) -> Result<usize> {
    match compact.list()? {
        (STRUCT, count) if count <= MAX_PARTS => Ok(count),
        (_, count) => Err(damaged(format!("a list of {count} columns or row groups"))),
    }
}

fn look_over_groups(compact: &mut Compact<'_>) -> Result<()> {
    let count = structures(compact)?;
    (0..count).try_for_each(|_| compact.skip(STRUCT))
}

/// The columns are a tree written in depth: each element says how many of those after it are its own.
fn look_over_schema(compact: &mut Compact<'_>) -> Result<()> {
    let count = structures(compact)?;
    let mut open: Vec<usize> = Vec::new();
    for element in 0..count {
        match open.last_mut() {
            Some(left) => *left -= 1,
            None if element == 0 => {}
            None => return Err(damaged("columns outside of the schema")),
        }
        let children = children(compact)?;
        if children > count - element - 1 {
            return Err(damaged(format!("a group of {children} columns that are not there")));
        }
        open.push(children);
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > MAX_DEPTH {
            return Err(damaged("columns are nested too deeply"));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(damaged("the schema is incomplete")) }
}

/// Field 5 of a schema element.
fn children(compact: &mut Compact<'_>) -> Result<usize> {
    let (mut children, mut last) = (0, 0);
    while let Some((number, kind)) = compact.field(&mut last)? {
        match number {
            5 => children = compact.count()? as usize,
            _ => compact.skip(kind)?,
        }
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of nothing but a schema of groups with these numbers of children.
    fn schema(children: &[u8]) -> Vec<u8> {
        let elements = children.iter().flat_map(|&count| [0x55, count * 2, 0]);
        let long = [0xf0 | STRUCT, 0x80 | (children.len() & 0x7f) as u8, (children.len() >> 7) as u8];
        [0x29].into_iter().chain(long).chain(elements).chain([0]).collect()
    }

    #[test]
    fn a_tree_of_columns_must_be_whole_and_not_too_deep() {
        look_over(&schema(&[2, 1, 0, 0])).unwrap();
        for wrong in [&[1][..], &[1, 2, 0], &[0, 0], &[63, 0]] {
            assert!(look_over(&schema(wrong)).is_err(), "{wrong:?}");
        }
        let deep = |depth| [vec![1; depth], vec![0]].concat();
        look_over(&schema(&deep(MAX_DEPTH - 1))).unwrap();
        assert!(look_over(&schema(&deep(10_000))).is_err());
    }

    #[test]
    fn more_row_groups_than_any_file_has_are_refused_before_they_are_made() {
        let count = MAX_PARTS + 1;
        let mut bytes = vec![0x49, 0xf0 | STRUCT];
        bytes.extend([count as u8 | 0x80, (count >> 7) as u8 | 0x80, (count >> 14) as u8]);
        bytes.resize(bytes.len() + count + 1, 0);
        assert!(look_over(&bytes).unwrap_err().cause.unwrap().contains("100001"));
    }
}
