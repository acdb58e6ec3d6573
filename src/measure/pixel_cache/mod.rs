//! Pixels as a model sees them, before scaling, kept between candidates and runs: the second one
//! decodes and resizes nothing.
//!
//! One sparse file a data set and preprocessing, one slot an image, at a place known from its index.
//! Slots are read and written by position, not mapped into memory: another process may remove or cut
//! a file at any time, which ends a process that has it mapped, and pages of a mapped file count as
//! memory of the one that looks at them. What is read is in the system's page cache either way.
//!
//! There are no locks. Every slot carries a checksum over its own place and content, so that a slot
//! half written by a run that was killed, or by two runs at once, or damaged on the disk, is a slot
//! that is empty. All runs write the same bytes into the same slot.

mod eviction;
mod slot;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use crate::digest::hex;
use slot::Slot;

/// Changes when the same key would give other bytes: a new layout of slots, another rounding in
/// preprocessing.
const VERSION: u32 = 1;

/// What the pixels of a file have in common.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
}

impl Key {
    /// Of everything that decides about the pixels: where the data is, which images of it, the steps
    /// up to the pixels, the decoder.
    pub fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        digest.update(VERSION.to_le_bytes());
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self { text: hex(&digest.finalize()) }
    }
}

/// Pixels of one data set after one preprocessing.
pub struct PixelCache {
    path: PathBuf,
    /// Most bytes of one image's pixels.
    room: usize,
    found: AtomicUsize,
    /// Set when writing failed: a full disk is no reason to end an evaluation.
    full: AtomicBool,
}

impl PixelCache {
    /// Opens or makes the file of `key` in `folder` for `images` images of at most `room` bytes each.
    /// Files that were not used for the longest time make place, so that all together stay below
    /// `limit` bytes. Nothing when the file alone would not fit, or nothing can be written there.
    pub fn open(folder: &Path, key: &Key, images: usize, room: usize, limit: u64) -> Option<Self> {
        let length = (Slot::length(room) as u64).checked_mul(images as u64)?;
        if length == 0 || limit == 0 {
            return None;
        }
        fs::create_dir_all(folder).ok()?;
        let path = folder.join(format!("{}.{}", key.text, eviction::EXTENSION));
        let Some(others) = limit.checked_sub(length) else {
            eviction::make_place(folder, Path::new(""), limit);
            return None;
        };
        eviction::make_place(folder, &path, others);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).ok()?;
        if file.metadata().ok()?.len() != length {
            file.set_len(length).ok()?;
        }
        // The time of the last use, by which files are removed.
        let _ = file.set_modified(std::time::SystemTime::now());
        Some(Self { path, room, found: AtomicUsize::new(0), full: AtomicBool::new(false) })
    }

    /// How many images were found so far.
    pub fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    /// A thread's own way into the file.
    pub fn reader(&self) -> Option<Reader<'_>> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path).ok()?;
        Some(Reader { cache: self, file, slot: Slot::new(self.room) })
    }
}

/// An open cache file with memory for one slot.
pub struct Reader<'a> {
    cache: &'a PixelCache,
    file: File,
    slot: Slot,
}

