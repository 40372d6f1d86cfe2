//! Decides where a computational task should run in a federated network of GA4GH services.
//!
//! A task needs resources and input objects. [TES] instances are places where it could run, [DRS] instances know where
//! the objects may be had. testribute asks all of them at once for prices, queue times, sizes and access URIs, works out
//! where everything is, and ranks every combination of one TES and one access URI for each object by cost, by time or by
//! both.
//!
//! [TES]: https://ga4gh.github.io/task-execution-schemas/docs/
//! [DRS]: https://ga4gh.github.io/data-repository-service-schemas/docs/
//!
//! # The way of the data
//!
//! ```text
//! POST /rank-services          testribute --tes-uri ...          rank_services(..)
//!         \                          |                              /
//!        http                       cli                          Ranker
//!           \                        |                            /
//!             api::request::RankRequest     JSON as sent, checked against the OpenAPI schema
//!                   |
//!             domain::query::Query          proof of validity, or every fault at once
//!                   |  pipeline: gather     outbound calls, concurrent and bounded
//!             domain::findings::Findings    offers and objects
//!                   |  pipeline: locate     each host once
//!             domain::sites::Sites          host -> coordinates
//!                   |
//!             domain::estimate::Estimates   cost and time of every (TES, object, access URI)
//!                   |
//!             domain::rank::Ranking         the best combinations, found lazily
//!                   |
//!             api::response::RankResponse   JSON or a table
//! ```
//!
//! [`domain`] is pure: no I/O, no clock, no chance. [`tes`], [`drs`], [`locations`] and [`rates`] call remote services, all
//! over one guarded [`Client`](client::Client). [`auth`] checks callers' tokens. [`config`] holds every setting.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "mock")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use testribute::{Ranker, config::Config};
//! use testribute_mock::TesScenario;
//!
//! // A TES for this example, on a free port.
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let tes = format!("http://{}/ga4gh/tes/v1/", listener.local_addr()?);
//! let scenario = TesScenario::parse("{currency: EUR, queue: 60, unit_costs: {cpu_usage: 0.001}}")?;
//! let router = testribute_mock::tes::router(scenario);
//! tokio::spawn(testribute_mock::serve(listener, router, std::future::pending()));
//!
//! let mut config = Config::default();
//! config.outbound.allowed_networks = vec!["127.0.0.0/8".parse()?]; // only public addresses may be called otherwise
//! let ranker = Ranker::new(&config)?; // keep it: it owns connections and caches
//!
//! let request = serde_json::from_value(serde_json::json!({
//!     "tes_uris": [tes],
//!     "resource_requirements": {"cpu_cores": 2, "ram_gb": 8, "disk_gb": 10, "execution_time_sec": 1800}
//! }))?;
//! let caller = ranker.admit(None).await?;
//! let answer = ranker.rank(request, &caller).await?;
//! assert_eq!(answer.service_combinations[0].time_estimate, 1860.0);
//! # Ok(())
//! # }
//! # #[cfg(feature = "mock")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```

pub mod api;
pub mod auth;
pub mod cli;
pub mod client;
pub mod config;
pub mod domain;
pub mod drs;
mod error;
pub mod estimation;
#[cfg(test)]
#[path = "../tests/golden/mod.rs"]
mod golden;
pub mod http;
pub mod locations;
pub mod pipeline;
mod ranker;
pub mod rates;
pub mod registries;
pub mod telemetry;
pub mod tes;

pub use self::{
    error::Error,
    ranker::{Caller, CallerIdentity, Deadline, DeadlineOwner, Ranker, Reach, rank_services},
};
