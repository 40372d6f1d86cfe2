// What people type and paste that is not quite what was asked for, and pages and answers that lack something.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import * as answers from "./answers.mjs";
import { accessible, answer, fill, newPage, onPage, rank, rankButton, root, rows } from "./browser.mjs";

const TASK = { name: "t", executors: [{ image: "i", command: ["c"] }] };
const request = async (page) => JSON.parse(await page.evaluate(() => document.querySelector(".json textarea").value));

const drop = (page, text, name) =>
  page.evaluate(([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: "application/json" }));
    document.querySelector(".ask").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [text, name]);

onPage("JSON with a byte order mark before it is taken", async (page) => {
  await page.getByLabel("TES task", { exact: true }).check();
  await page.getByRole("textbox", { name: "TES task (JSON)" }).fill(`\ufeff${JSON.stringify(TASK)}`);
  assert.deepEqual((await request(page)).task, TASK);
  await page.getByText("Request as JSON").first().click();
  await page.getByRole("textbox", { name: "Request as JSON" }).fill(`\ufeff${JSON.stringify({ tes_uris: ["https://t.example/"], mode: 0.3 })}`);
  assert.equal(await page.getByRole("textbox", { name: "Where it could run" }).inputValue(), "https://t.example/");
  assert.equal(await page.locator(".ask [data-unread]").count(), 0);
});

for (const [locale, comma, cores, weight] of [["de-DE", "decimal", 2.5, 0.3], ["en-GB", "no decimal", 25, 1]]) {
  onPage(`a comma is ${comma} separator where figures are written as in ${locale}`, async (page, context) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const field = page.getByRole("spinbutton", { name: "CPU cores" });
    const value = async () => (await request(page)).resource_requirements.cpu_cores;
    const clear = async () => {
      await field.fill("");
      assert.equal(await value(), undefined);
      await field.focus();
    };
    await clear();
    await page.keyboard.type("2,5");
    assert.equal(await value(), cores);
    await clear();
    await page.evaluate(() => navigator.clipboard.writeText(" 2,5\n"));
    await page.keyboard.press("ControlOrMeta+v");
    assert.equal(await value(), cores);
    await clear();
    await page.keyboard.type("2.5");
    assert.equal(await value(), 2.5);
    const number = page.getByRole("spinbutton", { name: "Weight of time" }).first();
    await number.focus();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("0,3");
    await number.blur();
    assert.equal((await request(page)).mode, weight);
  }, { locale });
}

onPage("a request in the place of a task is taken as one, whether pasted or dropped", async (page) => {
  const { drs_uris } = await request(page);
  await page.getByLabel("TES task", { exact: true }).check();
  const field = page.getByRole("textbox", { name: "TES task (JSON)" });
  await field.fill(JSON.stringify({ task: TASK, tes_uris: ["https://pasted.example/"], execution_time_sec: 60 }));
  await page.getByText("The request is from the text").waitFor();
  let body = await request(page);
  assert.deepEqual([body.task, body.tes_uris, body.execution_time_sec, body.drs_uris], [TASK, ["https://pasted.example/"], 60, drs_uris]);
  assert.deepEqual(JSON.parse(await field.inputValue()), TASK);
  await drop(page, JSON.stringify({ tes_uris: ["https://dropped.example/"], resource_requirements: { cpu_cores: 9 } }), "request.json");
  await page.getByText("The request is from request.json").waitFor();
  assert.equal(await page.getByRole("spinbutton", { name: "CPU cores" }).inputValue(), "9");
  body = await request(page);
  assert.deepEqual([body.task, body.tes_uris], [undefined, ["https://dropped.example/"]]);
});

onPage("a token that is pasted with its header is sent once, and one that cannot be sent is told at its field", async (page) => {
  const sent = [];
  await answer(page, (_, incoming) => {
    sent.push(incoming.headers().authorization);
    return { json: answers.oneSite() };
  });
  await page.getByText("Token and more options").click();
  const field = page.getByLabel("Bearer token");
  await field.fill("Bearer abc");
  await rank(page);
  assert.deepEqual(sent, ["Bearer abc"]);
  // Where it is pasted from there may be what nobody sees.
  await field.fill("\u200babc");
  await page.getByText("Token and more options").click();
  await rankButton(page).click();
  await page.getByText("A token has visible ASCII characters only").waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  assert.equal(await page.locator(".failure").count(), 0);
  await accessible(page, "a token that cannot be sent");
  await field.fill("def");
  await rankButton(page).click();
  await page.waitForFunction(() => !document.querySelector(".stale").textContent);
  assert.deepEqual(sent, ["Bearer abc", "Bearer def"]);
});

