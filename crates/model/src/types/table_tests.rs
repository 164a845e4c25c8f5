use super::*;
use crate::types::tests::TYPES;

/// Every type, in every place: dataset, memory, file, staging, publish, Redshift, `svv_columns`, Glue.
#[test]
fn a_type_is_this_in_every_place() {
    let mut table = String::new();
    for text in TYPES {
        let Row { memory, file, staged, published, redshift, view, glue } = Type::parse(text).unwrap().row();
        let (parquet, published) = (file.parquet(), published.of("c"));
        table += &format!("{text} | {memory:?} | {parquet} | {staged} | {published} | {redshift} | {view} | {glue}\n");
    }
    expect_test::expect![[r#"
        smallint | Int16 | INT32 (INTEGER(16,true)) | smallint | c | smallint | smallint | smallint
        integer | Int32 | INT32 | integer | c | integer | integer | int
        bigint | Int64 | INT64 | bigint | c | bigint | bigint | bigint
        decimal(1,0) | Decimal { precision: 1, scale: 0 } | INT64 (DECIMAL(1,0)) | decimal(1,0) | c | decimal(1,0) | numeric | decimal(1,0)
        decimal(9,2) | Decimal { precision: 9, scale: 2 } | INT32 (DECIMAL(9,2)) | decimal(9,2) | c | decimal(9,2) | numeric | decimal(9,2)
        decimal(18,2) | Decimal { precision: 18, scale: 2 } | INT64 (DECIMAL(18,2)) | decimal(18,2) | c | decimal(18,2) | numeric | decimal(18,2)
        decimal(38,37) | Decimal { precision: 38, scale: 37 } | FIXED_LEN_BYTE_ARRAY(16) (DECIMAL(38,37)) | decimal(38,37) | c | decimal(38,37) | numeric | decimal(38,37)
        real | Float32 | FLOAT | real | c | real | real | float
        double | Float64 | DOUBLE | double | c | double precision | double precision | double
        boolean | Boolean | BOOLEAN | boolean | c | boolean | boolean | boolean
        date | Date | INT32 (DATE) | date | c | date | date | date
        time | Time | BYTE_ARRAY (STRING) | varchar(15) | CAST(c AS time) | time | time without time zone | string
        timestamp | Timestamp | INT64 (TIMESTAMP(MICROS,false)) | timestamp | c | timestamp | timestamp without time zone | timestamp
        timestamptz | Moment | INT64 (TIMESTAMP(MICROS,false)) | timestamp | c AT TIME ZONE 'UTC' | timestamptz | timestamp with time zone | timestamp
        char(1) | Text | BYTE_ARRAY (STRING) | char(1) | c | char(1) | character | string
        char(4096) | Text | BYTE_ARRAY (STRING) | char(4096) | c | char(4096) | character | string
        varchar(1) | Text | BYTE_ARRAY (STRING) | varchar(1) | c | varchar(1) | character varying | string
        varchar(65535) | Text | BYTE_ARRAY (STRING) | varchar(65535) | c | varchar(65535) | character varying | string
        super | Text | BYTE_ARRAY (STRING) | varchar(65535) | JSON_PARSE(c) | super | super | string
        varbyte(1) | Bytes | BYTE_ARRAY | varbyte(1) | c | varbyte(1) | binary varying | binary
        varbyte(1024000) | Bytes | BYTE_ARRAY | varbyte(1024000) | c | varbyte(1024000) | binary varying | binary
    "#]].assert_eq(&table);
}

#[test]
fn a_type_is_told_from_what_the_view_says_of_it() {
    for text in TYPES {
        let kind = Type::parse(text).unwrap();
        let (length, digits) = match kind {
            Type::Decimal { precision, scale } => (None, Some((u64::from(precision), u64::from(scale)))),
            Type::Char(_) | Type::Varchar(_) | Type::Varbyte(_) => (kind.max_bytes().map(|bytes| bytes as u64), None),
            // The view tells digits of whole and floating numbers too, and they mean nothing.
            _ => (None, Some((53, 0))),
        };
        let read = Type::of_view(kind.row().view, length, digits.map(|(all, _)| all), digits.map(|(_, behind)| behind));
        assert_eq!(read, Some(kind), "{text}");
    }
    for (name, length) in [
        ("time with time zone", None),
        ("geometry", None),
        ("name", Some(64)),
        ("character varying", None),
        ("character varying", Some(0)),
        ("character varying", Some(16_777_216)),
        ("character", Some(4097)),
        ("binary varying", None),
        ("numeric", None),
    ] {
        assert_eq!(Type::of_view(name, length, None, None), None, "{name} {length:?}");
    }
    assert_eq!(Type::of_view("numeric", None, Some(39), Some(0)), None);
}

#[test]
fn a_decimal_lies_in_few_bytes() {
    let bytes = |precision| match decimal(precision) {
        Physical::Int32 => 4,
        Physical::Int64 => 8,
        Physical::FixedLenByteArray(bytes) => bytes,
        other => panic!("{other:?}"),
    };
    assert_eq!(bytes(1), 8, "as arrow writes it");
    assert_eq!([2, 9, 10, 18, 19, 21, 22, 38].map(bytes), [4, 4, 8, 8, 9, 9, 10, 16]);
}

#[test]
fn what_is_staged_as_it_is_is_published_as_it_is_and_what_is_staged_is_no_other_again() {
    for text in TYPES {
        let Row { file, staged, published, .. } = Type::parse(text).unwrap().row();
        assert_eq!(staged == Type::parse(text).unwrap(), published == Published::AS_STAGED, "{text}");
        // COPY puts the file into the staging column as it is, so that one is of a type that a file holds like this.
        assert_eq!((staged.row().file, staged.row().staged), (file, staged), "{text}");
    }
}
