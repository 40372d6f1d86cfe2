// Why there is no answer, and what to do.

import { useEffect, useState } from "preact/hooks";

import { submit } from "../calls";
import { integer } from "../model/format";
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

function Retry({ after }: { after: number | undefined }) {
  const [left, setLeft] = useState(after ?? 0);
  useEffect(() => {
    setLeft(after ?? 0);
    if (!after) return;
    const timer = setInterval(() => setLeft((left) => Math.max(0, left - 1)), 1000);
    return () => clearInterval(timer);
  }, [after]);
  return (
    <p>
      <button type="button" disabled={left > 0} onClick={() => void submit()}>
        {left > 0 ? `Try again in ${left} s` : "Try again"}
      </button>
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

export function FailureView({ failure }: { failure: Failure }) {
  const isOnline = useOnline();
  if (failure.kind === "unreachable") {
    const isOffline = failure.offline && !isOnline;
    return (
      <section class="panel failure" role="alert">
        <h2>{isOffline ? "You are offline" : "The service cannot be reached"}</h2>
        <p>
          {isOffline
            ? "The request was not sent. The form stays as it is."
            : "It did not answer, or the connection was cut off. The form stays as it is."}
        </p>
        <Retry after={undefined} />
      </section>
    );
  }
  if (failure.kind === "unreadable") {
    return (
      <section class="panel failure" role="alert">
        <h2>The answer is no ranking</h2>
        <p>
          Status {failure.status}, but not an answer of this service: something between may have answered, for instance
          a login page.
        </p>
        <Retry after={undefined} />
      </section>
    );
  }
  return <Refusal {...failure} />;
}

/** The most messages that are listed. */
const MOST_MESSAGES = 50;

function Refusal({ status, entries, requestId, retryAfter }: Extract<Failure, { kind: "refused" }>) {
  const reasons = new Set(entries.map(({ reason }) => reason));
  const isInvalid = reasons.has("ValidationError");
  const left = faults.value;
  const messages = entries.flatMap(({ message }) => message);
  return (
    <section class="panel failure" role="alert">
      <h2>{isInvalid ? faultsTitle(left.length) : (TITLES[status] ?? "No answer")}</h2>
      <ul class="messages">
        {isInvalid
          ? left.slice(0, MOST_MESSAGES).map(({ pointer, text }) => (
              <li key={pointer + text}>{pointer && <code>{pointer}</code>} {text}</li>
            ))
          : messages.slice(0, MOST_MESSAGES).map((text, index) => <li key={index}><Quoted text={text} /></li>)}
      </ul>
      {messages.length > MOST_MESSAGES && <p>And {integer(messages.length - MOST_MESSAGES)} more.</p>}
      {status === 401 && <p>Enter a token in the form and rank again.</p>}
      {[429, 502, 503, 504].includes(status) && <Retry after={retryAfter} />}
      <p class="hint">
        Status {status}, {[...reasons].join(", ")}
        {requestId && status >= 500 && <>, request <code>{requestId}</code></>}
      </p>
    </section>
  );
}

const faultsTitle = (count: number): string =>
  count === 0 ? "The request was changed: rank it again" : count === 1 ? "One fault in the request" : `${integer(count)} faults in the request`;
