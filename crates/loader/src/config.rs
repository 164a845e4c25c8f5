//! Where the warehouse is, and the right with which it reads the lake.

use std::fmt;
use std::str::FromStr;

use aws::Settings;
use model::Result;

/// The settings of loader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `SLUICE_CONTROL_BUCKET`: the bucket of plans, parts and load documents.
    pub control_bucket: String,
    /// `SLUICE_WORKGROUP`, or `SLUICE_CLUSTER` and `SLUICE_DB_USER`: who runs the statements.
    pub compute: Compute,
    /// `SLUICE_DATABASE`: the database.
    pub database: String,
    /// `SLUICE_COPY_ROLE`: the role by which COPY reads the lake and the control bucket.
    pub copy_role: CopyRole,
}

/// Who runs the statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compute {
    /// A Redshift Serverless workgroup; the database user is the caller's role.
    Workgroup(String),
    /// A provisioned cluster.
    Cluster {
        /// Its identifier.
        identifier: String,
        /// The database user; absent for the caller's own identity.
        db_user: Option<String>,
    },
}

impl Config {
    /// Reads the settings; every fault is named at once.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let control_bucket = settings.required("SLUICE_CONTROL_BUCKET");
        let database = settings.required("SLUICE_DATABASE");
        let copy_role = settings.required("SLUICE_COPY_ROLE");
        let db_user = settings.optional("SLUICE_DB_USER");
        let compute = match (settings.optional("SLUICE_WORKGROUP"), settings.optional("SLUICE_CLUSTER")) {
            (Some(workgroup), None) => {
                if db_user.is_some() {
                    settings.fault("SLUICE_DB_USER goes with SLUICE_CLUSTER, not with SLUICE_WORKGROUP".to_owned());
                }
                Compute::Workgroup(workgroup)
            }
            (None, Some(identifier)) => Compute::Cluster { identifier, db_user },
            _ => {
                settings.fault("exactly one of SLUICE_WORKGROUP and SLUICE_CLUSTER is to be set".to_owned());
                Compute::Workgroup(String::new())
            }
        };
        settings.finish()?;
        Ok(Self { control_bucket, compute, database, copy_role })
    }
}

/// The role of COPY: `default`, which the namespace or cluster resolves, or ARNs. It stands in SQL text, so it is
/// checked letter by letter (facts/redshift-copy.md, authorization).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CopyRole {
    /// The default role of the namespace or cluster.
    #[default]
    Default,
    /// One ARN, or a chain of them with commas in between.
    Arn(String),
}

/// Why a text names no role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRole;

impl fmt::Display for BadRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it is `default`, or arn:aws:iam::<account>:role/<name>, or a chain of at most 10 of these with commas",
        )
    }
}

impl FromStr for CopyRole {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        if text == "default" {
            return Ok(Self::Default);
        }
        let is_arn = |arn: &str| {
            let (partition, rest) = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::"))?;
            let (account, name) = rest.split_once(":role/")?;
            let good = partition.starts_with("aws")
                && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte));
            good.then_some(())
        };
        let arns: Vec<&str> = text.split(',').collect();
        if arns.len() <= 10 && arns.iter().all(|arn| is_arn(arn).is_some()) {
            return Ok(Self::Arn(text.to_owned()));
        }
        Err(BadRole)
    }
}

#[cfg(test)]
mod tests {
    use model::error::chain;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config> {
        Config::read(|name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const BASE: &[(&str, &str)] =
        &[("SLUICE_CONTROL_BUCKET", "control"), ("SLUICE_DATABASE", "dev"), ("SLUICE_COPY_ROLE", "default")];

    #[test]
    fn a_workgroup_or_a_cluster_and_not_both() {
        let with = |more: &[(&'static str, &'static str)]| read(&[BASE, more].concat());
        assert_eq!(with(&[("SLUICE_WORKGROUP", "wg")]).unwrap().compute, Compute::Workgroup("wg".to_owned()));
        assert_eq!(
            with(&[("SLUICE_CLUSTER", "c"), ("SLUICE_DB_USER", "u")]).unwrap().compute,
            Compute::Cluster { identifier: "c".to_owned(), db_user: Some("u".to_owned()) }
        );
        for wrong in [&[][..], &[("SLUICE_WORKGROUP", "wg"), ("SLUICE_CLUSTER", "c")]] {
            assert!(chain(&with(wrong).unwrap_err()).contains("exactly one of"));
        }
        let error = with(&[("SLUICE_WORKGROUP", "wg"), ("SLUICE_DB_USER", "u")]).unwrap_err();
        assert!(chain(&error).contains("SLUICE_DB_USER goes with"));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let message = chain(&read(&[("SLUICE_COPY_ROLE", "x")]).unwrap_err());
        for name in ["SLUICE_CONTROL_BUCKET", "SLUICE_DATABASE", "SLUICE_COPY_ROLE=x", "SLUICE_WORKGROUP"] {
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn a_role_is_an_arn_letter_by_letter() {
        let role = "arn:aws:iam::123456789012:role/path/copy-role";
        let chain = format!("{role},arn:aws-cn:iam::123456789012:role/b");
        for good in [role, chain.as_str()] {
            assert_eq!(good.parse(), Ok(CopyRole::Arn(good.to_owned())));
        }
        for bad in [
            "",
            "Default",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/x'y",
            "arn:aws:iam::123456789012:user/x",
        ] {
            assert!(bad.parse::<CopyRole>().is_err(), "{bad}");
        }
    }
}
