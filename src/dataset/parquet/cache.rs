//! The pages of images that are in use, unpacked. Threads that go through a data set side by side
//! are in the same few pages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::values::Cell;
use crate::error::Result;

/// Bytes of pages that are kept, unless the last few are larger.
const BUDGET: usize = 64 << 20;
/// Pages that are kept whatever they take: where a page ends, some threads still need it.
const LEAST: usize = 2;

/// Row group and page.
type Key = (usize, usize);
type Slot = Arc<OnceLock<Result<Arc<[Cell]>>>>;

struct Kept {
    key: Key,
    weight: usize,
    slot: Slot,
}

/// Pages by the time of their last use, the latest first.
#[derive(Default)]
pub(super) struct PageCache(Mutex<VecDeque<Kept>>);

impl PageCache {
    /// Page `key`, which takes `weight` bytes; made by `make` where it is not there. Who asks for a
    /// page that another thread is making waits for it.
    pub(super) fn get(
        &self,
        key: Key,
        weight: usize,
        make: impl FnOnce() -> Result<Vec<Cell>>,
    ) -> Result<Arc<[Cell]>> {
        self.slot(key, weight).get_or_init(|| make().map(Arc::from)).clone()
    }

    fn slot(&self, key: Key, weight: usize) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|page| page.key == key).and_then(|at| kept.remove(at));
        let page = found.unwrap_or_else(|| Kept { key, weight, slot: Slot::default() });
        let slot = page.slot.clone();
        kept.push_front(page);
        while kept.len() > LEAST && kept.iter().map(|page| page.weight).sum::<usize>() > BUDGET {
            kept.pop_back();
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache: &PageCache) -> Vec<Key> {
        cache.0.lock().unwrap().iter().map(|page| page.key).collect()
    }

    fn page() -> Result<Vec<Cell>> {
        Ok(vec![Cell::Null])
    }

    #[test]
    fn a_page_is_made_once_while_it_is_kept() {
        let cache = PageCache::default();
        cache.get((0, 0), 10, page).unwrap();
        cache.get((0, 0), 10, || unreachable!("it is there")).unwrap();
    }

    #[test]
    fn the_page_not_used_for_longest_goes_first_when_the_budget_is_spent() {
        let cache = PageCache::default();
        for number in 0..4 {
            cache.get((0, number), BUDGET / 4, page).unwrap();
        }
        cache.get((0, 0), BUDGET / 4, page).unwrap();
        cache.get((0, 4), BUDGET / 4, page).unwrap();
        assert_eq!(kept(&cache), [(0, 4), (0, 0), (0, 3), (0, 2)]);
    }

    #[test]
    fn of_pages_larger_than_the_budget_the_last_two_stay() {
        let cache = PageCache::default();
        for number in 0..4 {
            cache.get((0, number), BUDGET * 2, page).unwrap();
        }
        assert_eq!(kept(&cache), [(0, 3), (0, 2)]);
    }
}
