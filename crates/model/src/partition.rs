//! How a row's place in the lake is computed: `day(sale_date)`, or a column as it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{BadName, Identifier, as_text};
use crate::types::Type;

/// The value of a partition key whose row holds null, as Hive, Spark and Glue know it.
pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The last partition key of every table in the lake: the run that wrote the file.
pub const RUN_KEY: &str = "sluice_run";

/// What of a column makes the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grain {
    /// The value itself.
    Value,
    /// `2013`.
    Year,
    /// `2013-01`.
    Month,
    /// `2013-01-31`.
    Day,
    /// `2013-01-31-23`.
    Hour,
}

impl Grain {
    const CALLS: &[(&str, Grain)] =
        &[("year", Self::Year), ("month", Self::Month), ("day", Self::Day), ("hour", Self::Hour)];

    /// The word of the call, which is the unit of time as well; none for the value itself.
    pub fn unit(self) -> Option<&'static str> {
        Self::CALLS.iter().find(|(_, grain)| *grain == self).map(|(word, _)| *word)
    }

    /// Whether a key can be made of a column of this type, else why not.
    pub fn accepts(self, column: Type) -> Result<(), &'static str> {
        match (self, column) {
            (Self::Hour, Type::Timestamp | Type::Timestamptz)
            | (Self::Year | Self::Month | Self::Day, Type::Date | Type::Timestamp | Type::Timestamptz)
            | (
                Self::Value,
                Type::Smallint
                | Type::Integer
                | Type::Bigint
                | Type::Boolean
                | Type::Date
                | Type::Char(_)
                | Type::Varchar(_),
            ) => Ok(()),
            (Self::Hour, _) => Err("hour() takes a timestamp"),
            (Self::Value, _) => Err("a key of its own value is a whole number, a boolean, a date, a char or a varchar"),
            _ => Err("year(), month() and day() take a date or a timestamp"),
        }
    }
}

/// A partition key's expression: a grain of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartitionBy {
    /// What of the column.
    pub grain: Grain,
    /// The column, by its name in the dataset file.
    pub column: Identifier,
}

impl PartitionBy {
    /// Reads `day(sale_date)` or `region`.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad =
            || BadName::new(text, "a partition: column, year(column), month(column), day(column) or hour(column)");
        let (grain, column) = match text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((call, column)) => {
                let grain = Grain::CALLS.iter().find(|(word, _)| *word == call).ok_or_else(bad)?;
                (grain.1, column)
            }
            None => (Grain::Value, text),
        };
        Ok(Self { grain, column: Identifier::parse(column).map_err(|_| bad())? })
    }
}

impl fmt::Display for PartitionBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.grain.unit() {
            Some(call) => write!(f, "{call}({})", self.column),
            None => write!(f, "{}", self.column),
        }
    }
}
as_text!(PartitionBy);

/// One key and its value, decoded: `dt`, `2013-01-01`.
pub type PartitionValue = (String, String);

/// The folder of a partition: `dt=2013-01-01/region=a%2Fb`, escaped as Hive and Spark do (facts/glue.md (U)).
pub fn path(values: &[PartitionValue]) -> String {
    let mut text = String::new();
    for (key, value) in values {
        text.push_str(key);
        text.push('=');
        escape(value, &mut text);
        text.push('/');
    }
    text
}

/// The characters that Hive's `FileUtils` writes as `%XX`, besides the control characters.
const ESCAPED: &str = "\"#%'*/:=?\\\u{7f}{[]^";

fn escape(value: &str, text: &mut String) {
    // A key of no characters would be an empty folder name: Hive reads and writes it as null.
    if value.is_empty() {
        text.push_str(NULL_PARTITION);
        return;
    }
    for character in value.chars() {
        if character < ' ' || ESCAPED.contains(character) {
            text.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_read_back_as_written() {
        for text in ["region", "day(sale_date)", "hour(seen_at)"] {
            assert_eq!(PartitionBy::parse(text).unwrap().to_string(), text);
        }
        for bad in ["week(x)", "day()", "day(x", "Day(x)", "day(x) "] {
            assert!(PartitionBy::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_of_a_type_whose_values_are_names_of_folders() {
        let accepted = |grain: Grain| {
            let all = "smallint integer bigint decimal(9,2) real double boolean date time timestamp timestamptz char(3) \
                       varchar(3) super varbyte(3)";
            let taken = all.split_whitespace().filter(|text| grain.accepts(Type::parse(text).unwrap()).is_ok());
            taken.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(accepted(Grain::Value), "smallint integer bigint boolean date char(3) varchar(3)");
        assert_eq!(accepted(Grain::Day), "date timestamp timestamptz");
        assert_eq!(accepted(Grain::Hour), "timestamp timestamptz");
    }

    #[test]
    fn folders_are_escaped_as_hive_does() {
        let values = [("dt".to_owned(), "2013-01-01".to_owned()), ("r".to_owned(), "a/b:c d=é%".to_owned())];
        assert_eq!(path(&values), "dt=2013-01-01/r=a%2Fb%3Ac d%3Dé%25/");
        assert_eq!(path(&[("r".to_owned(), String::new())]), "r=__HIVE_DEFAULT_PARTITION__/");
    }
}
