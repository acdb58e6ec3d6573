//! The images that a user means: those of some classes, those that a column says something about,
//! those of a list.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::dataset::wording::{counted, shortened, some};
use crate::dataset::{Content, classes};
use crate::error::{Error, Result};
use crate::plan::Part;
use crate::regular_file;

/// Longest list that is read, bytes: ids of a few million images.
const MAX_LIST_BYTES: u64 = 1 << 30;

/// Indices of the images of `content` that `part` means, in the order of the data set; none where
/// it means them all. An unknown name, and a condition that no image meets, is an error that says
/// what there is.
pub(super) fn chosen(content: &Content, part: &Part) -> Result<Option<Vec<usize>>> {
    if part.is_everything() {
        return Ok(None);
    }
    let mut indices: Vec<usize> = (0..content.images.count()).collect();
    if !part.classes.is_empty() {
        let labels = labels(content.classes.names(), &part.classes)?;
        indices.retain(|&index| labels.contains(&content.images.label(index)));
    }
    for (name, values) in &part.conditions {
        let column = column(content, name)?;
        check_values(content, column, values)?;
        let wanted = |index: usize| values.iter().any(|value| value == content.images.value(column, index));
        indices.retain(|&index| wanted(index));
    }
    if let Some(list) = &part.list {
        let listed = listed(content, list)?;
        indices.retain(|&index| listed[index]);
    }
    if indices.is_empty() {
        return Err(Error::usage(format!("no image is left of {}", part.describe().join(" and ")))
            .help("each condition has images; ask for one that shares some with the others"));
    }
    Ok(Some(indices))
}

/// The labels of classes that are called by name or, where no class has that name, by index.
fn labels(names: &[String], wanted: &[String]) -> Result<BTreeSet<u32>> {
    wanted.iter().map(|wanted| label(names, wanted)).collect()
}

fn label(names: &[String], wanted: &str) -> Result<u32> {
    let called =
        |is_it: &dyn Fn(&str) -> bool| (0..names.len()).filter(|&class| is_it(&names[class])).collect();
    let mut named: Vec<usize> = called(&|name| name == wanted);
    if named.is_empty() {
        named = called(&|name| classes::folded(name) == classes::folded(wanted));
    }
    if named.len() > 1 {
        return Err(Error::usage(classes::all_called(wanted, &named))
            .at("--classes")
            .help("name the one that is meant by its index"));
    }
    let index = named.first().copied().or_else(|| wanted.parse().ok().filter(|index| *index < names.len()));
    index.and_then(|index| u32::try_from(index).ok()).ok_or_else(|| {
        let there = format!("the classes are: {}", some(names));
        Error::usage(format!("there is no class `{wanted}`")).at("--classes").help(there)
    })
}

/// Index of the column that is called `name`.
pub(super) fn column(content: &Content, name: &str) -> Result<usize> {
    let columns = content.columns.as_slice();
    columns.iter().position(|column| column == name).ok_or_else(|| {
        let there = match columns {
            [] => "this data set has no columns: a manifest or a table has them".to_owned(),
            columns => format!("the columns are: {}", some(columns)),
        };
        if content.images.left_out().iter().any(|column| column == name) {
            return Error::usage(format!(
                "the column `{name}` was left out: it has too many different values"
            ))
            .help(format!("to choose images one by one, write their ids into a file for `--list`; {there}"));
        }
        let label = ["label", "class", "category"].contains(&name.to_lowercase().as_str());
        let classes = if label { "; images of some classes are chosen by --classes" } else { "" };
        Error::usage(format!("there is no column `{name}` with words or whole numbers"))
            .help(format!("{there}{classes}"))
    })
}

/// A value that no image has is a slip of the keyboard, and would go unseen among others.
fn check_values(content: &Content, column: usize, values: &[String]) -> Result<()> {
    let value = |index: usize| content.images.value(column, index);
    let absent = |wanted: &&String| (0..content.images.count()).all(|index| value(index) != wanted.as_str());
    let Some(wanted) = values.iter().find(absent) else { return Ok(()) };
    let there: BTreeSet<&str> = (0..content.images.count()).map(value).collect();
    Err(Error::usage(format!("no image has `{wanted}` in the column `{}`", content.columns[column]))
        .help(format!("its values are: {}", some(there))))
}

