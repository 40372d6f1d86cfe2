"""The plugin `tes.routing.testribute` for gateways on FOCA 0.18 and newer."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal, cast

from foca.plugins import Backend, Context, InboundRequest, OutboundRequest, Plugin, PluginError
from foca.utils.http import GuardedClient, HttpError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .inprocess import InProcess
from .ranking import (
    Choice,
    NoRankingError,
    Ranking,
    decoded,
    ordered,
    question,
    ranking,
    reduced,
    rewritten,
)

Mode = Annotated[float, Field(ge=0, le=1)] | Literal["cost", "time", "random"]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

#: Of the time that FOCA leaves a hook, what is kept for everything but the ranking.
_RESERVE = 0.1
#: Of the time of a ranking, from where on it may have lacked time.
_LONG = 0.8
_MAX_TEXT = 200
#: Lists of records hold at most 16 items; 8 of each leave room for the others.
_MAX_LIST = 8


class TestributeConfig(BaseModel):
    """Settings of the administrator.

    Attributes:
        url: Root URL of a testribute service; without it, tasks are ranked in process by the
            Python package `testribute`.
        allow_http: Whether `url` may be plain http, for instance within a cluster.
        forward_token: Whether the caller's token is sent to testribute, which sends it to the TES
            and DRS of the request.
        testribute_config: Path of the configuration of testribute, for rankings in process.
        mode: `cost`, `time`, the weight of time against cost from 0 to 1, or `random`.
        limit: How many combinations are asked for; a TES without any among them goes last.
        timeout: Seconds for a ranking. It is cut to what FOCA leaves the hook, less a tenth; the
            log says so where a ranking lacked time.
        execution_time_sec: How long tasks run, where earlier tasks do not tell.
        drs_uris: DRS that may have inputs, besides those that `drs://` URLs name.
        rewrite_inputs: Whether input URLs become the chosen access URIs: `forward` for each TES its
            own; `request` those of the best of `tes_uris`, before the gateway stores the task.
        tes_uris: The TES that `rewrite_inputs: request` ranks.
        if_unavailable: What stands if there is no ranking: the order as it was (`keep`), or the
            next alternative of the step (`next`).
        max_candidates: How many TES are ranked; further ones go last.
    """

    __test__ = False
    # Strict: true is no number of seconds, and neither is "2".
    model_config = ConfigDict(extra="forbid", strict=True)

    url: str | None = None
    allow_http: bool = False
    forward_token: bool = False
    testribute_config: str | None = None
    mode: Mode = 0.5
    limit: Annotated[int, Field(ge=1)] = 100
    timeout: Seconds = 5.0
    execution_time_sec: Seconds | None = None
    drs_uris: list[str] = []
    rewrite_inputs: Literal["never", "forward", "request"] = "never"
    tes_uris: list[str] = []
    if_unavailable: Literal["keep", "next"] = "keep"
    max_candidates: Annotated[int, Field(ge=1)] = 100

    @model_validator(mode="after")
    def _check(self) -> TestributeConfig:
        if self.url is not None:
            schemes = ("https://", "http://") if self.allow_http else ("https://",)
            if not self.url.lower().startswith(schemes):
                raise ValueError(f"url must begin with {' or '.join(schemes)}")
            if self.testribute_config is not None:
                raise ValueError("testribute_config is for rankings in process, without url")
        if self.rewrite_inputs == "request" and not self.tes_uris:
            raise ValueError("rewrite_inputs: request needs tes_uris")
        return self


class TestributeParams(BaseModel):
    """Parameters of a pipeline step.

    Attributes:
        mode: In place of the administrator's.
        execution_time_sec: How long the task runs, in place of the administrator's.
    """

    __test__ = False
    model_config = ConfigDict(extra="forbid", strict=True)

    mode: Mode | None = None
    execution_time_sec: Seconds | None = None


class TestributeRouter(Plugin[TestributeConfig, TestributeParams]):
    """Cost and time of a task at each TES.

    Orders the candidates by the estimated cost and time of the task, from its resources, the
    places and sizes of its inputs, and prices and queues of the TES. Candidates that cannot be
    ranked go last. Without a ranking, the order stays as it was.
    """

    __test__ = False
    Config = TestributeConfig
    Params = TestributeParams
    apis = frozenset({"tes"})
    capabilities = frozenset({"cost-routing", "time-routing"})
    maturity = "experimental"
    data_transfers = ("testribute: resources, images and input URLs of the task",)

    def setup(self, config: TestributeConfig) -> None:
        """Check that rankings can be made; connects to nothing.

        Args:
            config: Settings of the administrator.

        Raises:
            ValueError: Tasks are to be ranked in process, and the package is not there.
        """
        self._in_process = InProcess(config.testribute_config) if config.url is None else None

    def on_request(self, request: InboundRequest, ctx: Context) -> None:
        """Keep what a ranking needs; rewrite the inputs for the best of `tes_uris`, if configured.

        Args:
            request: Inbound request; its payload is a TES task.
            ctx: Context.
        """
        # The route phase does not get the payload.
        ctx.state["task"] = self._reduced(request.payload)
        if self.config.rewrite_inputs != "request" or not isinstance(request.payload, dict):
            return
        try:
            ranked = self._rank(ctx.state["task"], self.config.tes_uris, ctx)
            best = next(iter(ranked.choices.values()), None)
        except NoRankingError as error:
            self._note_failure(error, ctx)
            return
        if best is not None:
            inputs, changed = rewritten(request.payload.get("inputs"), best.uris)
            if changed:
                request.payload["inputs"] = inputs
            _record(ctx, rewritten_inputs=changed)
            # The copies are fixed from here on: the order is that of the same ranking.
            ctx.state["ranking"] = ranked

    def on_route(self, candidates: list[Backend], ctx: Context) -> list[Backend]:
        """Order the candidates.

        Args:
            candidates: Candidates, in the order of the gateway.
            ctx: Context.

        Returns:
            All candidates: ranked ones first, the best one at the front.

        Raises:
            PluginError: There is no ranking, and `if_unavailable` is `next`.
        """
        try:
            ranked = ctx.state.get("ranking")
            if ranked is None:
                uris = list(dict.fromkeys(backend.url for backend in candidates))
                task = ctx.state.get("task") or self._reduced(ctx.original)
                ranked = self._rank(task, uris[: self.config.max_candidates], ctx)
            by_url = _by_candidate(ranked, candidates)
            order, count = ordered([(backend.url, backend) for backend in candidates], by_url)
        except NoRankingError as error:
            self._note_failure(error, ctx)
            if self.config.if_unavailable == "next":
                raise PluginError(f"no ranking: {error.reason}") from None
            return candidates
        ctx.state["choices"] = dict(by_url.choices)
        # A TES without a combination within the limit has a place and no costs.
        found = [by_url.choices.get(backend.url) for backend in order[:count]]
        listed = [choice for choice in found if choice is not None]
        _record(ctx, ranked=count, unranked=len(order) - count)
        if not listed:
            return order
        best = listed[0]
        _record(
            ctx,
            cost=best.cost,
            currency=best.currency,
            time_sec=best.seconds,
            reason=self._reason(best, ctx),
            costs=[choice.cost for choice in listed[:_MAX_LIST]],
            times_sec=[choice.seconds for choice in listed[:_MAX_LIST]],
        )
        return order

    def on_forward(self, outbound: OutboundRequest, ctx: Context) -> None:
        """Record what the task costs at the backend, and rewrite the inputs for it, if configured.

        Args:
            outbound: Outbound request of the attempt.
            ctx: Context.
        """
        choice: Choice | None = ctx.state.get("choices", {}).get(outbound.backend.url)
        if choice is None:
            return
        _record(ctx, cost=choice.cost, currency=choice.currency, time_sec=choice.seconds)
        if self.config.rewrite_inputs == "forward" and isinstance(outbound.payload, dict):
            inputs, changed = rewritten(outbound.payload.get("inputs"), choice.uris)
            if changed:
                outbound.payload["inputs"] = inputs
            _record(ctx, rewritten_inputs=changed)

    def _rank(self, task: dict[str, Any], tes_uris: list[str], ctx: Context) -> Ranking:
        """Ask for a ranking.

        Raises:
            NoRankingError: There is none.
        """
        params = cast(TestributeParams, ctx.params)
        options = {
            "mode": self.config.mode if params.mode is None else params.mode,
            "limit": self.config.limit,
            "drs_uris": self.config.drs_uris or None,
            "execution_time_sec": params.execution_time_sec or self.config.execution_time_sec,
        }
        left = ctx.remaining() * (1 - _RESERVE)
        timeout = min(self.config.timeout, left)
        if timeout <= 0:
            raise NoRankingError("no_time", "FOCA left no time")
        token = ctx.principal.token if self.config.forward_token else None
        body = question(task, tes_uris, options)
        ask = self._send if self._in_process is None else self._in_process.rank
        started = time.monotonic()
        try:
            ranked = ranking(ask(body, token, timeout))
            for warning in ranked.warnings[:_MAX_LIST]:
                ctx.log.info("testribute: %s", warning)
        except NoRankingError:
            raise
        except Exception as error:
            # FOCA would refuse the task.
            ctx.log.exception("internal error; please report it")
            raise NoRankingError("internal_error", f"internal {type(error).__name__}") from error
        finally:
            if time.monotonic() - started > _LONG * timeout:
                what = "timeout of the plugin" if timeout < left else "timeout of its step, in FOCA"
                ctx.log.info("testribute had %.3g s: raise %s for more", timeout, what)
        return ranked

    def _send(self, body: dict[str, Any], token: str | None, timeout: float) -> Any:
        """Post to the service, which the administrator chose: it may have a private address."""
        client = GuardedClient(
            timeout=timeout, allow_private_addresses=True, allow_http=self.config.allow_http
        )
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{(self.config.url or '').rstrip('/')}/rank-tasks"
        try:
            response = client.post(url, headers=headers, json=body)
        except HttpError as error:
            reason = str(getattr(error, "reason", None) or "unreachable")
            raise NoRankingError(reason, str(error)) from None
        finally:
            client.close()
        if response.status != 200:
            raise NoRankingError(
                f"http_{response.status}", f"testribute answered {response.status}"
            )
        return decoded(response.content)

    def _reduced(self, task: object) -> dict[str, Any]:
        """Get what a ranking needs; secrets in URLs leave the process only as tokens do."""
        return reduced(task, secrets=self._in_process is not None or self.config.forward_token)

    def _note_failure(self, error: NoRankingError, ctx: Context) -> None:
        ctx.log.warning("no ranking by testribute: %s", error)
        _record(ctx, fallback=error.reason)

    def _reason(self, best: Choice, ctx: Context) -> str:
        params = cast(TestributeParams, ctx.params)
        mode = self.config.mode if params.mode is None else params.mode
        if best.score is None:
            return f"mode {mode}"
        return f"lowest score {best.score:.4g}, mode {mode}"


def _by_candidate(ranked: Ranking, candidates: list[Backend]) -> Ranking:
    """Give the choices the URLs of candidates, where a trailing slash makes the difference."""
    urls = {backend.url.rstrip("/"): backend.url for backend in candidates}
    pairs = [(urls.get(uri.rstrip("/")), uri) for uri in ranked.order]
    choices: dict[str, Choice] = {}
    for url, uri in pairs:
        if url is not None and uri in ranked.choices:
            choices.setdefault(url, ranked.choices[uri])
    order = list(dict.fromkeys(url for url, _ in pairs if url is not None))
    return Ranking(choices, order, ranked.warnings)


def _record(ctx: Context, **values: Any) -> None:
    """Record what fits into FOCA's limits; a record never fails a request."""
    for key, value in values.items():
        try:
            ctx.record(key, value[:_MAX_TEXT] if isinstance(value, str) else value)
        except ValueError:
            ctx.log.debug("not recorded: %s", key)
