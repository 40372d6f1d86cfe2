//! Where the regions of cloud providers are.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::domain::{
    cloud::{CloudRegion, Provider},
    geo::Coordinates,
};

/// Source and licence of the regions, as their licence requires them to be passed on.
pub const NOTICE: &str = include_str!("data/NOTICE");

impl Provider {
    /// Google first: its `EU` is many countries, while Amazon's is an old name of one region.
    const WITH_REGIONS: [Self; 3] = [Self::Gcp, Self::Aws, Self::Azure];

    /// The id of the region `name`, as the APIs of this provider spell it.
    fn spell(self, name: &str) -> String {
        let name = name.trim().to_ascii_lowercase();
        match self {
            // S3's legacy name (`LocationConstraint`) of this region.
            Self::Aws if name == "eu" => "eu-west-1".to_owned(),
            Self::Azure => name.replace([' ', '_', '-'], ""),
            _ => name.replace([' ', '_'], "-"),
        }
    }

    /// The region of the availability zone `name`, if it looks like one: `us-east-1a`, `us-central1-a`.
    fn region_of_zone(self, name: &str) -> Option<&str> {
        let region = name.strip_suffix(|c: char| c.is_ascii_lowercase())?;
        let region = match self {
            Self::Aws => region,
            Self::Gcp => region.strip_suffix('-')?,
            _ => return None,
        };
        region
            .ends_with(|c: char| c.is_ascii_digit())
            .then_some(region)
    }
}

/// A region of a cloud provider, or several that are used like one.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Its provider.
    pub cloud: Provider,
    /// Its id in the APIs of the provider.
    pub name: String,
    /// The nearest town, or the area that it covers.
    pub city: String,
    /// Where it is.
    pub place: Coordinates,
    /// Whether it is several places, or its place is not published.
    pub is_approximate: bool,
    /// Whether it is several regions that are used like one, such as Google's `US`.
    pub is_multiple: bool,
    /// The names of these regions; empty for one region.
    pub members: Vec<String>,
}

impl Region {
    /// Its name for other parts of the program.
    pub fn id(&'static self) -> CloudRegion {
        CloudRegion {
            cloud: self.cloud,
            name: &self.name,
        }
    }

    /// The regions that data of this one can be read from: itself, or its members.
    pub fn members(&'static self) -> impl Iterator<Item = &'static Self> {
        let itself = self.members.is_empty().then_some(self);
        let members = self.members.iter();
        itself
            .into_iter()
            .chain(members.filter_map(|name| Self::of(self.cloud, name)))
    }

    /// Where the region `name` is; see [`Self::named`].
    pub fn find(cloud: Option<&str>, name: &str) -> Option<Coordinates> {
        Self::named(cloud, name).map(|region| region.place)
    }

    /// The region that is called `name` or has an availability zone of that name: of `cloud` if it is given, otherwise of
    /// any provider. Case does not matter.
    pub fn named(cloud: Option<&str>, name: &str) -> Option<&'static Self> {
        match cloud.filter(|cloud| !cloud.trim().is_empty()) {
            Some(cloud) => Self::of(Provider::parse(cloud)?, name),
            None => Provider::WITH_REGIONS
                .into_iter()
                .find_map(|cloud| Self::of(cloud, name)),
        }
    }

    /// The region of `cloud` that is called `name` or has an availability zone of that name.
    pub fn of(cloud: Provider, name: &str) -> Option<&'static Self> {
        let name = cloud.spell(name);
        let regions = REGIONS.get(&cloud)?;
        regions
            .get(&name)
            .or_else(|| regions.get(cloud.region_of_zone(&name)?))
    }

    /// The longest region of `cloud` that `text` begins with, if no letter or digit follows it.
    pub(super) fn at_start_of(cloud: Provider, text: &str) -> Option<&'static Self> {
        let text = text.to_ascii_lowercase();
        let begins = |region: &&Self| {
            text.strip_prefix(&region.name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        REGIONS
            .get(&cloud)?
            .values()
            .filter(|region| !region.is_multiple)
            .filter(begins)
            .max_by_key(|region| region.name.len())
    }
}

/// All regions, parsed at first use. A test makes sure that the file is valid.
static REGIONS: LazyLock<BTreeMap<Provider, BTreeMap<String, Region>>> =
    LazyLock::new(|| parse(include_str!("data/cloud_regions.yaml")).unwrap_or_default());

#[derive(Deserialize)]
struct File {
    gcp_multi_regions: BTreeMap<String, Entry>,
    aws: BTreeMap<String, Entry>,
    gcp: BTreeMap<String, Entry>,
    azure: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    lat: f64,
    lon: f64,
    city: String,
    #[serde(default)]
    approximate: bool,
    #[serde(default)]
    members: Vec<String>,
}

