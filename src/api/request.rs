//! The request as it is sent, before its values are checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use super::unknown::{Unknown, has_services, misnamed, misnamed_in, unused_sizes};
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
    /// They may be left out where the request or the configuration of the service names registries.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 100)]
    pub tes_uris: Vec<String>,
    /// Root URIs of GA4GH service registries whose TES could run the task, besides those of `tes_uris`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 10)]
    pub registries: Vec<String>,
    /// The resources that the task needs.
    pub resource_requirements: ResourceRequirements,
    /// Ids of the task's input objects: ids at the DRS of `drs_uris`, `drs://host[:port]/id`, or compact ids such as
    /// `drs://prefix:accession`; the latter two name their DRS themselves. A URL (`s3://`, `gs://`, `https://`, `ftp://`, ...)
    /// is its own only access URI. None may be `tes_uri`, which is the key of the TES in the answer.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ObjectId>>, max_items = 1000)]
    pub object_ids: Vec<String>,
    /// Root URIs of the DRS instances that may have the objects: absolute, `http` or `https`. At least one is required if
    /// there is an id that is neither a URL nor begins with `drs://`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ServiceRoot>>, max_items = 100)]
    pub drs_uris: Vec<String>,
    /// Sizes of objects in bytes, by id: they win over what servers say of a URL, and stand in where no DRS gives a size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, ObjectSize>>)]
    pub object_sizes: BTreeMap<String, u64>,
    /// The ranking mode.
    #[serde(default)]
    #[schema(required = false)]
    pub mode: RequestedMode,
    /// The maximum number of combinations, best first. The service has a maximum of its own, which is the default; a
    /// higher number is taken as that maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub limit: Option<u64>,
    /// Whether the answer has the locations of hosts, the distances of objects, the sources of offers, and what queue times
    /// rest on.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schema(value_type = Option<bool>)]
    pub explain: bool,
    /// Properties that the schema does not define.
    #[serde(skip)]
    #[schema(ignore)]
    pub unknown: Unknown,
}

/// The resources that a task needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct ResourceRequirements {
    /// CPU cores; fractions are possible.
    #[schema(minimum = 0)]
    pub cpu_cores: f64,
    /// Memory, in gigabytes (10^9 bytes).
    #[schema(minimum = 0)]
    pub ram_gb: f64,
    /// Disk, in gigabytes (10^9 bytes).
    #[schema(minimum = 0)]
    pub disk_gb: f64,
    /// The run time of the task, in seconds.
    #[schema(minimum = 0)]
    pub execution_time_sec: f64,
    /// Whether the task may run on preemptible machines. TES with task info are asked as if it may where it is left out; the
    /// discount of the operator's price book applies only where it is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemptible: Option<bool>,
    /// The zones in which the task may run, as the TES names them; empty for any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub zones: Vec<String>,
    /// What the task asks of the backend of the TES, such as a kind of machine, by the names that the TES knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub backend_parameters: BTreeMap<String, String>,
    /// Whether a TES that is known not to offer one of the backend parameters is left out.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schema(value_type = Option<bool>)]
    pub backend_parameters_strict: bool,
    /// Properties that the schema does not define.
    #[serde(skip)]
    #[schema(ignore)]
    pub unknown: Unknown,
}

/// How many registries a request may name.
const MAX_REGISTRIES: usize = 10;

/// Of a list that is too long, how many items are checked at least: bounds the work for a request that is refused.
const MAX_CHECKED_ITEMS: usize = 1000;

impl RankRequest {
    /// Checks all values within `limits`. Where the request names neither TES nor registries, `registries` are used.
    ///
    /// # Errors
    /// All faults.
    pub fn into_query(
        self,
        limits: &Limits,
        registries: &[ServiceUri],
    ) -> Result<Query, Vec<RequestFault>> {
        let mut faults = Vec::new();
        let mut unknown = self.unknown_properties();
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
        unknown.extend(unused_sizes(&self.object_sizes, &self.object_ids));
        let objects = at_most("object_ids", self.object_ids, limits.object_ids);
        let drs = at_most("drs_uris", self.drs_uris, limits.drs_uris);
        let named = at_most("registries", self.registries, MAX_REGISTRIES);
        let services_named = has_services(!tes.is_empty(), !drs.is_empty());
        let trusts_registries = tes.is_empty() && named.is_empty();
        let tes = services("tes_uris", &tes, &mut faults);
        let drs = services("drs_uris", &drs, &mut faults);
        let named = services("registries", &named, &mut faults).unwrap_or_default();
        let mode = self.mode.parse().unwrap_or_else(|bad| {
            let reason = RequestFaultReason::Mode(bad);
            faults.push(RequestFault::new("/mode", reason));
            Mode::default()
        });
        let limit = self.limit.map_or(limits.combinations, |limit| {
            usize::try_from(limit)
                .unwrap_or(usize::MAX)
                .min(limits.combinations)
        });
        if limit == 0 {
            let reason = RequestFaultReason::TooLow("1".to_owned());
            faults.push(RequestFault::new("/limit", reason));
        }
        let needs = self.resource_requirements.check(&mut faults);
        let parts = QueryParts {
            needs,
            // Where all URIs of a list are invalid, the list is not reported as empty too.
            tes: tes.unwrap_or_default(),
            registries: if trusts_registries {
                registries.to_vec()
            } else {
                named
            },
            trusts_registries,
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
                let given = self.unknown.names();
                faults.extend(misnamed(&faults, "", given, &PROPERTIES, services_named));
                Err(faults)
            }
        }
    }

    /// The properties of the refused request `value` that may be meant for those that `faults` miss.
    pub(crate) fn misnamed(value: &Value, faults: &[RequestFault]) -> Vec<RequestFault> {
        let needs = value.get("resource_requirements");
        let mut misnamed = misnamed_in(Some(value), faults, "", &PROPERTIES);
        misnamed.extend(misnamed_in(needs, faults, "/resource_requirements", &NEEDS));
        misnamed
    }

    /// JSON pointers of the properties that the schema does not define.
    fn unknown_properties(&self) -> Vec<String> {
        let inner = &self.resource_requirements.unknown;
        let top = self.unknown.pointers("", &PROPERTIES);
        top.chain(inner.pointers("/resource_requirements", &NEEDS))
            .collect()
    }
}

