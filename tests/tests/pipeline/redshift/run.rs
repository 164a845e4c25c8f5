//! The runner: a schema and objects for the case, its steps, and nothing left behind.

use serde_json::json;

use super::case::{Case, Step};
use super::target::{Described, Page, Refusal, Submission, Target};

/// Long enough for a workgroup that wakes up, at two looks a second.
const MOST_LOOKS: usize = 600;

/// Why a case fails.
pub type Fault = String;

/// Runs a case; its schema and its objects are removed whatever came of it.
pub async fn run(target: &dyn Target, case: &Case, n: usize) -> Result<(), Fault> {
    let names = Names { schema: target.schema(n), manifest: target.url(n, "manifest.json"), role: target.role() };
    let ran = steps(target, case, n, &names).await;
    let mut urls: Vec<String> = case.files.iter().map(|(key, _)| target.url(n, key)).collect();
    urls.push(names.manifest.clone());
    for url in urls {
        target.remove(&url).await.map_err(|error| error.to_string())?;
    }
    finished(target, &Submission { sqls: vec![names.of("DROP SCHEMA IF EXISTS $s CASCADE")], ..Submission::default() })
        .await?;
    ran
}

/// What stands for the words with a `$`.
struct Names {
    schema: String,
    manifest: String,
    role: String,
}

impl Names {
    fn of(&self, text: &str) -> String {
        text.replace("$s", &self.schema).replace("$m", &self.manifest).replace("$role", &self.role)
    }

    fn filled(&self, submission: &Submission) -> Submission {
        let own = |name: &Option<String>| name.as_ref().map(|name| format!("{}-{name}", self.schema));
        Submission {
            sqls: submission.sqls.iter().map(|sql| self.of(sql)).collect(),
            name: own(&submission.name),
            token: own(&submission.token),
            ..submission.clone()
        }
    }
}

async fn steps(target: &dyn Target, case: &Case, n: usize, names: &Names) -> Result<(), Fault> {
    let text = |error: Refusal| error.to_string();
    for (key, bytes) in &case.files {
        target.put(&target.url(n, key), bytes.clone()).await.map_err(text)?;
    }
    if !case.manifest.is_empty() {
        let bytes = manifest(target, case, n).to_string().into_bytes();
        target.put(&names.manifest, bytes).await.map_err(text)?;
    }
    finished(target, &Submission { sqls: vec![names.of("CREATE SCHEMA $s")], ..Submission::default() }).await?;
    for (at, wanted) in (1..).zip(&case.steps) {
        step(target, names, wanted).await.map_err(|fault| format!("step {at}: {fault}\n    {wanted:?}"))?;
    }
    Ok(())
}

fn manifest(target: &dyn Target, case: &Case, n: usize) -> serde_json::Value {
    let entry = |entry: &super::case::Entry| {
        let file = case.files.iter().find(|(key, _)| *key == entry.key);
        let length = entry.length.unwrap_or_else(|| file.map_or(1, |(_, bytes)| bytes.len() as u64));
        let mut line = json!({"url": target.url(n, entry.key), "mandatory": entry.mandatory});
        if entry.meta {
            line["meta"] = json!({"content_length": length});
        }
        line
    };
    json!({"entries": case.manifest.iter().map(entry).collect::<Vec<_>>()})
}

