//! Whose turn it is: a run waits in its queue until another has loaded it, or it holds the lease and leads a group.

use aws::object::{self, Created};
use model::copy::CopyManifest;
use model::flow::{LoadState, LoadStep};
use model::group::{Group, GroupName, Member, QueueName};
use model::load::Load;
use model::name::TableName;
use model::{Error, Kind, Result, layout};

use crate::decision::longer_in_queue;
use crate::delivery::Delivery;
use crate::lease::TableLease;
use crate::loading::Loading;
use crate::queue::{Queue, documents};
use crate::steps::{DONE, Held, Steps};

impl Steps<'_> {
    /// One look: whether another has loaded the run, and if not, whether the lease is free.
    pub async fn turn(&self, queue: &QueueName, waited_seconds: u32) -> Result<LoadState> {
        let lease = self.lease(queue.table());
        if self.is_settled().await? {
            // A call before this one may have taken the lease when nobody had settled us yet.
            if let Some(token) = lease.token().await? {
                lease.give_back(self.now, token).await?;
            }
            return Ok(DONE);
        }
        match lease.take(self.now, 1).await? {
            Some(token) => self.lead(queue, token).await,
            None => Ok(self.waits(queue, longer_in_queue(waited_seconds, &self.us.to_string()))),
        }
    }

    /// The lease is ours: loads ourselves, and those who wait beside us.
    async fn lead(&self, queue: &QueueName, token: u64) -> Result<LoadState> {
        let Some(own) = self.queue(queue).find(&self.us).await? else { return self.not_in_queue(queue, token).await };
        let name = GroupName::new(queue.table().clone(), token);
        let formed: Option<Group> =
            object::read_document(&self.clients.s3, self.bucket(), &layout::group(&name)).await?;
        let group = match formed {
            // The call is made a second time.
            Some(group) => group,
            None => self.form(queue, name, own).await?,
        };
        self.write_manifest(&group).await?;
        let dataset = aws::schema::dataset(&self.clients.s3, self.bucket(), &self.plan().await?).await?;
        let held = Held { loading: Loading::of(group, dataset)?, queue: queue.clone() };
        self.submit(LoadStep::Prepare, &held, &self.tries(held.group()).await?, "").await
    }

    /// Writes down who is loaded together. Of two calls that do, the first says it: who waits changes in between.
    async fn form(&self, queue: &QueueName, name: GroupName, own: Member) -> Result<Group> {
        let mut members = self.queue(queue).beside(own, self.now).await?;
        members.sort_by(|one, other| one.place().cmp(&other.place()));
        let group = Group { version: Group::VERSION, group: name, members };
        let (s3, bucket, key) = (&self.clients.s3, self.bucket(), layout::group(&group.group));
        if object::create(s3, bucket, &key, object::to_json(&group)?).await? == Created::Other {
            return object::need_document(s3, bucket, &key).await;
        }
        tracing::info!(group = %group.group, runs = group.members.len(), "group formed");
        Ok(group)
    }

    /// Writes the manifest that COPY reads: the files of all the group's runs, as each of them named them.
    async fn write_manifest(&self, group: &Group) -> Result<()> {
        let (s3, bucket) = (&self.clients.s3, self.bucket());
        let keys: Vec<String> = group.members.iter().map(|member| layout::copy_manifest(&member.run)).collect();
        let manifests: Vec<CopyManifest> = documents(s3, bucket, keys).await?;
        if manifests.len() != group.members.len() {
            return Err(Error::new(Kind::Bug, "form", &group.group).because("a run that waits has no copy.manifest"));
        }
        let files = CopyManifest::joined(manifests);
        object::create_document(s3, bucket, &layout::group_manifest(&group.group, 0), &files).await.map(drop)
    }

    /// The lease is ours, and the queue does not have us: another has loaded us just now, or has found nobody waiting for
    /// us any more.
    async fn not_in_queue(&self, queue: &QueueName, token: u64) -> Result<LoadState> {
        self.lease(queue.table()).give_back(self.now, token).await?;
        if self.is_settled().await? {
            return Ok(DONE);
        }
        let delivery = Delivery::read(&self.clients.s3, self.bucket(), self.run).await?;
        self.queue(queue).enter(delivery.member(self.us.n(), self.now)).await?;
        Ok(self.waits(queue, crate::decision::FIRST_WAIT_SECONDS))
    }

    /// The lease is ours, and the group is to be another one: some of its runs are settled, or do not belong in it.
    pub async fn lead_again(&self, held: &Held, least: u64) -> Result<LoadState> {
        match self.lease(held.group().table()).take(self.now, least).await? {
            Some(token) => self.lead(&held.queue, token).await,
            None => self.turn(&held.queue, 0).await,
        }
    }

    /// We are loaded, and the lease is free for whoever waits.
    pub async fn leave_to_others(&self, held: &Held) -> Result<LoadState> {
        self.lease(held.group().table()).give_back(self.now, held.group().token()).await?;
        Ok(DONE)
    }

    /// Whether it is written down how our load ended.
    pub async fn is_settled(&self) -> Result<bool> {
        let key = layout::load(self.run, self.us.n());
        let load: Option<Load> = object::read_document(&self.clients.s3, self.bucket(), &key).await?;
        Ok(load.is_some())
    }

    /// Where a load stands that waits for its turn.
    pub fn waits(&self, queue: &QueueName, wait_seconds: u32) -> LoadState {
        LoadState { step: LoadStep::Queue, statement_id: None, wait_seconds, queue: Some(queue.clone()), group: None }
    }

    pub fn queue<'a>(&'a self, name: &'a QueueName) -> Queue<'a> {
        Queue::of(&self.clients.s3, self.bucket(), name)
    }

    pub fn lease<'a>(&'a self, table: &'a TableName) -> TableLease<'a> {
        TableLease::of(&self.clients.s3, self.bucket(), table, &self.us)
    }
}
