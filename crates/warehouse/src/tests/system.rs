//! System views (facts/redshift-sql.md, load bookkeeping and metadata).

use super::Double;

#[tokio::test]
async fn svv_tables_lists_all_tables() {
    let double = Double::new();
    double.run("CREATE SCHEMA s").await;
    double.run("CREATE TABLE s.b (a integer)").await;
    double.run("CREATE TABLE a (a integer)").await;
    let rows = double.rows("SELECT table_schema, table_name, table_type FROM svv_tables ORDER BY 1").await;
    assert_eq!(rows, ["public|a|BASE TABLE", "s|b|BASE TABLE"]);
}

#[tokio::test]
async fn svv_columns_tells_positions_types_and_lengths() {
    let double = Double::new();
    double.run("CREATE TABLE t (a varchar(7) NOT NULL, b decimal(10,2) DEFAULT 1, c bigint)").await;
    let sql = "SELECT column_name, ordinal_position, data_type, character_maximum_length, numeric_scale, is_nullable, \
               column_default FROM svv_columns WHERE table_name = 't' ORDER BY ordinal_position";
    assert_eq!(
        double.rows(sql).await,
        ["a|1|character varying|7|null|NO|null", "b|2|numeric|null|2|YES|1", "c|3|bigint|null|0|YES|null"]
    );
}

#[tokio::test]
async fn svv_redshift_columns_tells_full_types_and_keys() {
    let double = Double::new();
    double.run("CREATE TABLE t (a varchar(7), b integer) DISTKEY (b) SORTKEY (b, a)").await;
    let sql = "SELECT column_name, data_type, distkey, sortkey FROM svv_redshift_columns ORDER BY ordinal_position";
    assert_eq!(double.rows(sql).await, ["a|character varying(7)|false|2", "b|integer|true|1"]);
}

#[tokio::test]
async fn pg_table_def_shows_the_search_path_only() {
    let double = Double::new();
    double.run("CREATE SCHEMA s").await;
    double.run("CREATE TABLE s.hidden (a integer)").await;
    double.run("CREATE TABLE t (a integer NOT NULL)").await;
    let rows = double.rows("SELECT tablename, type, \"notnull\" FROM pg_table_def").await;
    assert_eq!(rows, ["t|integer|true"]);
}

#[tokio::test]
async fn views_of_provisioned_clusters_are_absent() {
    for view in ["stl_load_errors", "stv_recents", "svl_s3log"] {
        let error = Double::new().error(&format!("SELECT * FROM {view}")).await;
        assert_eq!(error, format!("ERROR: relation \"{view}\" does not exist"));
    }
}

#[tokio::test]
async fn a_system_view_that_is_not_known_is_refused_by_name() {
    for view in ["sys_load_detail", "svv_table_info", "pg_catalog.pg_class", "information_schema.tables"] {
        let error = Double::new().error(&format!("SELECT * FROM {view}")).await;
        assert_eq!(error, format!("ERROR: not known to the double: the system view {view}"));
    }
}
