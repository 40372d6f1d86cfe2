// Opens the page in a browser, sends the example request as a visitor would, and looks at what comes back.
//     node try.mjs http://127.0.0.1:8080/ui/
// SCREENSHOT names a file for a picture of the page after the answer.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const page_url = new URL(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(20_000);
  const complaints = [];
  const requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(new URL(request.url())));

  await page.goto(page_url.href);
  // The licence of the location data asks for it.
  const attribution = page.getByRole("link", { name: "IP Geolocation by DB-IP" });
  assert.equal(await attribution.getAttribute("href"), "https://db-ip.com");
  const operation = page.locator("#operations-ranking-rankServices");
  await operation.locator("button.opblock-summary-control").click();
  const body = operation.locator("textarea.body-param__text");
  // The page may be configured to be ready for input at once.
  const try_it_out = operation.getByRole("button", { name: "Try it out" });
  await operation.locator(".try-out").waitFor();
  if (await try_it_out.count()) await try_it_out.click();
  const request = JSON.parse(await body.inputValue());
  assert.ok(request.tes_uris.length >= 2, "the example request is not filled in");

  const [response] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname.endsWith("/rank-services")),
    operation.getByRole("button", { name: "Execute" }).click(),
  ]);
  assert.equal(response.status(), 200);
  const live = operation.locator(".live-responses-table");
  assert.equal((await live.locator("tbody td.response-col_status").innerText()).trim(), "200");
  const answer = JSON.parse(await live.locator("tbody td.response-col_description .microlight").first().innerText());
  const combinations = answer.service_combinations.length;
  assert.ok(combinations >= 4, `only ${combinations} combinations`);
  assert.deepEqual(answer.warnings, []);
  assert.equal(new Set(answer.service_combinations.map((one) => one.cost_estimate.amount)).size, combinations);

  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
  const elsewhere = requests.filter((url) => url.protocol !== "data:" && url.host !== page_url.host);
  assert.deepEqual(elsewhere.map(String), [], "the page asks other hosts");
  assert.deepEqual(complaints, [], "the console has complaints");
  console.log(`The page shows a ranking of ${combinations} combinations.`);
} finally {
  await browser.close();
}
