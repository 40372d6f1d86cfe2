//! From host names to addresses: one asynchronous resolver with one cache, for calls and for locations.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::Name as DnsName,
};
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::guard::Guard;
use crate::telemetry::metrics::{CallKind, CallOutcome, Metrics};

/// Asks name servers, and the hosts file of the system. Answers are kept for as long as they say, within bounds.
#[derive(Debug, Clone)]
pub struct Resolver {
    resolver: TokioResolver,
    metrics: Arc<Metrics>,
}

/// No name is asked for more often than this, whatever its servers say.
const SHORTEST_TTL: Duration = Duration::from_secs(5);

/// A host name has no address. The texts go on after the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name servers know that there is none.
    #[error("does not resolve (no A or AAAA record)")]
    Unknown,
    /// The name servers could not be asked, or failed.
    #[error("does not resolve (DNS failure: {0})")]
    Failed(String),
}

impl Resolver {
    /// A resolver that asks `servers`, or those of the system if there are none, and gives each at most `timeout` to
    /// answer.
    ///
    /// # Errors
    /// If the system's own description of its name servers cannot be used. That there is none is no error: then only
    /// the hosts file is known.
    pub fn new(
        servers: &[SocketAddr],
        timeout: Duration,
        metrics: Arc<Metrics>,
    ) -> Result<Self, NetError> {
        let with =
            |config| TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().unwrap_or_else(|error| {
                tracing::warn!(%error, "no name servers are configured; only the hosts file is used");
                with(ResolverConfig::from_name_servers(Vec::new()))
            })
        } else {
            let servers = servers.iter().map(name_server).collect();
            with(ResolverConfig::from_name_servers(servers))
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = timeout;
        options.attempts = 1;
        options.positive_min_ttl = Some(SHORTEST_TTL);
        options.positive_max_ttl = Some(Duration::from_secs(3600));
        options.negative_max_ttl = Some(Duration::from_secs(60));
        let resolver = builder.build()?;
        Ok(Self { resolver, metrics })
    }

    /// All addresses of the host `name`, at least one.
    ///
    /// # Errors
    /// [`ResolveError`] if there is none or the name servers do not say.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        // Not as text: that is taken for a name as users type it, in which there is no underscore.
        let Ok(name) = DnsName::from_ascii(name) else {
            return Err(ResolveError::Unknown);
        };
        let timer = self.metrics.calls.start(CallKind::Dns);
        let found = match self.resolver.lookup_ip(name).await {
            Ok(found) => {
                let addresses: Vec<_> = found.iter().collect();
                if addresses.is_empty() {
                    Err(ResolveError::Unknown)
                } else {
                    Ok(addresses)
                }
            }
            Err(error) if error.is_no_records_found() => Err(ResolveError::Unknown),
            Err(error) => Err(ResolveError::Failed(error.to_string())),
        };
        timer.end(match &found {
            Ok(_) => CallOutcome::Ok,
            Err(ResolveError::Unknown) => CallOutcome::Unresolved,
            Err(ResolveError::Failed(_)) => CallOutcome::ServerError,
        });
        found
    }
}

/// Asked by UDP, and by TCP for what does not fit.
fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// The addresses of a name that `guard` admits, and no others: what is checked here is what is connected to.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) resolver: Resolver,
    pub(super) guard: Arc<Guard>,
    pub(super) admits: fn(&Guard, IpAddr) -> bool,
}

/// All addresses of a host are off limits; this is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an allowed address")]
pub(super) struct AddressNotAllowed(pub(super) IpAddr);

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self {
            resolver,
            guard,
            admits,
        } = self.clone();
        Box::pin(async move {
            let mut addresses = resolver.addresses(name.as_str()).await?;
            let first = addresses.first().copied();
            addresses.retain(|&address| admits(&guard, address));
            if let (Some(first), true) = (first, addresses.is_empty()) {
                return Err(AddressNotAllowed(first).into());
            }
            let addresses: Vec<_> = addresses
                .into_iter()
                .map(|ip| SocketAddr::new(ip, 0))
                .collect();
            Ok(addresses.into_iter())
        })
    }
}
