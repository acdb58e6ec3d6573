//! Where the members of a tar archive lie, from one pass over its headers: what they hold is stepped
//! over. Names are keys of samples and never paths, nothing is unpacked, and no link is followed.
//!
//! Written out, because what is at stake here is what a general reader leaves open: an archive cut
//! short between two members, members that go on behind the end, and how much a header may make us
//! read.

use std::io::{Read, Seek, SeekFrom};

use super::header::{Header, Records};
use crate::dataset::file_names::readable;
use crate::error::{Error, Result};

/// Archives are made of blocks of this many bytes.
pub(super) const BLOCK: u64 = 512;
/// Longest name and longest extended header that are read.
const MAX_EXTENDED: u64 = 1 << 20;
/// Bytes that are read at once: a header, often with an extended header and a label around it.
const WINDOW: u64 = 4096;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File,
    /// A folder, which says nothing.
    Folder,
    /// A link, a device, and whatever else is no file.
    Other,
}

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Where its bytes begin.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
}

/// A tar archive that is read header by header.
pub(super) struct Archive<R> {
    reader: R,
    /// What errors call it.
    name: String,
    length: u64,
    /// Where the next header is.
    next: u64,
    window: Vec<u8>,
    window_at: u64,
}

/// What extended headers say of the member that follows them.
#[derive(Default)]
struct Extended {
    /// Where the first of them is.
    at: Option<u64>,
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<R: Read + Seek> Archive<R> {
    /// Starts at the first header of `reader`; errors call the archive `name`.
    pub(super) fn new(mut reader: R, name: String) -> Result<Self> {
        let end = reader.seek(SeekFrom::End(0));
        let length =
            end.map_err(|cause| Error::unusable("the shard cannot be read").because(cause).at(&name))?;
        Ok(Self { reader, name, length, next: 0, window: Vec::new(), window_at: 0 })
    }

    /// The next member, until the end mark. Its bytes are all there.
    pub(super) fn next_member(&mut self) -> Result<Option<Member>> {
        let mut extended = Extended::default();
        loop {
            let at = self.next;
            let Some(header) = self.header(at)? else {
                return match extended.at {
                    Some(at) => Err(self.cut_short("an extended header has no member", at)),
                    None => Ok(None),
                };
            };
            let name = || extended.name.clone().unwrap_or_else(|| header.name());
            match header.kind() {
                b'L' | b'x' | b'X' | b'g' => self.extend(&mut extended, &header, at)?,
                // The target of a link, which is not followed.
                b'K' => drop(self.step_over(at, header.size(), &name())?),
                b'S' => return Err(self.sparse(&name(), at)),
                kind => {
                    let (name, size) = (name(), extended.size.or(header.size()));
                    let (offset, bytes) = self.step_over(at, size, &name)?;
                    let kind = kind_of(kind, &name);
                    return Ok(Some(Member { name, kind, offset, bytes }));
                }
            }
        }
    }

    /// The bytes of `member`; the caller has held their number against a limit.
    pub(super) fn content(&mut self, member: &Member) -> Result<&[u8]> {
        self.bytes(member.offset, member.bytes)
    }

    /// Where `member` is, in the words of an error.
    pub(super) fn place(&self, member: &Member) -> String {
        format!("member `{}` at byte {} of {}", readable(&member.name), member.offset, self.name)
    }

    /// The header at `at`; `None` at the end mark, behind which nothing may follow.
    fn header(&mut self, at: u64) -> Result<Option<Header>> {
        if self.length - at < BLOCK {
            return Err(self.cut_short("it has no end mark", at));
        }
        let mut block = [0; BLOCK as usize];
        block.copy_from_slice(self.bytes(at, BLOCK)?);
        if block.iter().all(|&byte| byte == 0) {
            return self.nothing_follows(at).map(|()| None);
        }
        let header = Header::of(block);
        if header.is_intact() { Ok(Some(header)) } else { Err(self.no_header(&header, at)) }
    }

    /// Takes what an extended header at `at` says.
    fn extend(&mut self, extended: &mut Extended, header: &Header, at: u64) -> Result<()> {
        let (offset, bytes) = self.step_over(at, header.size(), b"(extended header)")?;
        if bytes > MAX_EXTENDED {
            return Err(self.damaged(format!("an extended header has {bytes} bytes"), at));
        }
        extended.at.get_or_insert(at);
        let content = self.bytes(offset, bytes)?.to_vec();
        if header.kind() == b'L' {
            extended.name = Some(until_nul(&content));
            return Ok(());
        }
        let mut said = Extended::default();
        for record in Records::of(&content) {
            let Some((key, value)) = record else {
                return Err(self.damaged("an extended header is not understood".into(), at));
            };
            match key {
                b"path" => said.name = Some(value.to_vec()),
                b"size" => said.size = Some(self.size_of(value, at)?),
                key if key.starts_with(b"GNU.sparse.") => return Err(self.sparse(b"", at)),
                _ => {}
            }
        }
        if header.kind() != b'g' {
            extended.name = said.name.or(extended.name.take());
            extended.size = said.size.or(extended.size);
            return Ok(());
        }
        match (said.name, said.size) {
            (None, None) => {
                // A remark about the whole archive, such as Git's, belongs to no member.
                extended.at = extended.at.filter(|&first| first != at);
                Ok(())
            }
            _ => Err(self.damaged("a global header gives every member one name or size".into(), at)),
        }
    }

    fn size_of(&self, value: &[u8], at: u64) -> Result<u64> {
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.damaged("an extended header gives no size".into(), at))
    }

