//! What the arguments of `bench data` ask for, checked before minutes of looking.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::DataArgs;
use crate::cli::output_file::check_file;
use crate::dataset::survey::{Shares, Source};
use crate::error::{Error, Result};
use crate::plan::{CommaList, DataColumns, DatasetFormat, DatasetSpec, Part};
use crate::record::check_writable;
use crate::report::quoted;

/// The name of a split, or shares to divide by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitArg {
    /// A split that is there.
    Name(String),
    /// Splits to be made.
    Shares(Shares),
}

impl FromStr for SplitArg {
    type Err = String;

    /// Shares are numbers with slashes between them; the split of a configuration, `en/test`, has words.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("name a split, or write shares such as 80/20".into()),
            shares if shares.contains('/') && !shares.contains(char::is_alphabetic) => {
                shares.parse().map(Self::Shares)
            }
            shares if are_numbers(shares) => {
                Err(format!("shares are written {}", numbers_of(shares).collect::<Vec<_>>().join("/")))
            }
            name => Ok(Self::Name(name.to_owned())),
        }
    }
}

/// Whether these are numbers with something else than a slash between them, as in `80,20`: no name of
/// a split.
fn are_numbers(text: &str) -> bool {
    let known = |letter: char| letter.is_ascii_digit() || ".,:;-+ %".contains(letter);
    text.chars().all(known) && numbers_of(text).count() > 1
}

fn numbers_of(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ':', ';', '-', '+', ' ', '%']).filter(|number| !number.is_empty())
}

/// What is asked for.
pub struct Wish {
    /// The images to look at.
    pub spec: DatasetSpec,
    /// In which shares to divide them, if at all.
    pub shares: Option<Shares>,
    /// The file of each part.
    pub lists: Vec<PathBuf>,
    /// The file of the contact sheet.
    sheet: Option<PathBuf>,
}

impl Wish {
    /// Fails where arguments do not go together, or where something is to be written that cannot be.
    pub fn of(args: &DataArgs) -> Result<Self> {
        let (mut name, mut shares) = (None, None);
        for split in &args.splits {
            let before = match split {
                SplitArg::Name(split) => name.replace(split.clone()).is_some(),
                SplitArg::Shares(wanted) => shares.replace(wanted.clone()).is_some(),
            };
            if before {
                return Err(Error::usage("two splits are named, or two divisions")
                    .help("give --split once with the name of a split, and once with shares"));
            }
        }
        args.json.as_deref().map_or(Ok(()), check_file)?;
        args.contact_sheet.as_deref().map_or(Ok(()), check_sheet)?;
        let lists = lists(shares.as_ref(), args.out.as_deref())?;
        Ok(Self { spec: spec(args, name), shares, lists, sheet: args.contact_sheet.clone() })
    }

    /// The flags by which other commands take the images of `list`, as a shell reads them.
    pub fn flags(&self, list: &Path) -> String {
        let DatasetSpec { path, format, split, columns, class_names, .. } = &self.spec;
        let flags = [
            ("--data", Some(path.display().to_string())),
            ("--format", format.map(|format| format.name().to_owned())),
            ("--split", split.clone()),
            ("--image-column", columns.image.clone()),
            ("--label-column", columns.label.clone()),
            ("--class-names", Some(class_names.join(",")).filter(|names| !names.is_empty())),
            ("--list", Some(list.display().to_string())),
        ];
        let said = flags.into_iter().filter_map(|(flag, value)| Some(format!("{flag} {}", quoted(&value?))));
        said.collect::<Vec<_>>().join(" ")
    }

    /// Only one list of images can be divided.
    pub fn check_splits(&self, sources: &[Source]) -> Result<()> {
        if self.shares.is_none() || sources.len() == 1 {
            return Ok(());
        }
        let names: Vec<&str> = sources.iter().map(Source::name).collect();
        Err(Error::usage(format!("the data has {} splits already", names.len())).help(format!(
            "say which one to divide: --split NAME --split SHARES, where NAME is one of {}",
            names.join(", ")
        )))
    }

    /// A new folder beside those of classes would be a class without an image, and a picture among the
    /// images one of them. Beside images that are no files of their own, nothing else is read.
    pub fn check_places(&self, sources: &[Source]) -> Result<()> {
        let of_files = [DatasetFormat::Folder, DatasetFormat::Prefixed].map(DatasetFormat::name);
        let format = sources.first().map_or("", |source| source.identity().format.as_str());
        let into_new_folder = self.lists.first().filter(|list| !list.parent().is_some_and(Path::is_dir));
        let mut written = into_new_folder.into_iter().chain(&self.sheet);
        match written.find(|path| of_files.contains(&format) && lies_in(path, &self.spec.path)) {
            Some(path) => {
                Err(Error::usage("this would lie among the images and be taken for a part of them")
                    .at_path(path)
                    .help("name a place that is not in the data"))
            }
            None => Ok(()),
        }
    }
}