async fn step(target: &dyn Target, names: &Names, step: &Step) -> Result<(), Fault> {
    let text = |error: Refusal| error.to_string();
    match step {
        Step::Finishes(submission) => finished(target, &names.filled(submission)).await.map(drop),
        Step::Fails(submission, fragment) => {
            let described = ended(target, &names.filled(submission)).await?;
            let error = described.error.unwrap_or_default();
            let fragment = names.of(fragment);
            same(&described.status, &"FAILED".to_owned())?;
            if error.contains(&fragment) { Ok(()) } else { Err(format!("{error:?} lacks {fragment:?}")) }
        }
        Step::Answers(submission, rows) => {
            let described = finished(target, &names.filled(submission)).await?;
            same(&all(target, &described).await?.0.rows, rows)
        }
        Step::Breaks(submission, statuses) => {
            let described = ended(target, &names.filled(submission)).await?;
            same(&described.status, &"FAILED".to_owned())?;
            same(&described.parts.iter().map(|(status, _)| status.as_str()).collect(), statuses)
        }
        Step::Counts(submission, counts) => {
            let described = finished(target, &names.filled(submission)).await?;
            same(&described.parts.iter().map(|(_, rows)| *rows).collect(), counts)
        }
        Step::Refused(submission, code) => match target.submit(&names.filled(submission)).await {
            Ok(id) => Err(format!("was taken as {id}")),
            Err(refusal) => same(&refusal.code.as_str(), code),
        },
        Step::Types(submission, types) => {
            let described = finished(target, &names.filled(submission)).await?;
            same(&all(target, &described).await?.0.types.iter().map(String::as_str).collect(), types)
        }
        Step::Pages(submission, total) => {
            let described = finished(target, &names.filled(submission)).await?;
            let (page, pages) = all(target, &described).await?;
            same(&(page.total, i64::try_from(page.rows.len()).unwrap(), pages > 1), &(*total, *total, true))
        }
        Step::HasNoResult(submission) => {
            let described = finished(target, &names.filled(submission)).await?;
            same(&described.has_result, &false)?;
            refused(target.page(&described.id, None).await, "ResourceNotFoundException")
        }
        Step::IsTooLate(submission) => {
            let described = finished(target, &names.filled(submission)).await?;
            refused(target.cancel(&described.id).await, "ValidationException")
        }
        Step::IsOne(submission) => twice(target, &names.filled(submission)).await,
        Step::Session(submissions, rows) => session(target, names, submissions, rows).await,
        Step::IsListed(submission, prefix) => {
            let submission = names.filled(submission);
            let described = finished(target, &submission).await?;
            let listed = target.list(&format!("{}-{prefix}", names.schema)).await.map_err(text)?;
            same(&listed, &vec![described.id])
        }
    }
}

async fn twice(target: &dyn Target, submission: &Submission) -> Result<(), Fault> {
    let first = target.submit(submission).await.map_err(|error| error.to_string())?;
    let second = target.submit(submission).await.map_err(|error| error.to_string())?;
    over(target, &first).await?;
    same(&second, &first)
}

async fn session(
    target: &dyn Target,
    names: &Names,
    submissions: &[Submission],
    rows: &Vec<String>,
) -> Result<(), Fault> {
    let mut described = Described::default();
    for submission in submissions {
        let submission = Submission { session: described.session.clone(), ..names.filled(submission) };
        described = finished(target, &submission).await?;
    }
    same(&all(target, &described).await?.0.rows, rows)
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T) -> Result<(), Fault> {
    if found == wanted { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}")) }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>, code: &str) -> Result<(), Fault> {
    match answer {
        Ok(answer) => Err(format!("was answered: {answer:?}")),
        Err(refusal) => same(&refusal.code.as_str(), &code),
    }
}

async fn ended(target: &dyn Target, submission: &Submission) -> Result<Described, Fault> {
    let id = target.submit(submission).await.map_err(|error| error.to_string())?;
    over(target, &id).await
}

async fn over(target: &dyn Target, id: &str) -> Result<Described, Fault> {
    for _ in 0..MOST_LOOKS {
        let described = target.describe(id).await.map_err(|error| error.to_string())?;
        if described.is_over() {
            return Ok(described);
        }
        target.wait().await;
    }
    Err(format!("{id} does not end"))
}

async fn finished(target: &dyn Target, submission: &Submission) -> Result<Described, Fault> {
    let described = ended(target, submission).await?;
    match described.status.as_str() {
        "FINISHED" => Ok(described),
        status => Err(format!("{status}: {}", described.error.unwrap_or_default())),
    }
}

/// All rows of a result, and how many pages they came in. Of a batch it is the result of the last statement.
async fn all(target: &dyn Target, described: &Described) -> Result<(Page, usize), Fault> {
    let id = match described.parts.len() {
        0 => described.id.clone(),
        n => format!("{}:{n}", described.id),
    };
    let mut whole = target.page(&id, None).await.map_err(|error| error.to_string())?;
    let mut pages = 1;
    while let Some(next) = whole.next.take() {
        let page = target.page(&id, Some(&next)).await.map_err(|error| error.to_string())?;
        whole.rows.extend(page.rows);
        whole.next = page.next;
        pages += 1;
    }
    Ok((whole, pages))
}
