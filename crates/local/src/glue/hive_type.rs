//! The type names of Hive that Athena and Spectrum read (facts/glue.md).

/// The types without arguments.
const PLAIN: &[&str] =
    &["boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "date", "timestamp", "binary"];

/// A checked type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiveType {
    /// One value: may be a partition key.
    Primitive,
    /// `array<…>`, `map<…>`, `struct<…>`.
    Nested,
}

impl HiveType {
    /// Reads a whole type name: lower case, no spaces.
    pub fn parse(text: &str) -> Option<Self> {
        match first(text)? {
            (kind, "") => Some(kind),
            _ => None,
        }
    }
}

/// The type that the text begins with, and what follows it.
fn first(text: &str) -> Option<(HiveType, &str)> {
    let end = text.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    match word {
        "array" => {
            let (_, rest) = first(rest.strip_prefix('<')?)?;
            Some((HiveType::Nested, rest.strip_prefix('>')?))
        }
        "map" => {
            // The key of a map is one value.
            let (HiveType::Primitive, rest) = first(rest.strip_prefix('<')?)? else { return None };
            let (_, rest) = first(rest.strip_prefix(',')?)?;
            Some((HiveType::Nested, rest.strip_prefix('>')?))
        }
        "struct" => Some((HiveType::Nested, fields(rest.strip_prefix('<')?)?)),
        "decimal" => {
            let (arguments, rest) = rest.strip_prefix('(')?.split_once(')')?;
            let (precision, scale) = arguments.split_once(',')?;
            let precision = number(precision, 1, 38)?;
            number(scale, 0, precision)?;
            Some((HiveType::Primitive, rest))
        }
        "char" | "varchar" => {
            let (length, rest) = rest.strip_prefix('(')?.split_once(')')?;
            number(length, 1, if word == "char" { 255 } else { 65_535 })?;
            Some((HiveType::Primitive, rest))
        }
        word => PLAIN.contains(&word).then_some((HiveType::Primitive, rest)),
    }
}

/// What follows the fields of a struct.
fn fields(mut text: &str) -> Option<&str> {
    loop {
        let (name, rest) = text.split_once(':')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let (_, rest) = is_name.then(|| first(rest)).flatten()?;
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return rest.strip_prefix('>'),
        }
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (text.bytes().all(|byte| byte.is_ascii_digit()) && (least..=most).contains(&number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_apart() {
        for primitive in
            ["int", "string", "decimal(14,2)", "decimal(38,38)", "char(255)", "varchar(65535)", "timestamp"]
        {
            assert_eq!(HiveType::parse(primitive), Some(HiveType::Primitive), "{primitive}");
        }
        for nested in ["array<int>", "map<string,array<date>>", "struct<a:int,b_2:struct<c:decimal(3,1)>>"] {
            assert_eq!(HiveType::parse(nested), Some(HiveType::Nested), "{nested}");
        }
    }

    #[test]
    fn every_type_of_a_dataset_is_one_value_in_hive() {
        let types = "smallint integer bigint decimal(38,37) real double boolean date time timestamp timestamptz char(4096) \
                     varchar(65535) super varbyte(1024000)";
        for text in types.split_whitespace() {
            let name = model::types::Type::parse(text).unwrap().row().glue;
            assert_eq!(HiveType::parse(&name), Some(HiveType::Primitive), "{text} is {name}");
        }
    }

    #[test]
    fn what_hive_does_not_know_is_no_type() {
        let others = [
            "",
            "integer",
            "INT",
            "int ",
            "text",
            "decimal",
            "decimal(39,0)",
            "decimal(3,4)",
            "decimal(10, 2)",
            "varchar",
            "varchar(0)",
            "varchar(65536)",
            "char(+1)",
            "array",
            "array<int",
            "array<int>>",
            "map<int>",
            "map<array<int>,int>",
            "struct<>",
            "struct<a>",
            "struct<a: int>",
            "timestamp with time zone",
        ];
        for other in others {
            assert_eq!(HiveType::parse(other), None, "{other}");
        }
    }
}
