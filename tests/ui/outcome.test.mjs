// What became of a request is seen, heard, and leaves the focus where it was; and what is sent is what is shown.
import assert from "node:assert/strict";

import * as answers from "./answers.mjs";
import { accessible, answer, fill, fillMore, onPage, RANK, rank, rankButton, rows, settled } from "./browser.mjs";

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true };
const comesIntoSight = async (page, selector) => {
  const locator = page.locator(selector).first();
  await locator.waitFor();
  await page.waitForFunction((selector) => {
    const { top } = document.querySelector(selector).getBoundingClientRect();
    return top > -1 && top < innerHeight - 40;
  }, selector);
};
const requestsOf = (page) => {
  const sent = [];
  page.on("request", (request) => {
    if (/rank-(services|tasks)$/.test(request.url())) sent.push(request.postDataJSON());
  });
  return sent;
};
const focused = (page) => page.evaluate(() => {
  const { id, tagName, textContent } = document.activeElement;
  return id || (tagName === "BODY" ? "body" : textContent);
});

onPage("on a phone whatever became of a request comes into sight", async (page) => {
  let current;
  await answer(page, () => current);
  const refused = (status, reason) => ({ status, headers: { "Retry-After": "9" }, json: answers.problem(status, reason, "Text.") });
  for (const response of [refused(429, "TooManyRequests"), refused(500, "InternalServerError"), refused(503, "Overloaded"),
    refused(400, "ResourceUnavailableError"), { body: "<html>Log in</html>" },
    { status: 400, json: answers.problem(400, "ValidationError", "/unknown: is wrong") }]) {
    current = response;
    await rankButton(page).tap();
    await comesIntoSight(page, ".failure h2");
    await page.evaluate(() => scrollTo(0, 0));
  }
  current = { status: 400, json: answers.problem(400, "ValidationError", "/tes_uris/0: is wrong") };
  await rankButton(page).tap();
  await comesIntoSight(page, ".field[data-pointer='/tes_uris'] .faults");
  current = { json: answers.noObjects() };
  await fillMore(page, { explain: false });
  await rankButton(page).tap();
  await comesIntoSight(page, ".verdict");
  // Also where it is above what asked for it.
  current = refused(500, "InternalServerError");
  await page.getByRole("button", { name: "Rank with places" }).tap();
  await comesIntoSight(page, ".failure h2");
}, { ...PHONE, expected: ["status of"] });

onPage("text that cannot be read is sent and copied by no means, and is shown", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const sent = requestsOf(page);
  await page.getByLabel("TES task", { exact: true }).check();
  const task = page.getByRole("textbox", { name: "TES task (JSON)" });
  const json = page.getByRole("textbox", { name: "Request as JSON" });
  const cores = page.getByRole("spinbutton", { name: "CPU cores" });
  const isFocused = async (locator) => {
    await settled(page);
    return locator.evaluate((element) => element === document.activeElement);
  };
  const refuses = async (field) => {
    await rankButton(page).click();
    await page.getByText("Not sent and not copied").waitFor();
    assert.ok(await isFocused(field));
    await page.getByRole("button", { name: "Python", exact: true }).click();
    assert.equal(await page.getByText("Python copied.").count(), 0);
    assert.ok(await isFocused(field));
  };
  await task.fill('{"name": ');
  await refuses(task);
  await accessible(page, "text that cannot be read");
  await task.fill("");
  assert.equal(await page.getByText("Not sent and not copied").count(), 0);
  // Of a field that is not shown nothing is held against the request.
  await task.fill("{");
  await page.getByLabel("Resources", { exact: true }).check();
  await rank(page);
  assert.equal(sent.length, 1);
  await cores.fill("");
  await cores.pressSequentially("2e");
  await refuses(cores);
  await cores.fill("2");
  await page.getByText("Request as JSON").first().click();
  await json.fill('{"tes_uris": [');
  await page.getByText("Request as JSON").first().click();
  await refuses(json);
  // Nor is it sent because the weight has moved, or from elsewhere.
  await page.locator(".weight-here, .verdict").getByRole("button", { name: "Rank again" }).click();
  assert.ok(await isFocused(json));
  assert.equal(sent.length, 1);
  await json.fill('{"tes_uris": []}');
  assert.equal(await page.getByText("Not sent and not copied").count(), 0);
}, { expected: ["status of 400"] });

