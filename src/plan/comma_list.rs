//! Several texts in one argument: a line of CSV, so that a class named `tench, Tinca tinca` is one name
//! where it stands in double quotes.

use std::fmt;
use std::str::FromStr;

/// Texts in their order, written with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommaList(pub Vec<String>);

impl CommaList {
    /// The texts of several arguments one after the other, as of a flag that was repeated.
    pub fn flat(lists: &[Self]) -> Vec<String> {
        lists.iter().flat_map(|list| list.0.iter().cloned()).collect()
    }
}

impl FromStr for CommaList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let mut lines = reader.records();
        let line = lines.next().transpose().map_err(|error| error.to_string())?;
        if lines.next().is_some() {
            return Err("a list stands on one line, with commas between its values".into());
        }
        Ok(Self(line.iter().flatten().map(str::to_owned).collect()))
    }
}

impl fmt::Display for CommaList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = csv::WriterBuilder::new().from_writer(Vec::new());
        line.write_record(&self.0).map_err(|_| fmt::Error)?;
        let line = line.into_inner().map_err(|_| fmt::Error)?;
        f.write_str(String::from_utf8_lossy(&line).trim_end_matches('\n'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(texts: &[&str]) -> CommaList {
        CommaList(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn a_name_with_a_comma_stands_in_quotes() {
        let names = list(&["tench, Tinca tinca", "goldfish", "5\" nail"]);
        assert_eq!(names.to_string(), "\"tench, Tinca tinca\",goldfish,\"5\"\" nail\"");
        assert_eq!(names.to_string().parse::<CommaList>().unwrap(), names);
        assert_eq!("cat,dog".parse::<CommaList>().unwrap(), list(&["cat", "dog"]));
        assert_eq!("".parse::<CommaList>().unwrap(), list(&[]));
    }

    #[test]
    fn two_lines_are_no_list() {
        assert!("cat\ndog".parse::<CommaList>().is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(texts in prop::collection::vec("[^\n\r\u{feff}]{0,12}", 1..6)) {
            let written = CommaList(texts.clone()).to_string();
            prop_assert_eq!(written.parse::<CommaList>().unwrap().0, texts);
        }
    }
}
