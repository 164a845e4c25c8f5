//! Names and texts that SQL must quote, through the whole pipeline: reserved words, the longest names, and keys and values
//! with quotes and backslashes. What is no plain name is no name of a dataset, so nothing else comes so far.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::report::{RunReport, Status};
use serde_json::json;
use tempfile::TempDir;
use tests::Pipeline;

/// Every reserved word of facts/redshift-copy.md.
const RESERVED: &str = "aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup \
    between binary blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials \
    cross current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta \
    delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for \
    foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner \
    intersect interval into is isnull join language leading left like limit localtime localtimestamp lun luns lzo lzop \
    minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset old on only open or order outer \
    overlaps parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort \
    respect restore right select session_user similar snapshot some start sysdate system table tag tdes text255 text32k \
    then timestamp to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet when where \
    with without";

/// A batch whose key, and so its ledger row's and its manifest's texts, would end a literal.
const BATCH: &str = r#"it's \'; DROP TABLE x; --\"#;

async fn loaded(pipeline: &Pipeline, batch: &str, csv: &str) -> RunReport {
    let run = pipeline.deliver(batch, &[("a.csv", csv)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    report
}

#[tokio::test]
async fn reserved_words_and_the_longest_names_are_names_like_others() {
    let longest = "n".repeat(127);
    let words: Vec<&str> = RESERVED.split_whitespace().chain([longest.as_str()]).collect();
    let columns: String = words.iter().map(|word| format!("  \"{word}\": {{type: varchar(9)}}\n")).collect();
    let table = format!("\"table\".{}", "t".repeat(127)).replace('"', "");
    let dataset = |columns: &str| {
        format!(
            "dataset: select\nlanding: select/\nformat: csv\ncolumns:\n{columns}\
             load: {{table: {table}, mode: upsert, key: [order, \"{longest}\"], newest: user_id, dist_key: order, \
             sort_key: [group, \"{longest}\"]}}\n"
        )
    };
    let folder = TempDir::new().unwrap();
    let pipeline =
        Pipeline::start(folder.path(), &dataset(&format!("  user_id: {{type: integer}}\n{columns}"))).await.unwrap();
    let header = format!("user_id,{}", words.join(","));
    let row = |id: u32, value: &str| format!("{id}{}\n", format!(",{value}").repeat(words.len()));
    loaded(&pipeline, BATCH, &format!("{header}\n{}{}", row(1, r"it's\"), row(2, "b"))).await;
    // Once more, so that the rows of the first delivery go; and another batch's row with one of its keys.
    loaded(&pipeline, BATCH, &format!("{header}\n{}{}", row(3, r"it's\"), row(4, "c"))).await;
    loaded(&pipeline, "two", &format!("{header}\n{}", row(5, "c"))).await;
    let quoted = table.replace('.', "\".\"");
    let sql = format!("SELECT user_id, \"select\", \"{longest}\" FROM \"{quoted}\" ORDER BY user_id");
    let rows = pipeline.query(&sql).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], [json!(3), json!(r"it's\"), json!(r"it's\")]);
    assert_eq!(rows[1], [json!(5), json!("c"), json!("c")]);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM sluice.ledger").await.unwrap(), 3);
    pipeline.local.stop().await.unwrap();

    // A reserved word is a column that is added, and one that is widened.
    let more =
        columns.replace("\"all\": {type: varchar(9)}", "\"all\": {type: varchar(20)}") + "  oids: {type: integer}\n";
    let changed = dataset(&format!("  user_id: {{type: integer}}\n  end_: {{type: date}}\n{more}"));
    let pipeline = Pipeline::start(folder.path(), &changed).await.unwrap();
    let header = format!("user_id,end_,{},oids", words.join(","));
    let csv = format!("{header}\n6,2026-01-02{},7\n", ",'\\".repeat(words.len()));
    let altered = loaded(&pipeline, "three", &csv).await.load.unwrap().altered;
    assert_eq!(altered.len(), 3, "{altered:?}");
    let sql = format!("SELECT user_id, end_, \"all\", oids FROM \"{quoted}\" WHERE user_id = 6");
    // The columns are not in the dataset's order there any more, and each has its own values.
    assert_eq!(pipeline.query(&sql).await.unwrap(), [[json!(6), json!("2026-01-02"), json!("'\\"), json!(7)]]);
}
