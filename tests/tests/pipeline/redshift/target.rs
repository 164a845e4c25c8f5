//! What the cases are run against: the Data API and the objects that COPY reads.

use async_trait::async_trait;

/// Statements to submit. In texts, `$s` stands for the case's schema, `$m` for the address of its manifest and `$role` for
/// what follows IAM_ROLE.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    pub sqls: Vec<String>,
    pub is_batch: bool,
    pub parameters: Vec<(String, String)>,
    pub name: Option<String>,
    pub token: Option<String>,
    pub session: Option<String>,
    pub keep_alive_seconds: Option<u16>,
}

/// What is known of a statement.
#[derive(Debug, Clone, Default)]
pub struct Described {
    pub id: String,
    pub status: String,
    pub error: Option<String>,
    pub session: Option<String>,
    pub has_result: bool,
    /// The status and the rows of each statement of a batch.
    pub parts: Vec<(String, i64)>,
}

impl Described {
    pub fn is_over(&self) -> bool {
        ["FINISHED", "FAILED", "ABORTED"].contains(&self.status.as_str())
    }
}

/// A page of a result.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The values of each row, `|` between them and `null` for null.
    pub rows: Vec<String>,
    /// The name of each column's type.
    pub types: Vec<String>,
    pub total: i64,
    pub next: Option<String>,
}

/// A call that is refused: the exception and what it says.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

/// The Data API of a warehouse, and the bucket that it reads.
#[async_trait]
pub trait Target: Sync {
    /// The schema of the case with this number.
    fn schema(&self, case: usize) -> String;

    /// What follows IAM_ROLE.
    fn role(&self) -> String;

    /// The address of an object of the case's.
    fn url(&self, case: usize, key: &str) -> String;

    async fn put(&self, url: &str, bytes: Vec<u8>) -> Result<(), Refusal>;

    async fn remove(&self, url: &str) -> Result<(), Refusal>;

    /// The id of the statement.
    async fn submit(&self, submission: &Submission) -> Result<String, Refusal>;

    async fn describe(&self, id: &str) -> Result<Described, Refusal>;

    async fn page(&self, id: &str, next: Option<&str>) -> Result<Page, Refusal>;

    async fn cancel(&self, id: &str) -> Result<(), Refusal>;

    /// The ids of all statements whose names begin so.
    async fn list(&self, name: &str) -> Result<Vec<String>, Refusal>;

    /// Passes some time while a statement runs.
    async fn wait(&self);
}
