// What the tests of the page share: a browser, a page that must be silent and ask nothing else, and what is on it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const root = new URL(process.env.ROOT);
export const RANK = "**/rank-services";
export const browserOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
};
/** Milliseconds by which each frame is drawn late: a test that reads the page before its effects have run then fails. */
const LATE_FRAMES = Number(process.env.LATE_FRAMES ?? 0);
let browser;

/** A page of its own, of which nothing is checked. */
export const newPage = (options) => browser.newPage(options);

before(async () => {
  browser = await chromium.launch(browserOptions);
});
after(() => browser?.close());

/** Runs in the page. Short timers are delayed too, as frameworks have them for pages that draw no frames. */
function delayFrames(late) {
  const [frame, timer] = [window.requestAnimationFrame.bind(window), window.setTimeout.bind(window)];
  window.requestAnimationFrame = (draw) => timer(() => frame(draw), late);
  // The numbers that are cancelled are those of timers.
  window.cancelAnimationFrame = (id) => clearTimeout(id);
  window.setTimeout = (body, after, ...rest) => timer(body, after > 0 && after <= 100 ? after + late : after, ...rest);
}

/** Waits for the effects of what was drawn last, such as where the focus goes: they run after the frame. */
export const settled = (page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));

/**
 * Opens the page, runs `body`, and checks that the console is silent and nothing else was asked. With `prepare`, which
 * runs before the page is opened, it does not wait for the settings of the service.
 */
export function onPage(name, body, { path = "/", expected = [], prepare, ...options } = {}) {
  test(name, { timeout: 90_000 }, async () => {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints = [];
    const elsewhere = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && url.host !== root.host) elsewhere.push(url.href);
    });
    try {
      if (LATE_FRAMES > 0) await page.addInitScript(delayFrames, LATE_FRAMES);
      await prepare?.(page);
      await page.goto(new URL(path, root).href);
      await page.getByRole("textbox", { name: "Where it could run" }).waitFor();
      if (!prepare) await page.waitForFunction(() => document.querySelector(".version"));
      await body(page, context);
      const unexpected = complaints.filter((text) => !expected.some((part) => text.includes(part)));
      assert.deepEqual(unexpected, [], "the console has complaints");
      assert.deepEqual(elsewhere, [], "the page asks other hosts");
    } finally {
      await context.close();
    }
  });
}

/** Answers rankings with what `make` gives for the body of each request. */
export const answer = (page, make, path = RANK) =>
  page.route(path, async (route) => {
    const { status = 200, headers = {}, json, body } = await make(route.request().postDataJSON(), route.request());
    await route.fulfill({ status, headers, contentType: "application/json", body: body ?? JSON.stringify(json) });
  });

export const rankButton = (page) => page.getByRole("button", { name: /^Rank( again)?$/ }).first();

export async function rank(page) {
  await rankButton(page).click();
  await page.locator(".ranking tbody tr").first().waitFor();
  await page.locator(".dots [role=option]").first().waitFor();
}

export async function fill(page, request) {
  const json = page.getByRole("textbox", { name: "Request as JSON" });
  if (!(await json.isVisible())) await page.getByText("Request as JSON").first().click();
  await json.fill(JSON.stringify(request));
}

/** Changes the request of the form by `more`. */
export async function fillMore(page, more) {
  const request = await page.evaluate(() => document.querySelector(".json textarea").value);
  await fill(page, { ...JSON.parse(request), ...more });
  await settled(page);
}

export const rows = (page) => page.locator(".ranking tbody tr[data-index]");
export const indices = (page) => rows(page).evaluateAll((list) => list.map((row) => row.getAttribute("data-index")));
export const selectedRow = (page) => page.locator(".ranking tr.selected");

export async function accessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, impact, nodes }) =>
    `${impact}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`);
  assert.deepEqual(told, [], `${what} has faults of accessibility`);
}
