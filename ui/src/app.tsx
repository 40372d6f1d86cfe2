import iconUrl from "./icon.svg";

import { Ask } from "./ask/ask";
import { Results } from "./see/results";
import { settings } from "./store";

export function App() {
  return (
    <>
      <a
        class="skip"
        href="#results"
        onClick={(event) => {
          // The address keeps the request.
          event.preventDefault();
          document.getElementById("results")?.focus();
        }}
      >
        Skip to the results
      </a>
      <header class="top">
        <img src={iconUrl} alt="" width="28" height="28" />
        <h1>testribute</h1>
        <p class="tagline">Where should the task run?</p>
        <nav aria-label="Other pages">
          <a href="./ui/">API</a>
          {settings.value && <span class="version">version {settings.value.version}</span>}
        </nav>
      </header>
      <div class="layout">
        <Ask />
        <Results />
      </div>
      <footer class="bottom">
        <p>
          Addresses are placed with data made from{" "}
          <a href="https://db-ip.com" rel="noreferrer">IP Geolocation by DB-IP</a> (CC BY 4.0). Coastlines: Natural Earth.{" "}
          <a href="./licenses.txt">Licences</a> of what the page is built with.
        </p>
      </footer>
    </>
  );
}