onPage("a link that something was added to, or cut from, is told", async (page) => {
  const hash = `#request=${deflateRawSync('{"mode":0.3}').toString("base64url")}`;
  for (const odd of ["#request=", `${hash}.`, `${hash})`, `${hash}&utm_source=mail`]) {
    await page.evaluate((hash) => (location.hash = hash), odd);
    await page.getByText("The request of this link cannot be read").waitFor();
    await page.evaluate((hash) => (location.hash = hash), hash);
    await page.getByText("The request is from the link").waitFor();
  }
});

onPage("numbers, amounts and times have the digits of one script", async (page) => {
  await rank(page);
  const told = await page.locator(".verdict").innerText();
  assert.match(told, /[٠-٩]/);
  assert.doesNotMatch(told, /[0-9]/);
  assert.doesNotMatch(await page.locator(".parts").innerText(), /[0-9]/);
}, { locale: "ar-EG" });

onPage("where the service tells no places though it was asked, the page does not say that it was not", async (page) => {
  await answer(page, () => ({ json: answers.noObjects() }));
  await rank(page);
  assert.match(await page.locator(".map").innerText(), /has no places: the service tells none/);
  assert.equal(await page.getByRole("button", { name: "Rank with places" }).count(), 0);
});

onPage("a free site has no price in percent of nothing", async (page) => {
  const json = answers.noObjects();
  Object.assign(json.service_combinations[0].cost_estimate, { amount: 0 });
  json.means.cost /= 3;
  await answer(page, () => ({ json }));
  await rank(page);
  for (const index of [0, 1]) {
    await page.locator(".to-be-best select").selectOption({ index });
    assert.doesNotMatch(await page.locator(".to-be-best").innerText(), /\d{3,}%/);
  }
});

onPage("on a phone the names of sites are whole in the table", async (page) => {
  await answer(page, () => ({ json: answers.explained() }));
  await fill(page, answers.explainedRequest);
  await rank(page);
  const cut = await rows(page).locator(".name").evaluateAll((names) =>
    names.filter((name) => name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth + 1).map(({ textContent }) => textContent));
  assert.deepEqual(cut, []);
}, { viewport: { width: 360, height: 740 } });

onPage("the time until the next try is that of the service, in units that people read", async (page) => {
  await page.clock.install();
  await answer(page, () => ({ status: 429, headers: { "Retry-After": "7200" }, json: answers.problem(429, "TooManyRequests", "Too many.") }));
  await rankButton(page).click();
  await page.getByRole("button", { name: /^Try again in (2 h|1 h 59 min)$/ }).waitFor();
}, { expected: ["status of 429"] });

onPage("hundreds of sites that are not ranked, or at unknown places, leave what is ranked in sight", async (page) => {
  const uris = Array.from({ length: 300 }, (_, index) => `https://tes-${index}.example/`);
  const json = answers.huge();
  json.service_combinations = json.service_combinations.slice(0, 200).map((one, index) => ({ ...one, access_uris: { tes_uri: uris[index] } }));
  json.warnings = uris.slice(200).map((uri) => `TES unavailable: '${uri}' did not answer within 2 s.`);
  await answer(page, () => ({ json }));
  await fill(page, { tes_uris: uris, mode: 0.5 });
  await rank(page);
  const warnings = page.locator(".warnings");
  assert.ok((await warnings.boundingBox()).height < 300);
  await warnings.getByRole("button", { name: "95 more" }).click();
  assert.equal(await warnings.locator("li").count(), 100);
  const note = page.locator(".map .note");
  await note.waitFor();
  assert.ok((await note.boundingBox()).height < 200);
  await note.getByRole("button", { name: /more$/ }).click();
  assert.match(await note.innerText(), /tes-199\.example/);
});

test("a page that does not find its files says so", { timeout: 60_000 }, async () => {
  const page = await newPage();
  const told = page.getByText("The files of this page were not found");
  try {
    await page.goto(root.href);
    await page.locator(".version").waitFor();
    assert.ok(!(await told.isVisible()));
    await page.route("**/assets/**", (route) => route.fulfill({ status: 404, body: "" }));
    await page.reload();
    await told.waitFor();
    assert.ok(await told.isVisible());
  } finally {
    await page.close();
  }
});
