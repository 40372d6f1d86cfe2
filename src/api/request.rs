//! The request as it is sent, before its values are checked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use crate::{
    config::Limits,
    domain::{
        mode::{BadMode, Mode},
        query::{Query, QueryParts, RequestFault, RequestFaultReason},
        resources::ResourceNeeds,
        service::ServiceUri,
    },
};

/// A task, the TES that could run it, and the DRS that may have its input objects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct RankRequest {
    /// Root URIs of the TES instances that could run the task: absolute, `http` or `https`. A trailing slash makes no
    /// difference, and a service that is listed twice is called once.
    #[schema(value_type = Vec<ServiceRoot>, min_items = 1, max_items = 100)]
    pub tes_uris: Vec<String>,
    /// The resources that the task needs.
    pub resource_requirements: ResourceRequirements,
    /// Ids of the task's input objects: ids at the DRS of `drs_uris`, `drs://host[:port]/id`, or compact ids such as
    /// `drs://prefix:accession`; the latter two name their DRS themselves. A URL (`s3://`, `gs://`, `https://`, `ftp://`, ...)
    /// is its own only access URI. None may be `tes_uri`, which is the key of the TES in the answer.
    #[serde(default)]
    #[schema(value_type = Vec<ObjectId>, max_items = 1000)]
    pub object_ids: Vec<String>,
    /// Root URIs of the DRS instances that may have the objects: absolute, `http` or `https`. At least one is required if
    /// there is an id that is neither a URL nor begins with `drs://`.
    #[serde(default)]
    #[schema(value_type = Vec<ServiceRoot>, max_items = 100)]
    pub drs_uris: Vec<String>,
    /// Sizes of objects in bytes, by id: they win over what servers say of a URL, and stand in where no DRS gives a size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, ObjectSize>)]
    pub object_sizes: BTreeMap<String, u64>,
    /// The ranking mode.
    #[serde(default)]
    pub mode: RequestedMode,
    /// The maximum number of combinations, best first. The default is the maximum of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, default = 1000, minimum = 1, maximum = 1000, value_type = u64)]
    pub limit: Option<u64>,
    /// Whether the answer has the locations of hosts, the distances of objects and the sources of offers.
    #[serde(default, skip_serializing_if = "is_false")]
    pub explain: bool,
    /// Properties that the schema does not define.
    #[serde(skip)]
    #[schema(ignore)]
    pub unknown: Unknown,
}

/// The resources that a task needs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResourceRequirements {
    /// CPU cores.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_i64)]
    pub cpu_cores: u64,
    /// Memory, in gigabytes (10^9 bytes).
    #[schema(minimum = 0)]
    pub ram_gb: f64,
    /// Disk, in gigabytes (10^9 bytes).
    #[schema(minimum = 0)]
    pub disk_gb: f64,
    /// The run time of the task, in seconds.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_i64)]
    pub execution_time_sec: u64,
    /// Whether the task may run on preemptible machines.
    #[serde(default)]
    #[schema(default = true)]
    pub preemptible: bool,
    /// The zones in which the task may run, as the TES names them; empty for any.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Properties that the schema does not define.
    #[serde(skip)]
    #[schema(ignore)]
    pub unknown: Unknown,
}

impl Default for ResourceRequirements {
    fn default() -> Self {
        Self {
            cpu_cores: 0,
            ram_gb: 0.0,
            disk_gb: 0.0,
            execution_time_sec: 0,
            preemptible: true,
            zones: Vec::new(),
            unknown: Unknown::default(),
        }
    }
}

/// Of a list that is too long, how many items are checked at least: bounds the work for a request that is refused.
const MAX_CHECKED_ITEMS: usize = 1000;

