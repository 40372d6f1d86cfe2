// What the tab keeps of the request, what its address has of it, and what is told where something is left out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium } from "playwright-core";

import * as answers from "./answers.mjs";
import { accessible, answer, browserOptions, fill, onPage, rank, root, rows } from "./browser.mjs";

const SIGNED = "https://x.example/a?X-Amz-Signature=signed-secret";
const TASK = {
  name: "t",
  inputs: [{ url: SIGNED, path: "/data/a" }, { content: "content-secret", path: "/data/b" }],
  executors: [{ image: "i", command: ["c", SIGNED, "d"], env: { KEY: "env-secret" }, stdin: "/stdin-secret" }],
};
const REQUEST = { task: TASK, tes_uris: ["https://tes.example/"], mode: 0.5, unknown: "unknown-secret" };
const LEFT_OUT = ["/task/inputs/0/url", "/task/inputs/1/content", "/task/executors/0/command/1", "/task/executors/0/env", "/unknown"];

const request = async (page) => JSON.parse(await page.evaluate(() => document.querySelector(".json textarea").value));
const ranksTasks = (page) => answer(page, (body) => {
  const json = answers.oneSite();
  json.service_combinations[0].task = body.task;
  return { json };
}, "**/rank-tasks");
const hasRequest = (page) => page.waitForFunction(() => location.hash.startsWith("#request="));
const isKept = (page) => page.waitForFunction(() => history.state !== null);

onPage("a reload gives back the whole request, without the token", async (page) => {
  await ranksTasks(page);
  await page.getByText("Token and more options").click();
  await page.getByLabel("Bearer token").fill("token-secret");
  await fill(page, REQUEST);
  await rank(page);
  await hasRequest(page);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state]));
  assert.doesNotMatch(stored, /token-secret/);
  await page.reload();
  await page.getByText("as you left it").waitFor();
  assert.deepEqual(await request(page), REQUEST);
  assert.equal(await page.locator(".missing").count(), 0);
  // Also what was not sent yet.
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://edited.example/");
  await page.waitForFunction(() => /edited/.test(JSON.stringify(history.state)));
  await page.reload();
  await page.getByText("as you left it").waitFor();
  assert.deepEqual(await request(page), { ...REQUEST, tes_uris: ["https://edited.example/"] });
});

onPage("Back from another page, and from another link, gives back the whole request", async (page) => {
  await fill(page, REQUEST);
  await isKept(page);
  await page.getByRole("link", { name: "API" }).click();
  await page.waitForURL("**/ui/");
  await page.goBack();
  await page.getByText("as you left it").waitFor();
  assert.deepEqual(await request(page), REQUEST);
  await hasRequest(page);
  await page.evaluate(() => (location.hash = "results"));
  await page.evaluate(async () => {
    const text = JSON.stringify({ tes_uris: ["https://from-link.example/"] });
    const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
    location.hash = `request=${btoa(String.fromCharCode(...new Uint8Array(packed))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  });
  await page.getByText("The request is from the link").waitFor();
  await page.goBack();
  await page.goBack();
  await page.getByText("as you left it").waitFor();
  assert.deepEqual(await request(page), REQUEST);
});

test("Back from the page of the API gives back the answer, too", { timeout: 60_000 }, async () => {
  // As visitors have it: the tools for tests take this cache away.
  const browser = await chromium.launch({ ...browserOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  try {
    const page = await browser.newPage();
    await page.goto(root.href);
    await page.locator(".version").waitFor();
    await rank(page);
    await rows(page).nth(3).click();
    await page.getByRole("spinbutton", { name: "CPU cores" }).fill("3");
    await page.getByRole("link", { name: "API" }).click();
    await page.waitForURL("**/ui/");
    await page.goBack({ waitUntil: "commit" });
    assert.equal(await rows(page).count(), 8);
    assert.equal(await page.getByRole("spinbutton", { name: "CPU cores" }).inputValue(), "3");
  } finally {
    await browser.close();
  }
});

onPage("a link says what it lacks, and nothing is offered as if it were whole", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await fill(page, REQUEST);
  await hasRequest(page);
  const href = page.url();
  assert.doesNotMatch(Buffer.from(await page.evaluate(async () => {
    const bytes = Uint8Array.from(atob(location.hash.split(/[=&]/)[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  })).toString(), /secret/);

  const other = await context.newPage();
  await ranksTasks(other);
  await other.goto(href);
  const missing = other.locator(".ask .missing");
  await other.getByRole("status").getByText("left out what may be secret").waitFor();
  await missing.waitFor();
  for (const pointer of LEFT_OUT) assert.ok((await missing.innerText()).includes(pointer), pointer);
  await rank(other);
  await accessible(other, "a request that lacks something");
  assert.ok(await missing.isVisible());
  assert.match(await other.locator(".why").innerText(), /not whole[^]*left out/);
  assert.equal(await other.getByRole("button", { name: "Download task" }).count(), 0);
  for (const name of ["curl", "command line", "Python"]) {
    await other.getByRole("button", { name, exact: true }).click();
    await other.getByText(/copied\.$/).waitFor();
    assert.match(await other.evaluate(() => navigator.clipboard.readText()), /^# .*left out.*\/task\/executors\/0\/env/m);
  }
  // It stays so with a reload, and in a link of the link.
  await other.reload();
  await missing.waitFor();
  await other.getByRole("button", { name: "link", exact: true }).click();
  await other.getByText(/copied\.$/).waitFor();
  const third = await context.newPage();
  await third.goto(await other.evaluate(() => navigator.clipboard.readText()));
  await third.locator(".missing").waitFor();

  // What is filled in is there; the rest until it is said that nothing is missing.
  const task = (await request(other)).task;
  task.executors[0].env = { KEY: "v" };
  await other.getByRole("textbox", { name: "TES task (JSON)" }).fill(JSON.stringify(task));
  assert.doesNotMatch(await missing.innerText(), /\/env/);
  await rank(other);
  await other.getByRole("button", { name: "Nothing is missing" }).click();
  assert.equal(await missing.count(), 0);
  await rank(other);
  await other.getByRole("button", { name: "Download task" }).waitFor();
  // Another request is whole.
  await third.locator(".examples select").selectOption({ label: "A TES task" });
  assert.equal(await third.locator(".missing").count(), 0);
});

onPage("the address has the weight of the slider, and what is changed in the form", async (page) => {
  await rank(page);
  await hasRequest(page);
  const unpack = () => page.evaluate(async () => {
    const bytes = Uint8Array.from(atob(location.hash.split(/[=&]/)[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text());
  });
  for (const [act, test] of [
    [() => page.getByRole("slider", { name: "Weight of time" }).first().fill("0.8"), ({ mode }) => mode === 0.8],
    [() => page.getByRole("spinbutton", { name: "CPU cores" }).fill("7"), ({ resource_requirements: needs }) => needs.cpu_cores === 7],
    [() => page.getByLabel("random order").first().check(), ({ mode }) => mode === "random"],
  ]) {
    const before = await page.evaluate(() => location.hash);
    await act();
    await page.waitForFunction((before) => location.hash !== before, before);
    assert.ok(test(await unpack()));
  }
  const { hash } = new URL(page.url());
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, hash, "the way to the results takes the request out of the address");
  assert.equal(await page.evaluate(() => document.activeElement.id), "results");
});
