"""Decides where a computational task should run in a federated network of GA4GH services.

`rank_services` asks TES instances for prices and queue times and DRS instances for sizes and access
URIs, all at once, and ranks the combinations by cost, time or both:

    from testribute import rank_services

    response = rank_services(
        tes_uris=["https://tes.example/ga4gh/tes/v1/"],
        resource_requirements={
            "cpu_cores": 2, "ram_gb": 8, "disk_gb": 50, "execution_time_sec": 1800
        },
        object_ids=["a001"],
        drs_uris=["https://drs.example/ga4gh/drs/v1/"],
    )
    response.to_dict()

The functions of this module keep a `Ranker` for each configuration; a program that wants to decide
how long connections and caches live makes its own.
"""

from __future__ import annotations

from ._logging import Warn
from ._request import ConfigLike
from ._testribute import __version__
from ._types import (
    ModeLike,
    Requirements,
    ResourceRequirements,
    Sizes,
    Strings,
    TaskLike,
)
from .errors import (
    ArgumentError,
    ConfigError,
    ErrorDetail,
    ResourceUnavailableError,
    TestributeError,
    TestributeWarning,
    UnauthorizedError,
    ValidationError,
)
from .functions import (
    rank_services,
    rank_services_async,
    rank_tasks,
    rank_tasks_async,
)
from .models import AccessUris, Costs, Mode, RankResponse, ServiceCombination
from .ranker import Ranker, Reach

__all__ = [
    "AccessUris",
    "ArgumentError",
    "ConfigError",
    "ConfigLike",
    "Costs",
    "ErrorDetail",
    "Mode",
    "ModeLike",
    "RankResponse",
    "Ranker",
    "Reach",
    "Requirements",
    "ResourceRequirements",
    "ResourceUnavailableError",
    "ServiceCombination",
    "Sizes",
    "Strings",
    "TaskLike",
    "TestributeError",
    "TestributeWarning",
    "UnauthorizedError",
    "ValidationError",
    "Warn",
    "__version__",
    "rank_services",
    "rank_services_async",
    "rank_tasks",
    "rank_tasks_async",
]
