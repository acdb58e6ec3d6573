//! The usual names of the columns of a table, in any letters, in the order in which they are tried.

/// Of paths of image files.
pub(super) const PATHS: [&str; 9] =
    ["path", "file", "file_name", "filename", "file_path", "filepath", "image", "image_path", "img"];
/// Of bytes of image files; the struct `image` is `image.bytes` once its table was flattened.
pub(super) const BYTES: [&str; 5] = ["image", "img", "image_bytes", "img_bytes", "bytes"];
/// Of labels.
pub(super) const LABELS: [&str; 8] =
    ["label", "labels", "fine_label", "cls", "class", "class_name", "category", "target"];

/// Where the first of the `usual` names stands among `names`, in the very letters or in others.
pub(super) fn place(names: &[&str], usual: &[&str]) -> Option<usize> {
    places(names, usual).next()
}

/// Where each of the `usual` names stands, of those that are among `names`.
pub(super) fn places(names: &[&str], usual: &[&str]) -> impl Iterator<Item = usize> {
    usual.iter().filter_map(|usual| {
        let exact = names.iter().position(|name| name == usual);
        exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(usual)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_letters_and_the_very_ones_go_first() {
        assert_eq!(place(&["Image", "Label"], &LABELS), Some(1));
        assert_eq!(place(&["Label", "label", "class"], &LABELS), Some(1));
        assert_eq!(place(&["target", "class", "colour"], &LABELS), Some(1));
        assert_eq!(place(&["colour"], &LABELS), None);
    }
}
