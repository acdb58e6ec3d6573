//! Which columns of a file hold the images, the labels, and what else tells images apart.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use super::features::Features;
use crate::dataset::column_names::{self, BYTES, LABELS};
use crate::dataset::files::EXTENSIONS;
use crate::dataset::wording::some;
use crate::error::{Error, Result};
use crate::plan::DataColumns;

/// The end of the name of a column that was the field `bytes` of a struct.
const FLAT_BYTES: &str = ".bytes";

/// A column that says more about an image than its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub name: String,
    /// Number of the column.
    pub column: usize,
    /// What its numbers stand for.
    pub names: Option<Vec<String>>,
}

/// The columns that are read, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The bytes of the images.
    pub image: usize,
    /// The name that each image has, beside its bytes.
    pub path: Option<usize>,
    pub label: usize,
    /// Class names, where the file has them.
    pub classes: Option<Vec<String>>,
    pub slices: Vec<Slice>,
}

impl Layout {
    /// Finds the columns of the file that `metadata` describes, or those that are `asked` for.
    pub(super) fn find(metadata: &ParquetMetaData, asked: &DataColumns) -> Result<Self> {
        let file = metadata.file_metadata();
        let features = Features::of(file.key_value_metadata());
        let table = Table { schema: file.schema_descr(), features };
        let (image_name, image, path) = table.image(asked.image.as_deref())?;
        let (label_name, label) = table.label(asked.label.as_deref())?;
        Ok(Self {
            image,
            path,
            label,
            classes: table.features.classes(&label_name).map(<[String]>::to_vec),
            slices: table.slices(&[&image_name, &label_name], path),
        })
    }
}

struct Table<'a> {
    schema: &'a SchemaDescriptor,
    features: Features,
}