impl Reader<'_> {
    /// Number of channels and pixels of image `index`, if they are there and were made of an image
    /// with this `stamp`.
    pub fn get(&mut self, index: usize, stamp: u64) -> Option<(u8, &[u8])> {
        self.file.seek(SeekFrom::Start(self.start(index))).ok()?;
        self.file.read_exact(self.slot.bytes_mut()).ok()?;
        let found = self.slot.content(index as u64, stamp)?;
        self.cache.found.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// Keeps the pixels of image `index`, which has `channels` channels.
    pub fn put(&mut self, index: usize, stamp: u64, channels: u8, pixels: &[u8]) {
        if pixels.len() > self.cache.room || self.cache.full.load(Ordering::Relaxed) {
            return;
        }
        let start = self.start(index);
        let bytes = self.slot.fill(index as u64, stamp, channels, pixels);
        let written = self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.write_all(bytes));
        if written.is_err() {
            self.cache.full.store(true, Ordering::Relaxed);
        }
    }

    fn start(&self, index: usize) -> u64 {
        index as u64 * Slot::length(self.cache.room) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const ROOM: usize = 12;

    fn open(folder: &Path, name: &str, images: usize, limit: u64) -> Option<PixelCache> {
        PixelCache::open(folder, &Key::of(&[name]), images, ROOM, limit)
    }

    fn pixels(index: usize) -> Vec<u8> {
        (0..ROOM).map(|place| (index * 31 + place) as u8).collect()
    }

    fn names(folder: &Path) -> usize {
        folder.read_dir().unwrap().count()
    }

    #[test]
    fn what_one_run_keeps_the_next_one_finds() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), "a", 3, 1 << 20).unwrap();
        let mut reader = first.reader().unwrap();
        assert!(reader.get(1, 7).is_none(), "nothing is there yet");
        reader.put(1, 7, 3, &pixels(1));
        reader.put(2, 7, 1, &pixels(2)[..4]);
        let second = open(folder.path(), "a", 3, 1 << 20).unwrap();
        let mut reader = second.reader().unwrap();
        assert_eq!(reader.get(1, 7), Some((3, pixels(1).as_slice())));
        assert_eq!(reader.get(2, 7), Some((1, &pixels(2)[..4])), "grey takes a third");
        assert!(reader.get(0, 7).is_none());
        assert_eq!(second.found(), 2);
    }

    #[test]
    fn an_image_that_changed_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "a", 1, 1 << 20).unwrap();
        let mut reader = cache.reader().unwrap();
        reader.put(0, 7, 3, &pixels(0));
        assert!(reader.get(0, 8).is_none());
    }

    #[test]
    fn a_damaged_slot_is_an_empty_slot() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "a", 2, 1 << 20).unwrap();
        cache.reader().unwrap().put(1, 7, 3, &pixels(1));
        let whole = fs::read(&cache.path).unwrap();
        for place in Slot::length(ROOM)..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            fs::write(&cache.path, damaged).unwrap();
            assert!(cache.reader().unwrap().get(1, 7).is_none(), "byte {place}");
        }
        fs::write(&cache.path, &whole[..whole.len() - 1]).unwrap();
        assert!(cache.reader().unwrap().get(1, 7).is_none(), "cut short");
    }

    #[test]
    fn a_slot_in_the_wrong_place_is_an_empty_slot() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "a", 2, 1 << 20).unwrap();
        cache.reader().unwrap().put(0, 7, 3, &pixels(0));
        let mut bytes = fs::read(&cache.path).unwrap();
        bytes.copy_within(..Slot::length(ROOM), Slot::length(ROOM));
        fs::write(&cache.path, bytes).unwrap();
        assert!(cache.reader().unwrap().get(1, 7).is_none());
    }

    #[test]
    fn another_key_is_another_file_and_parts_do_not_run_together() {
        let folder = tempfile::tempdir().unwrap();
        for key in [Key::of(&["ab", "c"]), Key::of(&["a", "bc"]), Key::of(&["abc"])] {
            PixelCache::open(folder.path(), &key, 1, ROOM, 1 << 20).unwrap();
        }
        assert_eq!(names(folder.path()), 3);
    }

    #[test]
    fn the_files_not_used_for_the_longest_time_make_place() {
        let folder = tempfile::tempdir().unwrap();
        let each = Slot::length(ROOM) as u64;
        for (name, age) in [("old", 300), ("older", 600), ("new", 10)] {
            let cache = open(folder.path(), name, 1, 1 << 20).unwrap();
            let used = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
            File::options().write(true).open(&cache.path).unwrap().set_modified(used).unwrap();
        }
        open(folder.path(), "next", 1, 3 * each).unwrap();
        assert_eq!(names(folder.path()), 3);
        let there = |name: &str| {
            folder.path().join(format!("{}.{}", Key::of(&[name]).text, eviction::EXTENSION)).exists()
        };
        assert_eq!(["older", "old", "new", "next"].map(there), [false, true, true, true]);
        open(folder.path(), "older", 3, 3 * each).unwrap();
        assert_eq!(names(folder.path()), 1, "all others make place");
    }

    #[test]
    fn no_file_that_alone_is_larger_than_the_limit_and_none_at_zero() {
        let folder = tempfile::tempdir().unwrap();
        let each = Slot::length(ROOM) as u64;
        assert!(open(folder.path(), "a", 2, 2 * each - 1).is_none());
        assert!(open(folder.path(), "a", 2, 0).is_none());
        assert_eq!(names(folder.path()), 0);
        open(folder.path(), "b", 4, 4 * each).unwrap();
        assert!(open(folder.path(), "a", 2, 0).is_none());
        assert_eq!(names(folder.path()), 1, "nothing is kept of this one, and what is there stays");
        assert!(open(folder.path(), "a", 2, 2 * each - 1).is_none());
        assert_eq!(names(folder.path()), 0, "the limit holds for what others have left, too");
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), [0; 4096]).unwrap();
        open(folder.path(), "a", 1, Slot::length(ROOM) as u64).unwrap();
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn runs_at_once_never_see_a_wrong_pixel() {
        let folder = tempfile::tempdir().unwrap();
        let run = || {
            let cache = open(folder.path(), "a", 50, 1 << 20).unwrap();
            let mut reader = cache.reader().unwrap();
            for index in (0..50).chain(0..50) {
                match reader.get(index, 7) {
                    Some((3, found)) => assert_eq!(found, pixels(index)),
                    Some(other) => panic!("{other:?}"),
                    None => reader.put(index, 7, 3, &pixels(index)),
                }
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(run))));
    }
}