onPage("an answer is told to screen readers, and another best one while the slider moves", async (page) => {
  // Only what changes within a live region is told.
  await page.evaluate(() => {
    window.heard = [];
    new MutationObserver((records) => records.forEach(({ target, type }) => {
      const region = (target.nodeType === 1 ? target : target.parentElement)?.closest("[role=status]");
      if (region && type !== "attributes" && region.textContent) window.heard.push(region.textContent);
    })).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  const heard = async (text) => {
    await page.waitForFunction((text) => window.heard.some((said) => new RegExp(text).test(said)), text);
    await page.evaluate(() => (window.heard = []));
  };
  await rank(page);
  await heard("Best: tes-basel for .0\\.47 in 32 min.*8 combinations, answered in");
  // The same once more.
  await rankButton(page).click();
  await heard("Best: tes-basel");
  await answer(page, () => ({ json: answers.explained() }));
  await fill(page, answers.explainedRequest);
  await rankButton(page).click();
  await heard("Best: ");
  for (const [weight, best] of [["0", "tes.hpc-basel"], ["1", "funnel.aws-frankfurt"]]) {
    await page.getByRole("slider", { name: "Weight of time" }).first().fill(weight);
    await heard(`Best: ${best}`);
  }
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("3");
  await heard("Changed since the answer");
  await page.evaluate(() => (location.hash = "request=A"));
  await heard("cannot be read");
});

onPage("the seconds until the next try are not read out, and its end is", async (page) => {
  await answer(page, () => ({ status: 503, headers: { "Retry-After": "5" }, json: answers.problem(503, "Overloaded", "Too many.") }));
  await page.clock.install();
  await rankButton(page).click();
  await page.getByRole("button", { name: /^Try again in/ }).waitFor();
  await page.evaluate(() => {
    window.heard = [];
    new MutationObserver((records) => records.forEach(({ target }) => {
      const region = (target.nodeType === 1 ? target : target.parentElement)?.closest("[role=alert], [role=status], [aria-live]");
      if (region) window.heard.push(region.textContent);
    })).observe(document.body, { childList: true, characterData: true, attributes: true, subtree: true });
  });
  await page.clock.runFor(3000);
  assert.deepEqual(await page.evaluate(() => window.heard), []);
  await page.clock.runFor(3000);
  assert.deepEqual(await page.evaluate(() => [...new Set(window.heard)]), ["The service can be asked again."]);
  // The same answer once more is told once more, and waits once more.
  await page.evaluate(() => (window.heard = []));
  const button = page.getByRole("button", { name: /^Try again/ });
  await button.click();
  await page.getByRole("button", { name: /^Try again in/ }).waitFor();
  assert.ok(await button.evaluate((element) => element === document.activeElement));
}, { expected: ["status of 503"] });

onPage("faults that are mended are not read out with all others", async (page) => {
  await answer(page, () => ({ status: 400, json: answers.problem(400, "ValidationError", "/tes_uris/0: is wrong", "/mode: is wrong") }));
  await rankButton(page).click();
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.equal(await alert.getAttribute("aria-atomic"), "false");
  assert.equal(await alert.getAttribute("aria-relevant"), "additions");
}, { expected: ["status of 400"] });

onPage("what disappears does not take the focus with it", async (page) => {
  let release;
  await page.route(RANK, async (route) => {
    await new Promise((resolve) => (release = resolve));
    await route.abort().catch(() => {});
  });
  for (const [place, next] of [[".submit", "Rank"], [".progress", "results"]]) {
    await rankButton(page).click();
    await page.locator(place).getByRole("button", { name: "Cancel" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(place).getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
    assert.equal(await focused(page), next);
    release();
  }
  await page.unroute(RANK);
  // After Try again there is an answer in its place.
  let response = { status: 503, json: answers.problem(503, "Overloaded", "Too many.") };
  await answer(page, () => response);
  await rankButton(page).click();
  await page.getByRole("button", { name: "Try again" }).focus();
  response = { json: { ...answers.explained(), places: undefined } };
  await fillMore(page, { explain: false });
  await page.getByRole("button", { name: "Try again" }).focus();
  await page.keyboard.press("Enter");
  await rows(page).first().waitFor();
  await page.waitForFunction(() => document.activeElement !== document.body);
  assert.equal(await focused(page), "results");
  // The last page of the table, and what is asked for in the map.
  await page.getByRole("button", { name: "Show all" }).focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement.closest(".ranking")));
  response = { json: answers.explained() };
  await page.getByRole("button", { name: "Rank with places" }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".map-box").waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest(".map")));
  // A dot of the chart stays under the focus while the chart is drawn anew.
  await page.locator(".dots [role=option][tabindex='0']").focus();
  const index = await page.evaluate(() => document.activeElement.dataset.index);
  const drawing = await page.locator(".dots").elementHandle();
  await page.setViewportSize({ width: 800, height: 900 });
  await page.waitForFunction((old) => document.querySelector(".dots") && !old.isConnected, drawing);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.index), index);
}, { expected: ["status of 503", "ERR_FAILED"] });
