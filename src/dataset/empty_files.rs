//! Files that hold nothing: for tests of what their names tell.

/// A folder with empty files of these names, in folders of their own where the names say so.
pub(super) fn folder_of(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    folder
}