impl RankRequest {
    /// Checks all values within `limits`.
    ///
    /// # Errors
    /// All faults.
    pub fn into_query(self, limits: &Limits) -> Result<Query, Vec<RequestFault>> {
        let mut faults = Vec::new();
        let unknown = self.unknown_properties();
        let mut at_most = |field: &str, mut items: Vec<String>, limit: usize| {
            let length = items.len();
            if length > limit {
                let reason = RequestFaultReason::TooManyItems { limit, length };
                faults.push(RequestFault::new(format!("/{field}"), reason));
                items.truncate(limit.max(MAX_CHECKED_ITEMS));
            }
            items
        };
        let tes = at_most("tes_uris", self.tes_uris, limits.tes_uris);
        let objects = at_most("object_ids", self.object_ids, limits.object_ids);
        let drs = at_most("drs_uris", self.drs_uris, limits.drs_uris);
        let tes = services("tes_uris", &tes, &mut faults);
        let drs = services("drs_uris", &drs, &mut faults);
        let mode = self.mode.parse().unwrap_or_else(|bad| {
            let reason = RequestFaultReason::Mode(bad);
            faults.push(RequestFault::new("/mode", reason));
            Mode::default()
        });
        let limit = self.limit.map_or(limits.combinations, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        if !(1..=limits.combinations).contains(&limit) {
            let reason = RequestFaultReason::Limit(limits.combinations);
            faults.push(RequestFault::new("/limit", reason));
        }
        let needs = self.resource_requirements.check(&mut faults);
        let parts = QueryParts {
            needs,
            // Where all URIs of a list are invalid, the list is not reported as empty too.
            tes: tes.unwrap_or_default(),
            drs: drs.unwrap_or_default(),
            objects: objects.into_iter().map(Into::into).collect(),
            object_sizes: self.object_sizes,
            mode,
            limit,
            explain: self.explain,
            unknown,
        };
        match Query::new(parts) {
            Ok(query) if faults.is_empty() => Ok(query),
            Ok(_) => Err(faults),
            Err(mut further) => {
                further.retain(|fault| !faults.iter().any(|found| found.is_inside(&fault.pointer)));
                faults.extend(further);
                Err(faults)
            }
        }
    }

    /// JSON pointers of the properties that the schema does not define.
    fn unknown_properties(&self) -> Vec<String> {
        let inner = &self.resource_requirements.unknown;
        let top = self.unknown.pointers("");
        top.chain(inner.pointers("/resource_requirements"))
            .collect()
    }
}

impl ResourceRequirements {
    fn check(self, faults: &mut Vec<RequestFault>) -> ResourceNeeds {
        for (field, amount) in [("ram_gb", self.ram_gb), ("disk_gb", self.disk_gb)] {
            if !(amount.is_finite() && amount >= 0.0) {
                let pointer = format!("/resource_requirements/{field}");
                faults.push(RequestFault::new(pointer, RequestFaultReason::NotAnAmount));
            }
        }
        ResourceNeeds {
            cpu_cores: self.cpu_cores,
            ram_gb: self.ram_gb,
            disk_gb: self.disk_gb,
            execution_seconds: self.execution_time_sec,
            preemptible: self.preemptible,
            zones: self.zones,
        }
    }
}

/// The valid URIs in `field`, `None` if there are none. Adds to `faults`.
fn services(
    field: &str,
    given: &[String],
    faults: &mut Vec<RequestFault>,
) -> Option<Vec<ServiceUri>> {
    let valid: Vec<_> = given
        .iter()
        .enumerate()
        .filter_map(|(position, uri)| match ServiceUri::parse(uri) {
            Ok(uri) => Some(uri),
            Err(bad) => {
                let pointer = format!("/{field}/{position}");
                faults.push(RequestFault::new(pointer, RequestFaultReason::Uri(bad)));
                None
            }
        })
        .collect();
    (!valid.is_empty()).then_some(valid)
}

/// The root URI of a TES or DRS instance: absolute, `http` or `https`, with a host, without a query or a fragment.
#[derive(Debug, ToSchema)]
#[schema(
    value_type = String,
    pattern = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\\s\u0000-\u001f\u007f-\u009f][^?#\\\s\u0000-\u001f\u007f-\u009f]*$",
    examples("https://tes.example/ga4gh/tes/v1/")
)]
pub struct ServiceRoot(pub String);