/// For each image whether its id is in the list.
fn listed(content: &Content, path: &Path) -> Result<Vec<bool>> {
    let text = read_list(path)?;
    let mut missing = ids_of(&text).map_err(|error| error.at_path(path))?;
    let images = &content.images;
    let listed =
        (0..images.count()).map(|index| missing.remove(images.id(index).as_str()).is_some()).collect();
    if missing.is_empty() {
        return Ok(listed);
    }
    let mut unknown: Vec<(&str, usize)> = missing.into_iter().collect();
    unknown.sort_unstable_by_key(|(_, line)| *line);
    let first = shortened(&content.images.id(0));
    let are = if unknown.len() == 1 { "is" } else { "are" };
    Err(Error::usage(format!("{} of the list {are} not in the data set", ids(unknown.len())))
        .because(some(unknown.iter().map(|(id, _)| *id)))
        .at_path(path)
        .help(format!(
            "ids here look like `{first}`; a list belongs to the data set and split it was made from"
        )))
}

/// The ids of a list with the lines that they stand in.
fn ids_of(text: &str) -> Result<HashMap<&str, usize>> {
    let mut lines = HashMap::new();
    let mut twice = Vec::new();
    for (line, id) in text.lines().enumerate().filter(|(_, id)| !id.is_empty()) {
        if lines.insert(id, line).is_some() {
            twice.push(id);
        }
    }
    if lines.is_empty() {
        return Err(Error::usage("the list is empty").help("write one id a line"));
    }
    match twice.as_slice() {
        [] => Ok(lines),
        _ => Err(Error::usage(format!(
            "{} of the list {} more than once",
            ids(twice.len()),
            if twice.len() == 1 { "occurs" } else { "occur" }
        ))
        .because(some(twice))
        .help("leave each id in it once")),
    }
}