impl ResourceRequirements {
    fn check(self, faults: &mut Vec<RequestFault>) -> ResourceNeeds {
        for (field, amount) in [
            ("cpu_cores", self.cpu_cores),
            ("ram_gb", self.ram_gb),
            ("disk_gb", self.disk_gb),
            ("execution_time_sec", self.execution_time_sec),
        ] {
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
            backend_parameters: self.backend_parameters,
            backend_parameters_strict: self.backend_parameters_strict,
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
        let number = ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(-1.0))
            .maximum(Some(1.0))
            .description(Some(
                "From 0 to 1: the weight of time against cost. -1: a random order. Other numbers are refused.",
            ));
        OneOfBuilder::new()
            .item(name)
            .item(number)
            .description(Some(
                "The ranking mode: `cost`, `time`, a weight from 0 (cost) to 1 (time), or `random` (-1). Without it 0.5.",
            ))
            .into()
    }
}

/// The properties of a request.
const PROPERTIES: [&str; 9] = [
    "tes_uris",
    "registries",
    "resource_requirements",
    "object_ids",
    "drs_uris",
    "object_sizes",
    "mode",
    "limit",
    "explain",
];

/// The properties of resource requirements.
const NEEDS: [&str; 8] = [
    "cpu_cores",
    "ram_gb",
    "disk_gb",
    "execution_time_sec",
    "preemptible",
    "zones",
    "backend_parameters",
    "backend_parameters_strict",
];

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde requires"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::unknown::meant, *};
    use crate::domain::warning::Warning;

    fn parse(mut request: Value) -> Result<Query, Vec<RequestFault>> {
        let needs =
            json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1, "a/b": 2});
        if let Some(members) = request.as_object_mut() {
            members.insert("resource_requirements".to_owned(), needs);
        }
        serde_json::from_value::<RankRequest>(request)
            .unwrap()
            .into_query(&Limits::default(), &[])
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
            faults(json!({"tes_uris": many, "limit": 0})),
            ["/tes_uris", "/limit"]
        );
    }

    #[test]
    fn a_limit_above_the_maximum_is_the_maximum() {
        let limit = |limit: Value| {
            let request = json!({"tes_uris": ["http://tes.example"], "limit": limit});
            parse(request).unwrap().limit()
        };
        assert_eq!(limit(json!(7)), 7);
        let most = Limits::default().combinations;
        for above in [json!(most), json!(most + 1), json!(1e300), json!(null)] {
            assert_eq!(limit(above.clone()), most, "{above}");
        }
    }

    #[test]
    fn a_wrong_name_gets_the_one_that_may_be_meant() {
        for (name, expected) in [
            ("tes_urls", Some("tes_uris")),
            ("tesUris", Some("tes_uris")),
            ("resources", Some("resource_requirements")),
            ("objects", Some("object_ids")),
            ("object_id", Some("object_ids")),
            ("Mode", Some("mode")),
            ("limits", Some("limit")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(meant(name, &PROPERTIES), expected, "{name}");
        }
        for (name, expected) in [
            ("cpus", Some("cpu_cores")),
            ("cpuCores", Some("cpu_cores")),
            ("memory_gb", Some("ram_gb")),
            ("mem", Some("ram_gb")),
            ("cores", Some("cpu_cores")),
            ("runtime", Some("execution_time_sec")),
            ("time", Some("execution_time_sec")),
            ("storage", Some("disk_gb")),
            ("execution_time", Some("execution_time_sec")),
            ("preemptable", Some("preemptible")),
            ("zone", Some("zones")),
        ] {
            assert_eq!(meant(name, &NEEDS), expected, "{name}");
        }
    }

    #[test]
    fn a_size_of_nothing_is_named_without_secrets() {
        let sizes = ["a", "b", "a/x/y", "c/x", "https://h.example/x?sig=zqx"];
        let sizes = sizes.map(|name| (name.to_owned(), 1)).into();
        let ids = ["a".to_owned(), "d".to_owned()];
        let unused: Vec<_> = unused_sizes(&sizes, &ids).collect();
        let expected = ["b", "c~1x", "https:~1~1h.example~1x"];
        assert_eq!(
            unused,
            expected.map(|name| format!("/object_sizes/{name} (not among object_ids)"))
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
