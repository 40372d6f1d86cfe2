// Why there is no answer, and what to do.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { submit } from "../calls";
import { duration, integer } from "../model/format";
import type { Failure } from "../model/service";
import { faults } from "../store";
import { Quoted } from "./warnings";

const TITLES: Record<number, string> = {
  400: "The request cannot be ranked",
  401: "A token is needed",
  403: "Not allowed",
  404: "This service does not have that",
  413: "The request is too large",
  429: "Too many requests",
  500: "The service failed",
  502: "The service cannot be reached",
  503: "The service is busy",
  504: "It took too long",
};

function Retry({ failure }: { failure: Failure }) {
  const after = failure.kind === "refused" ? failure.retryAfter : undefined;
  const [left, setLeft] = useState(after ?? 0);
  useEffect(() => {
    setLeft(after ?? 0);
    if (!after) return;
    const timer = setInterval(() => setLeft((left) => Math.max(0, left - 1)), 1000);
    return () => clearInterval(timer);
  }, [failure]);
  return (
    <p>
      {/* Not `disabled`, which would take the focus from it. */}
      <button type="button" aria-disabled={left > 0} onClick={() => left === 0 && void submit()}>
        {left > 0 ? `Try again in ${duration(left)}` : "Try again"}
      </button>
      <span class="visually-hidden" role="status">{after && left === 0 ? "The service can be asked again." : null}</span>
    </p>
  );
}

function useOnline(): boolean {
  const [isOnline, setIsOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setIsOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return isOnline;
}

/** What is read out once: not again for every fault that is mended. */
function Told({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div role="alert" aria-atomic="false" aria-relevant="additions">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function FailureView({ failure }: { failure: Failure }) {
  const isOnline = useOnline();
  if (failure.kind === "refused") return <Refusal failure={failure} />;
  const isOffline = failure.kind === "unreachable" && failure.offline && !isOnline;
  return (
    <section class="panel failure">
      {failure.kind === "unreadable" ? (
        <Told key={failure} title="The answer is no ranking">
          <p>
            Status {failure.status}, but not an answer of this service: something between may have answered, for instance
            a login page.
          </p>
        </Told>
      ) : (
        <Told key={failure} title={isOffline ? "You are offline" : "The service cannot be reached"}>
          <p>
            {isOffline
              ? "The request was not sent. The form stays as it is."
              : "It did not answer, or the connection was cut off. The form stays as it is."}
          </p>
        </Told>
      )}
      <Retry failure={failure} />
    </section>
  );
}

/** The most messages that are listed. */
const MOST_MESSAGES = 50;

function Refusal({ failure }: { failure: Extract<Failure, { kind: "refused" }> }) {
  const { status, entries, requestId } = failure;
  const reasons = new Set(entries.map(({ reason }) => reason));
  const isInvalid = reasons.has("ValidationError");
  const left = faults.value;
  const messages = entries.flatMap(({ message }) => message);
  return (
    <section class="panel failure">
      <Told key={failure} title={isInvalid ? faultsTitle(left.length) : (TITLES[status] ?? "No answer")}>
        <ul class="messages">
          {isInvalid
            ? left.slice(0, MOST_MESSAGES).map(({ pointer, text }) => (
                <li key={pointer + text}>{pointer && <code>{pointer}</code>} {text}</li>
              ))
            : messages.slice(0, MOST_MESSAGES).map((text, index) => <li key={index}><Quoted text={text} /></li>)}
        </ul>
        {messages.length > MOST_MESSAGES && <p>And {integer(messages.length - MOST_MESSAGES)} more.</p>}
        {status === 401 && <p>Enter a token in the form and rank again.</p>}
      </Told>
      {[429, 502, 503, 504].includes(status) && <Retry failure={failure} />}
      <p class="hint">
        Status {status}, {[...reasons].join(", ")}
        {requestId && status >= 500 && <>, request <code>{requestId}</code></>}
      </p>
    </section>
  );
}

const faultsTitle = (count: number): string =>
  count === 0 ? "The request was changed: rank it again" : count === 1 ? "One fault in the request" : `${integer(count)} faults in the request`;