impl Table<'_> {
    /// Names of the columns, of which a group of values is one.
    fn names(&self) -> Vec<&str> {
        self.schema.root_schema().get_fields().iter().map(|field| field.name()).collect()
    }

    /// The column of values at `path`, where it has no more than one in each row.
    fn leaf(&self, path: &[&str]) -> Option<(usize, &ColumnDescPtr)> {
        let columns = self.schema.columns().iter().enumerate();
        columns
            .filter(|(_, column)| column.max_rep_level() == 0)
            .find(|(_, column)| column.path().parts() == path)
    }

    fn bytes(&self, path: &[&str]) -> Option<usize> {
        self.leaf(path).filter(|(_, column)| column.physical_type() == Type::BYTE_ARRAY).map(|(at, _)| at)
    }

    /// Column `name`, where it has bytes that are no text.
    fn binary(&self, name: &str) -> Option<usize> {
        self.bytes(&[name]).filter(|&column| !is_text(&self.schema.columns()[column]))
    }

    /// The images of column `name`: the bytes, and the name beside them in a group of `bytes` and `path`,
    /// or in the columns `NAME.bytes` and `NAME.path` that such a group was flattened to.
    fn images_of(&self, name: &str) -> Option<(String, usize, Option<usize>)> {
        let bytes = self.bytes(&[name, "bytes"]).or_else(|| self.binary(name))?;
        let flat = name.strip_suffix(FLAT_BYTES).map(|group| format!("{group}.path"));
        let path = self.bytes(&[name, "path"]).or_else(|| self.bytes(&[&flat?]));
        Some((name.to_owned(), bytes, path))
    }

    fn is_binary(&self, name: &str) -> bool {
        self.binary(name).is_some()
    }

    fn image(&self, asked: Option<&str>) -> Result<(String, usize, Option<usize>)> {
        if let Some(name) = asked {
            self.known(name, "--image-column")?;
            return self.images_of(name).ok_or_else(|| {
                Error::usage(format!("column `{name}` holds no images"))
                    .help("an image column is binary, or a struct with a binary field `bytes`")
            });
        }
        let names = self.names();
        let declared = names.iter().find(|name| self.features.is_image(name));
        let with_bytes = || names.iter().find(|name| self.bytes(&[name, "bytes"]).is_some());
        let binary: Vec<&str> = names.iter().copied().filter(|name| self.is_binary(name)).collect();
        let usual = || column_names::place(&binary, &BYTES).and_then(|at| binary.get(at));
        let flat = || binary.iter().find(|name| name.ends_with(FLAT_BYTES));
        let found = declared
            .or_else(with_bytes)
            .or_else(usual)
            .or_else(flat)
            .or_else(|| self.only_image_file(&names));
        found.and_then(|name| self.images_of(name)).ok_or_else(|| {
            Error::unusable("there is no column with images").help(format!(
                "looked for a struct with `bytes`, for binary columns {} and NAME.bytes, and for a single one called {} as in WebDataset; name it with --image-column: the columns are {}",
                BYTES.join(", "),
                EXTENSIONS.join(", "),
                some(&names)
            ))
        })
    }

    /// The column that is called by an extension of images, as in WebDataset, and alone has bytes.
    fn only_image_file<'n>(&self, names: &'n [&'n str]) -> Option<&'n &'n str> {
        let mut binary = names.iter().filter(|name| self.is_binary(name));
        let only = binary.next().filter(|_| binary.next().is_none());
        only.filter(|name| EXTENSIONS.contains(*name))
    }

    fn labels_of(&self, name: &str) -> Option<(String, usize)> {
        self.leaf(&[name])
            .filter(|(_, column)| is_text_or_number(column))
            .map(|(at, _)| (name.to_owned(), at))
    }

    fn label(&self, asked: Option<&str>) -> Result<(String, usize)> {
        if let Some(name) = asked {
            self.known(name, "--label-column")?;
            return self.labels_of(name).ok_or_else(|| self.no_labels(name));
        }
        let names = self.names();
        let usual = || column_names::places(&names, &LABELS).map(|at| names[at]);
        let declared = |name: &&str| self.features.classes(name).is_some();
        let found = usual().find(declared).or_else(|| names.iter().copied().find(declared));
        let Some(name) = found.or_else(|| usual().next()) else {
            return Err(Error::unusable("there is no column with labels").help(format!(
                "looked for a ClassLabel, and for columns {}; name it with --label-column: the columns are {}",
                LABELS.join(", "),
                some(&names)
            )));
        };
        self.labels_of(name).ok_or_else(|| self.no_labels(name))
    }

    /// Why column `name` holds no labels.
    fn no_labels(&self, name: &str) -> Error {
        let kind = self.leaf(&[name]).map(|(_, column)| column.physical_type());
        if let Some(kind @ (Type::FLOAT | Type::DOUBLE)) = kind {
            return Error::usage(format!("column `{name}` holds numbers with a fraction ({kind}), no labels")).help(
                format!("pandas makes such numbers of whole ones where one is missing: drop those rows, and write the column with `.astype(int)`; or name another with --label-column: the columns are {}", some(&self.names())),
            );
        }
        Error::usage(format!("column `{name}` holds no labels")).help(format!(
            "a label column has one whole number or text in each row; name another with --label-column: the columns are {}",
            some(&self.names())
        ))
    }

    fn known(&self, name: &str, flag: &str) -> Result<()> {
        let names = self.names();
        if names.contains(&name) {
            return Ok(());
        }
        Err(Error::usage(format!("there is no column `{name}`"))
            .help(format!("set {flag} to one of: {}", some(&names))))
    }

    /// Columns of texts and whole numbers, but for those that are `taken` and that of the images' paths.
    fn slices(&self, taken: &[&str], path: Option<usize>) -> Vec<Slice> {
        let names = self.names().into_iter().filter(|name| !taken.contains(name));
        names
            .filter_map(|name| {
                let (column, described) = self.leaf(&[name]).filter(|(column, _)| Some(*column) != path)?;
                let names = self.features.classes(name).map(<[String]>::to_vec);
                is_text_or_number(described).then(|| Slice { name: name.to_owned(), column, names })
            })
            .collect()
    }
}

