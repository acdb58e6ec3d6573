//! Where things that can be fetched again are kept between runs.

use std::env;
use std::path::PathBuf;

use directories::ProjectDirs;

use crate::error::{Error, Result};

/// The variable that moves the cache.
pub const CACHE_VARIABLE: &str = "BENCH_CACHE_DIR";

/// The cache folder of this user: `BENCH_CACHE_DIR`, else the system's place for caches
/// (`~/.cache/bench` on Linux). It need not exist yet.
pub fn root() -> Result<PathBuf> {
    choose(env::var_os(CACHE_VARIABLE).map(PathBuf::from), system_cache()).ok_or_else(|| {
        Error::unavailable("there is no place for a cache: the home folder is not known")
            .help(format!("set {CACHE_VARIABLE} to a folder"))
    })
}

fn system_cache() -> Option<PathBuf> {
    ProjectDirs::from("", "", "bench").map(|dirs| dirs.cache_dir().to_path_buf())
}

/// An empty variable counts as unset, as everywhere in a shell.
fn choose(asked: Option<PathBuf>, system: Option<PathBuf>) -> Option<PathBuf> {
    asked.filter(|path| !path.as_os_str().is_empty()).or(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_unless_it_is_empty() {
        let system = Some(PathBuf::from("/home/a/.cache/bench"));
        assert_eq!(choose(Some("/tmp/c".into()), system.clone()), Some("/tmp/c".into()));
        assert_eq!(choose(Some("".into()), system.clone()), system);
        assert_eq!(choose(None, None), None);
    }
}