fn parse(text: &str) -> Option<BTreeMap<Provider, BTreeMap<String, Region>>> {
    let file: File = yaml_serde::from_str(text).ok()?;
    let sections = [
        (Provider::Aws, file.aws, false),
        (Provider::Gcp, file.gcp, false),
        (Provider::Gcp, file.gcp_multi_regions, true),
        (Provider::Azure, file.azure, false),
    ];
    let mut regions = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (cloud, entries, is_multiple) in sections {
        for (name, entry) in entries {
            let region = Region {
                cloud,
                name: name.clone(),
                city: entry.city,
                place: Coordinates::new(entry.lat, entry.lon).ok()?,
                is_approximate: entry.approximate,
                is_multiple,
                members: entry.members,
            };
            regions.entry(cloud).or_default().insert(name, region);
        }
    }
    Some(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_that_come_with_the_program_can_be_parsed() {
        let sizes: Vec<usize> = REGIONS.values().map(BTreeMap::len).collect();
        let [aws, gcp, azure] = sizes[..] else {
            panic!("{sizes:?}");
        };
        assert!(aws >= 40 && gcp >= 45 && azure >= 60, "{sizes:?}");
        for (cloud, regions) in REGIONS.iter() {
            for name in regions.keys() {
                // No other provider has a region of this name, so that the name is enough.
                assert_eq!(Region::named(None, name).unwrap().cloud, *cloud, "{name}");
            }
        }
    }

    #[test]
    fn every_member_of_a_multi_region_is_a_region() {
        for region in REGIONS.values().flat_map(BTreeMap::values) {
            assert_eq!(region.is_multiple, !region.members.is_empty());
            assert_eq!(region.members().count(), region.members.len().max(1));
        }
    }

    #[test]
    fn multi_regions_have_the_members_that_the_tables_of_prices_name() {
        #[derive(Deserialize)]
        struct Tables {
            providers: BTreeMap<String, Terms>,
        }
        #[derive(Deserialize)]
        struct Terms {
            #[serde(default)]
            multi_regions: BTreeMap<String, (f64, Vec<String>)>,
        }
        let tables: Tables =
            yaml_serde::from_str(include_str!("../config/data/network_tables.yaml")).unwrap();
        let mut priced = BTreeMap::new();
        for (provider, terms) in tables.providers {
            for (name, (_, mut members)) in terms.multi_regions {
                members.sort();
                priced.insert((provider.clone(), name), members);
            }
        }
        let multiple = REGIONS.values().flat_map(BTreeMap::values);
        let placed: BTreeMap<_, _> = multiple
            .filter(|region| region.is_multiple)
            .map(|region| {
                let mut members = region.members.clone();
                members.sort();
                ((region.cloud.id().to_owned(), region.name.clone()), members)
            })
            .collect();
        assert_eq!(placed, priced);
    }

    #[test]
    fn multi_regions_are_where_google_says() {
        let members = |name: &str| -> Vec<_> {
            let region = Region::of(Provider::Gcp, name).unwrap();
            region
                .members()
                .map(|member| member.name.as_str())
                .collect()
        };
        let asia = members("asia");
        assert!(!asia.contains(&"asia-east2"), "Hong Kong: {asia:?}");
        assert!(!asia.contains(&"asia-southeast2"), "Indonesia: {asia:?}");
        let eu = members("EU");
        assert!(eu.contains(&"europe-north2"), "Stockholm: {eu:?}");
        assert!(!eu.contains(&"europe-west2"), "London: {eu:?}");
        assert!(!eu.contains(&"europe-west6"), "Zurich: {eu:?}");
        assert!(members("us").iter().all(|name| name.starts_with("us-")));
        assert_eq!(members("EUR8"), ["europe-west3", "europe-west6"]);
    }

    #[test]
    fn regions_are_found_by_cloud_and_name() {
        for (cloud, name, city) in [
            (Some("aws"), "us-east-1", "Ashburn"),
            (Some("AWS"), "EU-Central-2", "Zurich"),
            (Some("amazon"), "us_west_2", "Boardman"),
            (Some("aws"), "cn-northwest-1", "Zhongwei"),
            (Some("aws"), "us-gov-west-1", "Hillsboro"),
            (Some("aws"), "EU", "Dublin"),
            (Some("aws"), "eu-central-2b", "Zurich"),
            (Some("gcp"), "europe-west6", "Zurich"),
            (Some("GCP"), "US-CENTRAL1", "Council Bluffs"),
            (Some("gs"), "europe-north1-b", "Hamina"),
            (Some("google"), "US", "continental US"),
            (Some("gcp"), "eu", "European Union"),
            (Some("gcp"), "eur4", "europe-north1+europe-west4"),
            (Some("azure"), "switzerlandnorth", "Zurich"),
            (Some("Azure"), "West Europe", "Amsterdam"),
            (Some("az"), "East US 2", "Boydton (Virginia)"),
            (Some(" "), "us-east-1", "Ashburn"),
            (None, "us-east-1", "Ashburn"),
            (None, "us-east1", "Moncks Corner"),
            (None, "eastus2", "Boydton (Virginia)"),
            (None, "EUROPE-WEST10", "Berlin"),
            (None, "europe-west1", "Saint-Ghislain"),
            (None, "EU", "European Union"),
            (None, " us-east-1 ", "Ashburn"),
        ] {
            let found = Region::named(cloud, name).map(|region| region.city.as_str());
            assert_eq!(found, Some(city), "{cloud:?} {name}");
        }
    }

    #[test]
    fn unknown_names_have_no_region() {
        for (cloud, name) in [
            (Some("gcp"), "us-east-1"),
            (Some("aws"), "us-east1"),
            (Some("aws"), "us"),
            (Some("openstack"), "us-east-1"),
            (Some("azure"), "westeuropea"),
            (None, "us-east-9"),
            (None, "us-east-1ab"),
            (None, "us-central1a"),
            (None, "us-"),
            (None, "schema"),
            (None, "é"),
            (None, ""),
        ] {
            assert_eq!(Region::find(cloud, name), None, "{cloud:?} {name}");
        }
    }

    #[test]
    fn coordinates_are_those_of_the_town() {
        let zurich = Coordinates::new(47.37, 8.55).unwrap();
        assert_eq!(Region::find(Some("aws"), "eu-central-2"), Some(zurich));
    }

    #[test]
    fn broken_regions_are_no_panic() {
        for text in [
            "",
            "[]",
            "aws: 1",
            "\u{0}",
            "aws: {x: {lat: 91, lon: 0, city: x}}",
        ] {
            assert_eq!(parse(text), None);
        }
    }
}
