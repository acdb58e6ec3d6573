//! What people hand over instead of an ONNX model, told by the first bytes.

use crate::error::Error;

struct Foreign {
    offset: usize,
    magic: &'static [u8],
    what: &'static str,
    help: &'static str,
}

const EXPORT_TORCH: &str = "export the model with torch.onnx.export";
const EXPORT_TF: &str = "convert the model with tf2onnx";
const UNPACK: &str = "unpack it and name the .onnx file";
const DOWNLOAD: &str = "download the file itself, not the page that shows it";

const FOREIGN: [Foreign; 12] = [
    foreign(
        0,
        b"PK\x03\x04",
        "a zip archive, perhaps a PyTorch or Keras file",
        "unpack it, or export the model to ONNX",
    ),
    foreign(0, b"\x1f\x8b", "compressed with gzip", UNPACK),
    foreign(0, b"BZh", "compressed with bzip2", UNPACK),
    foreign(0, b"\xfd7zXZ\0", "compressed with xz", UNPACK),
    foreign(0, b"\x28\xb5\x2f\xfd", "compressed with zstd", UNPACK),
    foreign(0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, perhaps of Keras", EXPORT_TF),
    foreign(0, b"\x80\x02", "a Python pickle, perhaps of PyTorch", EXPORT_TORCH),
    foreign(4, b"TFL3", "a TensorFlow Lite model", EXPORT_TF),
    foreign(
        4,
        b"ORTM",
        "a model in ONNX Runtime's own ORT format",
        "use the .onnx file that it was made from",
    ),
    foreign(
        0,
        b"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for",
        "run `git lfs pull`",
    ),
    foreign(0, b"<!DOCTYPE", "a web page", DOWNLOAD),
    foreign(0, b"<html", "a web page", DOWNLOAD),
];

const fn foreign(offset: usize, magic: &'static [u8], what: &'static str, help: &'static str) -> Foreign {
    Foreign { offset, magic, what, help }
}

/// The error for a file that is known to be something else.
pub(super) fn recognise(bytes: &[u8]) -> Option<Error> {
    let known = FOREIGN
        .iter()
        .find(|known| bytes.get(known.offset..).is_some_and(|rest| rest.starts_with(known.magic)));
    let (what, help) = match known {
        Some(known) => (known.what, known.help),
        None if is_text(bytes) => ("text", "name a binary .onnx file"),
        None => return None,
    };
    Some(Error::unusable(format!("the file is not an ONNX model: it is {what}")).help(help))
}

/// Whether the beginning reads as text. A model begins with the byte 8, which text does not hold.
fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(512)];
    head.iter().all(|&byte| byte >= 0x20 && byte != 0x7f || matches!(byte, b'\n' | b'\r' | b'\t'))
        && head.utf8_chunks().next().is_some_and(|chunk| chunk.valid().len() + 3 >= head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(bytes: &[u8]) -> Option<String> {
        recognise(bytes).map(|error| error.what)
    }

    #[test]
    fn files_of_other_kinds_are_called_by_their_name() {
        assert!(what(b"PK\x03\x04....").unwrap().contains("zip archive"));
        assert!(what(b"version https://git-lfs.github.com/spec/v1\n").unwrap().contains("Git LFS"));
        assert!(what(b"\x1c\0\0\0TFL3").unwrap().contains("TensorFlow Lite"));
        assert!(what("Größe: 12\n".as_bytes()).unwrap().contains("text"));
    }

    #[test]
    fn text_that_is_cut_within_a_letter_is_still_text() {
        let long = "ö".repeat(400);
        assert!(what(&long.as_bytes()[1 - 1..513.min(long.len())]).is_some());
    }

    #[test]
    fn the_beginning_of_a_model_is_not_mistaken() {
        assert_eq!(what(b"\x08\x08\x12\x07pytorch"), None);
        assert_eq!(what(&[0xff; 64]), None);
    }
}