/// Whether a column has texts, whole numbers or truth values; no dates, no bytes without meaning.
fn is_text_or_number(column: &ColumnDescPtr) -> bool {
    let plain = match column.logical_type_ref() {
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Integer { .. }) => true,
        Some(_) => false,
        None => !matches!(
            column.converted_type(),
            ConvertedType::DATE
                | ConvertedType::DECIMAL
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
                | ConvertedType::BSON
        ),
    };
    match column.physical_type() {
        Type::BYTE_ARRAY => plain && is_text(column),
        Type::BOOLEAN | Type::INT32 | Type::INT64 => plain,
        _ => false,
    }
}

fn is_text(column: &ColumnDescPtr) -> bool {
    matches!(column.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum))
        || matches!(column.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// The columns of images and labels among those of a schema.
    fn found(columns: &str) -> (Result<String>, Result<String>) {
        let schema = parse_message_type(&format!("message table {{ {columns} }}")).unwrap();
        let schema = SchemaDescriptor::new(Arc::new(schema));
        let table = Table { schema: &schema, features: Features::default() };
        (table.image(None).map(|(name, ..)| name), table.label(None).map(|(name, _)| name))
    }

    #[test]
    fn names_of_webdataset_are_taken_where_no_usual_ones_are() {
        for image in ["jpg", "jpeg", "png", "webp"] {
            let (images, labels) = found(&format!(
                "required binary {image}; required binary cls (UTF8); required binary note (UTF8);"
            ));
            assert_eq!((images.unwrap().as_str(), labels.unwrap().as_str()), (image, "cls"));
        }
        let (images, labels) =
            found("required binary jpg; required binary image; required int32 cls; required int32 label;");
        assert_eq!((images.unwrap().as_str(), labels.unwrap().as_str()), ("image", "label"));
    }

    #[test]
    fn names_are_those_of_manifests_in_any_letters() {
        for (columns, image, label) in [
            ("required binary Image; required int64 Label;", "Image", "Label"),
            ("required binary image_bytes; required binary target (UTF8);", "image_bytes", "target"),
            ("required binary photo.bytes; required int32 category;", "photo.bytes", "category"),
            ("required binary img; required int32 class; required int32 fine_label;", "img", "fine_label"),
        ] {
            let (images, labels) = found(columns);
            assert_eq!((images.unwrap().as_str(), labels.unwrap().as_str()), (image, label));
        }
    }

    #[test]
    fn paths_beside_flattened_bytes_are_names_and_no_slices() {
        let columns = "required binary image.bytes; required binary image.path (UTF8); required int32 label;";
        let schema = parse_message_type(&format!("message table {{ {columns} }}")).unwrap();
        let schema = SchemaDescriptor::new(Arc::new(schema));
        let table = Table { schema: &schema, features: Features::default() };
        let (name, bytes, path) = table.image(None).unwrap();
        assert_eq!((name.as_str(), bytes, path), ("image.bytes", 0, Some(1)));
        assert_eq!(table.slices(&[&name, "label"], path), []);
    }

    #[test]
    fn a_column_of_floats_is_named_with_its_type_and_the_cure() {
        let error =
            found("required binary image; optional double label; required int32 class;").1.unwrap_err();
        assert!(error.what.contains("`label`") && error.what.contains("DOUBLE"), "{error}");
        assert!(error.help.unwrap().contains("astype(int)"));
    }

    #[test]
    fn of_two_columns_of_bytes_neither_is_guessed() {
        for columns in ["required binary jpg; required binary mask;", "required binary data;"] {
            assert!(found(columns).0.unwrap_err().help.unwrap().contains("--image-column"), "{columns}");
        }
    }
}