/// The size of an object, in bytes.
#[derive(Debug, ToSchema)]
#[schema(value_type = u64, minimum = 0, maximum = 9_007_199_254_740_992_i64)]
pub struct ObjectSize(pub u64);

/// The id of an object at a DRS, a `drs://` URI, or the URL of the object itself. It cannot be `tes_uri`.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, examples("a001"))]
pub struct ObjectId(pub String);

/// The mode of a request: a name or a number, not checked yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a name or a number")]
pub enum RequestedMode {
    /// The weight of time against cost, or -1.
    Number(f64),
    /// `cost`, `time` or `random`.
    Name(String),
}

impl RequestedMode {
    fn parse(&self) -> Result<Mode, BadMode> {
        match self {
            Self::Number(number) => Mode::parse_number(*number),
            Self::Name(name) => Mode::parse_name(name),
        }
    }
}

impl Default for RequestedMode {
    fn default() -> Self {
        Self::Number(0.5)
    }
}

impl ToSchema for RequestedMode {}

impl PartialSchema for RequestedMode {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["cost", "time", "random"]))
            .description(Some("`cost` is 0, `time` is 1, `random` is -1."));
        let weight = ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(0.0))
            .maximum(Some(1.0))
            .description(Some(
                "The weight of time against cost: 0 ranks by cost only, 1 by time only.",
            ));
        let random = ObjectBuilder::new()
            .schema_type(Type::Number)
            .enum_values(Some([-1]))
            .description(Some("A random order."));
        OneOfBuilder::new()
            .item(name)
            .item(weight)
            .item(random)
            .default(Some(0.5.into()))
            .description(Some(
                "The ranking mode: `cost`, `time`, a weight from 0 (cost) to 1 (time), or `random` (-1).",
            ))
            .into()
    }
}

/// The names of properties that the schema does not define.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown(BTreeSet<String>);

impl FromIterator<String> for Unknown {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Unknown {
    fn pointers(&self, parent: &str) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(move |name| format!("{parent}/{}", escaped(name)))
    }
}

/// `name` as a reference token of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde requires"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::warning::Warning;

    fn parse(mut request: Value) -> Result<Query, Vec<RequestFault>> {
        let needs =
            json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1, "a/b": 2});
        if let Some(members) = request.as_object_mut() {
            members.insert("resource_requirements".to_owned(), needs);
        }
        serde_json::from_value::<RankRequest>(request)
            .unwrap()
            .into_query(&Limits::default())
    }

    fn faults(request: Value) -> Vec<String> {
        parse(request)
            .unwrap_err()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn of_a_list_that_is_too_long_the_first_items_are_checked() {
        let many = vec![""; 100_000];
        let request = json!({"tes_uris": many, "object_ids": many, "drs_uris": many});
        assert_eq!(faults(request).len(), 3 + 3 * MAX_CHECKED_ITEMS);
    }

    #[test]
    fn one_mistake_is_one_fault() {
        assert_eq!(
            faults(
                json!({"tes_uris": ["ftp://a"], "object_ids": ["a"], "drs_uris": ["x"], "mode": "Cost", "limit": 0})
            ),
            ["/tes_uris/0", "/drs_uris/0", "/mode", "/limit"]
        );
        assert_eq!(
            faults(json!({"tes_uris": [], "object_ids": ["a"]})),
            ["/tes_uris", "/drs_uris"]
        );
    }

    #[test]
    fn lists_and_limits_have_a_maximum() {
        let many: Vec<_> = (0..101).map(|n| format!("http://tes-{n}/")).collect();
        assert_eq!(
            faults(json!({"tes_uris": many, "limit": 1001})),
            ["/tes_uris", "/limit"]
        );
    }

    #[test]
    fn unknown_properties_are_reported_in_a_warning() {
        let query = parse(json!({"tes_uris": ["http://tes.example"], "colour": 1})).unwrap();
        let pointers = ["/colour", "/resource_requirements/a~1b"].map(str::to_owned);
        assert_eq!(
            query.warnings(),
            [Warning::UnknownProperties(pointers.into())]
        );
    }
}