    /// Goes on behind the `size` bytes that follow the header at `at`; gives where they begin, and
    /// their number.
    fn step_over(&mut self, at: u64, size: Option<u64>, name: &[u8]) -> Result<(u64, u64)> {
        let place = || format!("member `{}` at byte {at} of {}", readable(name), self.name);
        let Some(size) = size else {
            return Err(Error::unusable("the size of a member is no number").at(place()).help(FETCH_AGAIN));
        };
        // `header` has seen the whole block.
        let offset = at + BLOCK;
        let left = self.length - offset;
        match size.checked_next_multiple_of(BLOCK).filter(|&padded| padded <= left) {
            Some(padded) => {
                self.next = offset + padded;
                Ok((offset, size))
            }
            None => Err(Error::unusable("the shard is cut short or damaged")
                .because(missing(size, left))
                .at(place())
                .help(FETCH_AGAIN)),
        }
    }

    /// Refuses what readers of tar archives do not see: a second archive behind the first.
    fn nothing_follows(&mut self, end: u64) -> Result<()> {
        let mut at = end;
        while at < self.length {
            let count = WINDOW.min(self.length - at);
            if self.bytes(at, count)?.iter().any(|&byte| byte != 0) {
                let what = "the shard goes on behind its end mark";
                return Err(Error::unusable(what).at(self.byte(end)).help(
                    "two archives one after another? repack them: members behind the first mark are not seen",
                ));
            }
            at += count;
        }
        Ok(())
    }

    /// The `count` bytes at `at`, which lie within the archive.
    fn bytes(&mut self, at: u64, count: u64) -> Result<&[u8]> {
        let known = self.window_at..=self.window_at + self.window.len() as u64;
        if !(known.contains(&at) && known.contains(&(at + count))) {
            self.fill(at, count.max(WINDOW)).map_err(|cause| {
                Error::unusable("the shard cannot be read").because(cause).at(self.byte(at))
            })?;
        }
        let start = (at - self.window_at) as usize;
        self.window
            .get(start..start + count as usize)
            .ok_or_else(|| Error::unusable("the shard became shorter while it was read").at(self.byte(at)))
    }

    fn fill(&mut self, at: u64, count: u64) -> std::io::Result<()> {
        self.window.clear();
        self.window_at = at;
        self.reader.seek(SeekFrom::Start(at))?;
        self.reader.by_ref().take(count).read_to_end(&mut self.window)?;
        Ok(())
    }

    fn byte(&self, at: u64) -> String {
        format!("byte {at} of {}", self.name)
    }

    fn cut_short(&self, cause: &str, at: u64) -> Error {
        Error::unusable("the shard is cut short").because(cause).at(self.byte(at)).help(
            "fetch or copy it again; if its writer leaves the end mark out, add it: \
             head -c 1024 /dev/zero >> SHARD",
        )
    }

    fn damaged(&self, cause: String, at: u64) -> Error {
        Error::unusable("the shard is damaged").because(cause).at(self.byte(at)).help(FETCH_AGAIN)
    }

    fn sparse(&self, name: &[u8], at: u64) -> Error {
        Error::unusable("the shard holds a sparse member")
            .at(format!("member `{}` at byte {at} of {}", readable(name), self.name))
            .help("pack it again without --sparse")
    }

    /// What lies where a header should be.
    fn no_header(&self, header: &Header, at: u64) -> Error {
        let error = match header.packed_by().filter(|_| at == 0) {
            Some(packer) => Error::unusable(format!("the shard is compressed by {packer}"))
                .help("unpack it: images are read at their places, which a compressed archive does not have"),
            None if at == 0 => {
                Error::unusable("this is not a tar archive").because("its first header has a wrong checksum")
            }
            None => return self.damaged("the checksum of a header is wrong".into(), at),
        };
        error.at(self.byte(at))
    }
}

/// What is not there of a member of `size` bytes, where `left` follow its header.
fn missing(size: u64, left: u64) -> String {
    if size > left {
        return format!("a member has {size} bytes by its header, and {left} follow");
    }
    format!("the last block of a member is cut: each has {BLOCK} bytes, this one {}", left % BLOCK)
}

const FETCH_AGAIN: &str = "fetch or copy it again";

fn kind_of(flag: u8, name: &[u8]) -> Kind {
    match flag {
        // Before there was a flag for folders, a slash at the end of the name told.
        b'0' | b'\0' | b'7' if name.ends_with(b"/") => Kind::Folder,
        b'0' | b'\0' | b'7' => Kind::File,
        b'5' => Kind::Folder,
        _ => Kind::Other,
    }
}

/// A name of the GNU format, which ends at its first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default().to_vec()
}