/// Whether the file at `path`, which need not be there, is in `folder` or below.
fn lies_in(path: &Path, folder: &Path) -> bool {
    let there = path.ancestors().skip(1).find(|above| above.exists()).unwrap_or(Path::new("."));
    match (there.canonicalize(), folder.canonicalize()) {
        (Ok(there), Ok(folder)) => there.starts_with(folder),
        _ => false,
    }
}

fn spec(args: &DataArgs, split: Option<String>) -> DatasetSpec {
    DatasetSpec {
        format: args.format,
        split,
        columns: DataColumns { image: args.image_column.clone(), label: args.label_column.clone() },
        class_names: CommaList::flat(&args.class_names),
        part: Part { list: args.list.clone(), ..Part::default() },
        ..DatasetSpec::at(&args.path)
    }
}

/// The files of the parts, none of which may be there.
fn lists(shares: Option<&Shares>, folder: Option<&Path>) -> Result<Vec<PathBuf>> {
    let (shares, folder) = match (shares, folder) {
        (Some(shares), Some(folder)) => (shares, folder),
        (None, None) => return Ok(Vec::new()),
        (Some(_), None) => {
            return Err(Error::usage("there is no folder for the lists").help("say --out DIR"));
        }
        (None, Some(_)) => {
            return Err(Error::usage("--out is for lists, and no division is asked for")
                .help("say --split SHARES, such as --split 80/16/4"));
        }
    };
    if folder.exists() && !folder.is_dir() {
        return Err(Error::usage("this is no folder").at_path(folder).help("name a folder for the lists"));
    }
    let files: Vec<PathBuf> =
        shares.names().into_iter().map(|name| folder.join(format!("{name}.txt"))).collect();
    match files.iter().find(|file| file.symlink_metadata().is_ok()) {
        Some(there) => Err(Error::usage("a list is there already")
            .at_path(there)
            .help("name another folder, or remove the lists")),
        None => {
            files.first().map_or(Ok(()), |file| check_writable(file))?;
            Ok(files)
        }
    }
}

/// A picture that is called as one of another kind would not open everywhere.
fn check_sheet(path: &Path) -> Result<()> {
    let is_png = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    if !is_png {
        return Err(Error::usage("a contact sheet goes into a PNG file")
            .at_path(path)
            .help("name a .png file"));
    }
    check_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_a_name_or_shares() {
        let parsed = |text: &str| text.parse::<SplitArg>();
        assert_eq!(parsed("train"), Ok(SplitArg::Name("train".into())));
        assert_eq!(parsed("80/20"), Ok(SplitArg::Shares("80/20".parse().unwrap())));
        assert_eq!(parsed("en/test"), Ok(SplitArg::Name("en/test".into())));
        assert!(parsed("80/").is_err() && parsed("").is_err());
    }

    #[test]
    fn lists_and_their_folder_go_together() {
        let desk = tempfile::tempdir().unwrap();
        let shares: Shares = "2/1".parse().unwrap();
        assert_eq!(lists(None, None).unwrap(), [] as [PathBuf; 0]);
        assert!(lists(Some(&shares), None).unwrap_err().help.unwrap().contains("--out"));
        assert!(lists(None, Some(desk.path())).unwrap_err().help.unwrap().contains("--split"));
        let files = lists(Some(&shares), Some(desk.path())).unwrap();
        assert_eq!(files, ["train.txt", "test.txt"].map(|name| desk.path().join(name)));
        std::fs::write(&files[1], "").unwrap();
        assert!(lists(Some(&shares), Some(desk.path())).unwrap_err().what.contains("there already"));
        assert!(lists(Some(&shares), Some(&files[1])).unwrap_err().what.contains("no folder"));
        let stuck = lists(Some(&shares), Some(&files[1].join("deeper"))).unwrap_err();
        assert!(stuck.place.unwrap().ends_with("deeper/train.txt"), "known before any image is looked at");
    }

    #[test]
    fn a_list_is_used_as_the_data_was_named() {
        let spec = DatasetSpec {
            split: Some("train".into()),
            class_names: vec!["cat".into(), "a dog".into()],
            ..DatasetSpec::at("my photos")
        };
        let wish = Wish { spec, shares: None, lists: Vec::new(), sheet: None };
        let expected = "--data 'my photos' --split train --class-names 'cat,a dog' --list lists/test.txt";
        assert_eq!(wish.flags(Path::new("lists/test.txt")), expected);
    }

    #[test]
    fn a_contact_sheet_is_a_png_file_in_a_folder_that_is_there() {
        let desk = tempfile::tempdir().unwrap();
        check_sheet(&desk.path().join("sheet.PNG")).unwrap();
        for wrong in ["-", "sheet.jpg", "sheet", "nowhere/sheet.png"] {
            assert!(check_sheet(&desk.path().join(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(desk.path().read_dir().unwrap().count(), 0);
    }
}
