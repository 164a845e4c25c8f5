//! The door to the query engine.
//!
//! ```text
//! Query ─► translate (what Redshift lacks is refused, what it does otherwise is replaced) ─► Prepared
//! Prepared + the tables it reads ─► engine's plan ─► comparisons as in Redshift ─► ResultSet
//! ```

mod blanks;
mod comparison;
mod expression;
mod function;
mod kind;
mod known;
mod label;
mod numeric;
mod row_number;
mod rows;
mod semi;
mod translate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result as EngineResult, TableReference, config::ConfigOptions, plan_err};
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::planner::ContextProvider;
use datafusion::logical_expr::{
    AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF, planner::ExprPlanner,
};
use datafusion::optimizer::Analyzer;
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionConfig;
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{Query, Statement};

pub(crate) use rows::{Part, Rows};
pub(crate) use translate::{Place, Relation, relation, translate};

use crate::cast::normalized;
use crate::error::SqlResult;
use crate::types::Type;

/// What a query may ask of the transaction that runs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    /// When the transaction began: SYSDATE, CURRENT_DATE.
    pub started: DateTime<Utc>,
    /// When the statement began: GETDATE().
    pub now: DateTime<Utc>,
    /// Rows of the transaction's last COPY.
    pub last_copy_rows: i64,
}

/// A query that is known, and the relations whose rows it needs.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    query: Query,
    labels: Vec<Option<String>>,
    /// What it reads.
    pub relations: BTreeSet<Relation>,
}

impl Prepared {
    /// Checks and rewrites a query.
    pub fn of(mut query: Query, place: Place, session: &Session) -> SqlResult<Self> {
        let labels = label::labels(&query);
        label::told_apart(&mut query.body);
        let relations = translate(&mut query, place, session)?;
        Ok(Self { query, labels, relations })
    }
}

/// The rows of relations, by what they are called in a query.
pub(crate) type Scope = BTreeMap<Relation, Rows>;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its label.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// What a query answers.
#[derive(Debug, Clone, Default)]
pub struct ResultSet {
    /// Its columns.
    pub columns: Vec<ResultColumn>,
    /// Its rows; each column has the form of its type's `arrow`, chars without the blanks at their end.
    pub batches: Vec<RecordBatch>,
}

impl ResultSet {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows as texts, null as `None`.
    pub fn texts(&self) -> SqlResult<Vec<Vec<Option<String>>>> {
        let rows = self.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        let texts = |(batch, row): (&RecordBatch, usize)| {
            let values = self.columns.iter().zip(batch.columns());
            values.map(|(column, values)| crate::text::shown(values, column.ty, row)).collect()
        };
        rows.map(texts).collect()
    }
}

/// The query engine, made once: it holds functions and rules, and no tables.
pub(crate) struct Engine {
    state: SessionState,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    pub fn new() -> Self {
        // One partition: rows come out in one order, so tests and demos read the same twice.
        let mut config = SessionConfig::new().with_target_partitions(1);
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        // The smaller side of a join is kept in memory. What a filter leaves of the other is not known, and mostly all.
        config.options_mut().optimizer.default_filter_selectivity = 100;
        let mut rules = Analyzer::new().rules;
        rules.insert(0, Arc::new(comparison::CompareAsRedshift));
        let builder = SessionStateBuilder::new().with_config(config).with_default_features().with_analyzer_rules(rules);
        let builder = builder.with_optimizer_rule(Arc::new(semi::EachKeyOnce));
        let mut state = builder.with_physical_optimizer_rule(Arc::new(row_number::CountRows)).build();
        for function in function::functions() {
            use datafusion::execution::FunctionRegistry;
            // The names are the double's own, so nothing is replaced and nothing can fail.
            let _none_before = state.register_udf(function);
        }
        Self { state }
    }

    /// Plans and runs a query over the rows of the scope.
    pub async fn run(&self, prepared: Prepared, scope: &Scope) -> SqlResult<ResultSet> {
        let plan = self.plan(prepared.query, scope)?;
        let physical = self.state.create_physical_plan(&plan).await?;
        let schema = physical.schema();
        let batches = collect(physical, self.state.task_ctx()).await?;
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let names = label::named(&prepared.labels, names);
        let columns = schema.fields().iter().zip(names).map(|(field, name)| {
            let ty = Type::of_field(field)?;
            Ok(ResultColumn { name, ty })
        });
        let columns = columns.collect::<SqlResult<Vec<_>>>()?;
        let batches = batches.iter().map(|batch| result_batch(batch, &columns)).collect::<SqlResult<_>>()?;
        Ok(ResultSet { columns, batches })
    }

    fn plan(&self, query: Query, scope: &Scope) -> SqlResult<LogicalPlan> {
        let tables = Tables { state: &self.state, scope };
        let options = ParserOptions::new()
            .with_parse_float_as_decimal(true)
            .with_enable_ident_normalization(true)
            .with_map_string_types_to_utf8view(false);
        Ok(SqlToRel::new_with_options(&tables, options).sql_statement_to_plan(Statement::Query(Box::new(query)))?)
    }
}

/// Brings a batch into the form of its columns' types. Names may repeat in a result, so its fields are numbered.
fn result_batch(batch: &RecordBatch, columns: &[ResultColumn]) -> SqlResult<RecordBatch> {
    let fields = columns.iter().enumerate().map(|(at, column)| column.ty.field(&at.to_string()));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = batch.columns().iter().map(normalized).collect::<SqlResult<Vec<_>>>()?;
    debug_assert!(arrays.iter().all(|array| *array.data_type() != DataType::Null));
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
}

/// What the planner may ask for: the scope's tables and the engine's functions.
struct Tables<'a> {
    state: &'a SessionState,
    scope: &'a Scope,
}

impl ContextProvider for Tables<'_> {
    fn get_table_source(&self, name: TableReference) -> EngineResult<Arc<dyn TableSource>> {
        let parts = match &name {
            TableReference::Bare { table } => vec![table],
            TableReference::Partial { schema, table } => vec![schema, table],
            TableReference::Full { catalog, schema, table } => vec![catalog, schema, table],
        };
        let idents = parts.into_iter().map(|part| datafusion::sql::sqlparser::ast::Ident::with_quote('"', &**part));
        let relation = relation(&idents.collect::<Vec<_>>().into())?;
        let Some(rows) = self.scope.get(&relation) else { return plan_err!("relation \"{name}\" does not exist") };
        Ok(provider_as_source(Arc::new(rows.clone()) as Arc<dyn TableProvider>))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}