fn read_list(path: &Path) -> Result<String> {
    let bytes = regular_file::read_at_most(path, MAX_LIST_BYTES).map_err(|cause| {
        Error::unusable("the list of ids cannot be read")
            .because(cause)
            .at_path(path)
            .help("check the path; `--list` takes a file with one id a line")
    })?;
    let text = String::from_utf8(bytes).map_err(|cause| {
        Error::unusable("the list is not UTF-8").because(cause).at_path(path).help("save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn ids(count: usize) -> String {
    counted(count, "id", "ids")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::dataset::fake::content;

    fn part(classes: &[&str], conditions: &[(&str, &[&str])]) -> Part {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let conditions = conditions.iter().map(|(column, values)| ((*column).to_owned(), owned(values)));
        Part { classes: owned(classes), conditions: conditions.collect(), list: None }
    }

    fn of_list(text: &str) -> Result<Option<Vec<usize>>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        chosen(&content(), &Part { list: Some(file.path().to_owned()), ..Part::default() })
    }

    #[test]
    fn no_condition_is_no_choice() {
        assert_eq!(chosen(&content(), &Part::default()).unwrap(), None);
    }

    #[test]
    fn classes_go_by_name_and_else_by_index() {
        // cat, dog, bird in turn.
        let of = |classes: &[&str]| chosen(&content(), &part(classes, &[])).unwrap().unwrap();
        assert_eq!(of(&["dog"]), [1, 4, 7, 10]);
        assert_eq!(of(&["2", "cat"]), [0, 2, 3, 5, 6, 8, 9, 11]);
    }

    #[test]
    fn an_unknown_class_is_refused_with_those_that_exist() {
        for unknown in ["cow", "3", "-1"] {
            let error = chosen(&content(), &part(&["dog", unknown], &[])).unwrap_err();
            assert!(error.what.contains(&format!("`{unknown}`")), "{error}");
            assert_eq!(error.help.unwrap(), "the classes are: cat, dog, bird");
        }
    }

    #[test]
    fn a_name_of_two_classes_asks_for_the_index() {
        let names = ["crane", "bird", "crane"].map(str::to_owned);
        let error = label(&names, "crane").unwrap_err();
        assert_eq!(error.what, "2 classes are called `crane`: 0, 2");
        assert!(error.help.unwrap().contains("index"));
        assert_eq!(label(&names, "2").unwrap(), 2);
    }

    #[test]
    fn values_of_a_column_are_either_and_columns_are_both() {
        // The first half is from phones, then come four from the web and two without a word; every
        // other one is from 2024.
        let of =
            |conditions: &[(&str, &[&str])]| chosen(&content(), &part(&[], conditions)).unwrap().unwrap();
        assert_eq!(of(&[("source", &["web"])]), [6, 7, 8, 9]);
        assert_eq!(of(&[("source", &["web", ""])]), [6, 7, 8, 9, 10, 11]);
        assert_eq!(of(&[("source", &["web"]), ("year", &["2024"])]), [6, 8]);
    }

    #[test]
    fn an_unknown_column_or_value_is_refused_with_those_that_exist() {
        let refused =
            |conditions: &[(&str, &[&str])]| chosen(&content(), &part(&[], conditions)).unwrap_err();
        let error = refused(&[("camera", &["x"])]);
        assert!(error.what.contains("`camera`") && error.help.unwrap().contains("source, year"));
        let error = refused(&[("url", &["x"])]);
        assert!(error.what.contains("`url` was left out") && error.help.unwrap().contains("--list"));
        let error = refused(&[("source", &["web", "fax"])]);
        assert!(error.what.contains("`fax`"), "{error}");
        assert_eq!(error.help.unwrap(), "its values are: (none), phone, web");
    }

    #[test]
    fn conditions_that_share_no_image_are_refused_in_words() {
        // Image 9 is a cat, 10 a dog and 11 a bird; only the last two say nothing of their source.
        let error = chosen(&content(), &part(&["cat"], &[("source", &[""])])).unwrap_err();
        assert!(error.what.contains("classes cat and source = (none)"), "{error}");
    }

    #[test]
    fn a_list_is_taken_in_the_order_of_the_data_set() {
        assert_eq!(of_list("\u{feff}7.png\r\n\n2.png\n10.png").unwrap().unwrap(), [2, 7, 10]);
    }

    #[test]
    fn unknown_and_repeated_ids_are_counted_and_named() {
        let error = of_list("7.png\nx.png\n1.png\na.png\n").unwrap_err();
        assert!(error.what.starts_with("2 ids") && error.help.unwrap().contains("`0.png`"));
        assert_eq!(error.cause.unwrap(), "x.png, a.png");
        let error = of_list("7.png\n1.png\n7.png\n").unwrap_err();
        assert_eq!(error.what, "1 id of the list occurs more than once");
        assert_eq!(error.cause.unwrap(), "7.png");
        assert_eq!(of_list("x\n").unwrap_err().what, "1 id of the list is not in the data set");
        assert!(of_list("\n").unwrap_err().what.contains("empty"));
    }

    #[test]
    fn an_id_of_a_megabyte_does_not_fill_the_message() {
        let error = of_list(&"\0".repeat(1 << 20)).unwrap_err();
        assert!(error.to_string().len() < 1000);
    }

    #[test]
    fn what_is_no_list_is_refused_by_its_path() {
        let of = |path: &Path| {
            let part = Part { list: Some(path.to_owned()), ..Part::default() };
            chosen(&content(), &part).unwrap_err()
        };
        let folder = tempfile::tempdir().unwrap();
        assert!(of(folder.path()).cause.unwrap().contains("folder"));
        assert!(of(&folder.path().join("absent.txt")).help.unwrap().contains("--list"));
        let binary = folder.path().join("binary");
        std::fs::write(&binary, b"\xff\xfe").unwrap();
        assert!(of(&binary).what.contains("UTF-8"));
    }
}
