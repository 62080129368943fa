//! A schema as a plan: what to do with the bytes of each of its fields, in turn.

use std::{cell::Cell, collections::HashMap};

use apache_avro::{
    Schema,
    schema::{InnerDecimalSchema, Name, ResolvedSchema, UuidSchema},
};
use thiserror::Error;

use super::slot::{Kind, Slot};

/// How deep types may lie in each other. A type that holds itself has no end.
const DEPTH_MAX: usize = 16;
/// Types that a schema may come to, each counted wherever it is named: a few dozen that name each other would
/// come to more than memory holds.
const TYPES_MAX: usize = 10_000;

/// Why records of a schema cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("field `{field}`: {problem}")]
pub struct Unfit {
    /// The field, as a path; `""` for the whole.
    pub field: String,
    /// What is wrong with it, a phrase.
    pub problem: String,
}

/// What stands in the bytes, and what becomes of it.
#[derive(Debug)]
pub(super) enum Plan {
    Null,
    Flag,
    Integer,
    /// A whole number of so many units a second since 1970.
    Time(i64),
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    Symbol(Vec<String>),
    List(Box<Plan>),
    Map(Box<Plan>),
    Union(Vec<Plan>),
    Record(Vec<Step>),
}

/// A field: its bytes, and where its value goes; nowhere where we know no such field.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) slot: Option<Slot>,
    pub(super) plan: Plan,
}

impl Plan {
    /// Of a schema that has what a record must have, in types that we can read.
    pub(super) fn new(schema: &str) -> Result<Self, Unfit> {
        let unfit = |problem: String| Unfit {
            field: String::new(),
            problem,
        };
        let schema = Schema::parse_str(schema).map_err(|error| unfit(error.to_string()))?;
        let names = ResolvedSchema::new(&schema).map_err(|error| unfit(error.to_string()))?;
        let planner = Planner {
            names: names.get_names(),
            left: Cell::new(TYPES_MAX),
        };
        let Self::Record(steps) = planner.plan(&schema, "", DEPTH_MAX)? else {
            return Err(unfit("the schema is no record".into()));
        };
        for required in Slot::REQUIRED {
            if steps.iter().all(|step| step.slot != Some(required)) {
                return Err(Unfit {
                    field: required.path().to_owned(),
                    problem: "is missing".into(),
                });
            }
        }
        Ok(Self::Record(steps))
    }

    /// Whether a field of this kind can be read from it.
    fn suits(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Null, _)
            | (Self::Text | Self::Symbol(_), Kind::Text)
            | (Self::Integer, Kind::Integer | Kind::Number)
            | (Self::Float | Self::Double, Kind::Number)
            | (Self::Flag, Kind::Flag)
            | (Self::Time(_), Kind::Time)
            | (Self::Text | Self::Bytes | Self::Fixed(_), Kind::Id) => true,
            (Self::Union(branches), kind) => branches.iter().all(|it| it.suits(kind)),
            _ => false,
        }
    }

    /// Whether it is a record, if not null.
    fn is_record(&self) -> bool {
        match self {
            Self::Null | Self::Record(_) => true,
            Self::Union(branches) => branches.iter().all(Self::is_record),
            _ => false,
        }
    }
}

struct Planner<'a> {
    names: &'a HashMap<Name, &'a Schema>,
    /// Types that may still come.
    left: Cell<usize>,
}

impl Planner<'_> {
    fn plan(&self, schema: &Schema, path: &str, depth: usize) -> Result<Plan, Unfit> {
        let unfit = |problem| Unfit {
            field: path.to_owned(),
            problem,
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(unfit(format!("its type lies more than {DEPTH_MAX} deep")));
        };
        let Some(left) = self.left.get().checked_sub(1) else {
            let problem = format!("the schema comes to more than {TYPES_MAX} types by here");
            return Err(unfit(problem));
        };
        self.left.set(left);
        let inner = |schema| self.plan(schema, path, depth).map(Box::new);
        Ok(match schema {
            Schema::Null => Plan::Null,
            Schema::Boolean => Plan::Flag,
            Schema::TimestampMillis => Plan::Time(1_000),
            Schema::TimestampMicros => Plan::Time(1_000_000),
            Schema::TimestampNanos => Plan::Time(1_000_000_000),
            Schema::Int
            | Schema::Long
            | Schema::Date
            | Schema::TimeMillis
            | Schema::TimeMicros
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Plan::Integer,
            Schema::Float => Plan::Float,
            Schema::Double => Plan::Double,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Plan::Bytes,
            Schema::String | Schema::Uuid(UuidSchema::String) => Plan::Text,
            Schema::Fixed(fixed)
            | Schema::Duration(fixed)
            | Schema::Uuid(UuidSchema::Fixed(fixed)) => Plan::Fixed(fixed.size),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Plan::Bytes,
                InnerDecimalSchema::Fixed(fixed) => Plan::Fixed(fixed.size),
            },
            Schema::Enum(symbols) => Plan::Symbol(symbols.symbols.clone()),
            Schema::Array(list) => Plan::List(inner(&list.items)?),
            Schema::Map(map) => Plan::Map(inner(&map.types)?),
            Schema::Union(union) => {
                let branches = union.variants().iter();
                let branches = branches.map(|branch| self.plan(branch, path, depth));
                Plan::Union(branches.collect::<Result<_, _>>()?)
            }
            Schema::Record(record) => {
                let steps = record.fields.iter();
                let steps = steps.map(|field| self.step(&field.name, &field.schema, path, depth));
                Plan::Record(steps.collect::<Result<_, _>>()?)
            }
            Schema::Ref { name } => match self.names.get(name) {
                Some(schema) => return self.plan(schema, path, depth),
                None => return Err(unfit(format!("the type {name} is not known"))),
            },
        })
    }

    fn step(&self, name: &str, schema: &Schema, path: &str, depth: usize) -> Result<Step, Unfit> {
        let path = match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        let plan = self.plan(schema, &path, depth)?;
        let unfit = |wanted: String| Unfit {
            field: path.clone(),
            problem: format!("its type is {}, and {wanted} is read", shown(schema)),
        };
        if Slot::RECORDS.contains(&path.as_str()) && !plan.is_record() {
            return Err(unfit("a record".into()));
        }
        let slot: Option<Slot> = path.parse().ok();
        if let Some(slot) = slot
            && !plan.suits(slot.kind())
        {
            return Err(unfit(slot.kind().shown().into()));
        }
        Ok(Step { slot, plan })
    }
}

/// A type as a schema spells it.
fn shown(schema: &Schema) -> String {
    serde_json::to_string(schema).unwrap_or_default()
}
