//! Tables that groups have left behind.
//!
//! A load drops its tables when it publishes, and the failure path drops them too. What neither reached (an execution that
//! was aborted) is found by the next load of the same target: no earlier token can publish any more, so that
//! its tables are of no use to anybody.

use model::group::GroupName;

use super::{GROUP_TABLES, MAX_STATEMENTS, drop_table, target_hash};

/// The statements that drop what groups with earlier tokens have left, of the tables that are there: as many as one
/// submission takes.
pub fn drop_left(group: &GroupName, tables: &[String]) -> Vec<String> {
    let is_left = |table: &&String| token_of(table, group).is_some_and(|token| token < group.token());
    tables.iter().filter(is_left).take(MAX_STATEMENTS).map(|table| drop_table(table)).collect()
}

/// The token of a table of a group of the same target. A table whose name says none is not ours to drop.
fn token_of(table: &str, group: &GroupName) -> Option<u64> {
    let (kind, token) = table.rsplit_once('_')?;
    let kind = kind.strip_suffix(&format!("_{}", target_hash(group.table())))?;
    GROUP_TABLES.contains(&kind).then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{MEMBERS, STAGE, group_table};

    fn group(table: &str, token: u64) -> GroupName {
        GroupName::parse(&format!("{table}/{token}")).unwrap()
    }

    #[test]
    fn what_earlier_groups_of_the_target_left_is_dropped_and_nothing_else() {
        let ours = group("analytics.sales", 7);
        let table = |kind, table, token| group_table(kind, &group(table, token));
        let left = [table(STAGE, "analytics.sales", 6), table(MEMBERS, "analytics.sales", 3)];
        let others = [
            table(STAGE, "analytics.sales", 7),
            table(STAGE, "analytics.sales", 8),
            table(STAGE, "analytics.other", 6),
            format!("lock_{}", target_hash(ours.table())),
            format!("mine_{}_6", target_hash(ours.table())),
            "stage_6".to_owned(),
        ];
        let dropped = drop_left(&ours, &[left.as_slice(), others.as_slice()].concat());
        assert_eq!(dropped, left.map(|table| format!("DROP TABLE IF EXISTS \"sluice\".\"{table}\"")));
    }

    #[test]
    fn no_more_than_a_submission_takes() {
        let tables: Vec<String> = (1..100).map(|token| group_table(STAGE, &group("analytics.sales", token))).collect();
        assert_eq!(drop_left(&group("analytics.sales", 200), &tables).len(), MAX_STATEMENTS);
    }
}
