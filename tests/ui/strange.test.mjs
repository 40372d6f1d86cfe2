// What nobody should send, and what no picture should look like: hostile text, broken links, odd answers, long names.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";

import * as answers from "./answers.mjs";
import { accessible, answer, fill, onPage, rank, rankButton, root, rows } from "./browser.mjs";

const fragment = (text) => `request=${deflateRawSync(Buffer.from(text)).toString("base64url")}`;
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

onPage("text of services is never markup, code or a link", async (page) => {
  await answer(page, () => ({ json: answers.hostile() }));
  await rank(page);
  await page.getByRole("button", { name: /^Access URIs/ }).click();
  assert.equal(await page.locator("main img, main script, main a[href^='javascript']").count(), 0);
  assert.match(await page.title(), /^testribute/);
  await page.unroute("**/rank-services");
  const text = answers.hostile().warnings[0];
  await answer(page, () => ({ status: 400, json: answers.problem(400, `Validation<b>Error`, [text, `/tes_uris/0: ${text}`]) }));
  await rankButton(page).click();
  await page.locator(".failure").waitFor();
  assert.equal(await page.locator("main img, main script, main b").count(), 0);
  assert.match(await page.title(), /^testribute/);
}, { expected: ["status of 400"] });

onPage("text of a link is never markup, code or a link, and asks nothing", async (page) => {
  const [text] = answers.hostile().warnings;
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/rank-") ? 1 : 0));
  for (const body of [
    { tes_uris: [text, "javascript:alert(1)"], object_ids: [text], mode: text, object_sizes: { [text]: text }, registries: [text] },
    { task: { name: text, executors: [{ image: text }] }, sizes: { [text]: 1 } },
    { tes_uris: { length: -1 }, resource_requirements: "x", object_ids: 7, drs_uris: null, limit: {}, object_sizes: [1], task: undefined },
    { __proto__: null, constructor: 1, toString: {}, mode: [], explain: "x" },
  ]) {
    await page.evaluate((hash) => (location.hash = hash), fragment(JSON.stringify(body)));
    await page.getByText("The request is from the link").waitFor();
    assert.equal(await page.locator("#page img:not(.top img), #page script, #page a[href^='javascript']").count(), 0);
    await page.evaluate(() => {
      location.hash = "";
    });
  }
  const without = deflateRawSync(Buffer.from(JSON.stringify([`/${text}`, text, 7]))).toString("base64url");
  await page.evaluate((hash) => (location.hash = hash), `${fragment("{}")}&without=${without}`);
  await page.locator(".missing").waitFor();
  assert.equal(await page.locator("#page img:not(.top img), #page script").count(), 0);
  assert.match(await page.title(), /^testribute/);
  assert.equal(asked, 0);
});

onPage("links that are broken or huge are told, and leave the form as it is", async (page) => {
  const before = await page.getByRole("textbox", { name: "Where it could run" }).inputValue();
  const whole = fragment(JSON.stringify({ tes_uris: ["https://x.example/"] }));
  const bomb = fragment(`{"tes_uris": ["${"a".repeat(200e6)}"]}`);
  for (const hash of [
    whole.slice(0, -6), "request=A", "request=AAAA", fragment("null"), fragment("[]"), fragment("{"), bomb,
    `request=${randomBytes(1e6).toString("base64url")}`,
    `request=${deflateRawSync(Buffer.from([0x22, 0xff, 0x22])).toString("base64url")}`,
  ]) {
    await page.evaluate((hash) => (location.hash = hash), hash);
    await page.getByText("The request of this link cannot be read").waitFor();
    assert.equal(await page.getByRole("textbox", { name: "Where it could run" }).inputValue(), before);
    // So that the next one is told anew.
    await page.locator(".examples select").selectOption({ index: 1 });
    await page.getByText("The request of this link cannot be read").waitFor({ state: "detached" });
  }
  // Other fragments are none of the page's business.
  await page.evaluate(() => (location.hash = "results"));
  assert.equal(await page.locator(".note").count(), 0);
});

onPage("odd fields of an answer hide nothing that stands beside them", async (page) => {
  await answer(page, () => ({ json: answers.odd() }));
  await rank(page);
  assert.equal(await rows(page).count(), 2);
  for (const index of [0, 1]) await rows(page).nth(index).click();
  await page.locator(".why").waitFor();
  assert.doesNotMatch(await page.locator("main").innerText(), /NaN|undefined|\[object|Infinity/);
  await accessible(page, "an odd answer");
});

onPage("answers that are none are told, whatever they are", async (page) => {
  let body;
  await answer(page, () => ({ body }));
  for (body of ["", "null", "[]", '{"service_combinations": [{}]}', '{"service_combinations": NaN}', '{"service_combinations": [{"cost_estimate": 1e999}]}',
    `{"service_combinations": "${"x".repeat(10e6)}"}`, `${"[".repeat(1e5)}`]) {
    await rankButton(page).click();
    await page.locator(".failure").filter({ hasText: "no ranking" }).waitFor();
    await page.locator(".progress .line").waitFor({ state: "detached" });
  }
});

onPage("ten megabytes of faults do not stop the page", async (page) => {
  const messages = Array.from({ length: 100_000 }, (_, index) => `/tes_uris/${index}: must be an absolute http or https URI with a host, which ${index} is not at all`);
  await answer(page, () => ({ status: 400, json: answers.problem(400, "ValidationError", messages) }));
  await rankButton(page).click();
  await page.locator(".failure").waitFor();
  assert.ok((await page.locator(".failure li, .faults li").count()) < 300);
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://a.example/");
  await page.getByText(/The request was changed|faults? in the request/).waitFor();
}, { expected: ["status of 400"] });

onPage("huge figures fit", async (page) => {
  const json = answers.noObjects();
  json.service_combinations[0].cost_estimate.amount = 1e300;
  json.service_combinations[1].time_estimate = 1e200;
  await answer(page, () => ({ json }));
  await rank(page);
  assert.ok((await sideways(page)) <= 0);
  assert.ok((await page.locator(".verdict").innerText()).length < 300);
  assert.doesNotMatch(await page.locator("main").innerText(), /NaN|undefined|Infinity|∞/);
});

/** The explained answer with names as long as they get. */
function long() {
  const text = JSON.stringify(answers.explained())
    .replaceAll("funnel.aws-frankfurt.example", "funnel-production-cluster-0123456789.very-long-department-name.eu-central-1.compute.research-infrastructure.example")
    .replaceAll("tesk.csc-helsinki.example", `${"x".repeat(63)}.${"y".repeat(63)}.example`)
    .replaceAll("HG00096.cram", `drs://very-long-host.example:8443/${"0123456789abcdef".repeat(12)}`);
  return JSON.parse(text);
}

for (const [what, options] of [
  ["a phone", { viewport: { width: 360, height: 740 } }],
  ["320 pixels", { viewport: { width: 320, height: 640 } }],
  ["a window at 200 % zoom", { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
  ["a tablet", { viewport: { width: 768, height: 1024 } }],
  ["a laptop", { viewport: { width: 1280, height: 800 } }],
  ["a wide screen", { viewport: { width: 1920, height: 1080 } }],
]) {
  onPage(`on ${what} nothing is cut off, also with long names, and no labels overlap`, async (page) => {
    let json;
    await answer(page, () => ({ json }));
    for (json of [answers.explained(), long()]) {
      await fill(page, answers.explainedRequest);
      await rank(page);
      await page.locator(".site.tes").first().waitFor();
      await page.locator(".site-label").first().waitFor({ state: "attached" });
      assert.ok((await sideways(page)) <= 0, `${await sideways(page)} pixels too wide`);
      const overlaps = await page.evaluate(() => {
        const boxes = [...document.querySelectorAll(".site-label")].map((label) => [label.textContent, label.getBoundingClientRect()]);
        return boxes.flatMap(([name, a], index) => boxes.slice(index + 1)
          .filter(([, b]) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom)
          .map(([other]) => `${name} and ${other}`));
      });
      assert.deepEqual(overlaps, []);
      // Panels lie beside and below one another, and what is in them does not stick out.
      const out = await page.evaluate(() => [...document.querySelectorAll(".panel")].flatMap((panel) => {
        const { left, right } = panel.getBoundingClientRect();
        return [...panel.querySelectorAll("button, select, input, textarea, p, li, h2, h3, svg")]
          .filter((element) => !element.closest(".scroll, .visually-hidden, .map-box, .chart, .segments"))
          .map((element) => [element, element.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.left < left - 1 || box.right > right + 1))
          .map(([element]) => element.outerHTML.slice(0, 120));
      }));
      assert.deepEqual(out, []);
    }
  }, options);
}

onPage("with forced colours, what is told by colour is told by lines", async (page) => {
  await rank(page);
  const outline = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.equal(await outline(".segments :checked + span"), "solid");
  assert.equal(await outline(".ranking tr.selected"), "solid");
  await accessible(page, "forced colours");
}, { forcedColors: "active" });

onPage("the page's policy allows no code or style but its own, and it needs no more", async (page) => {
  const response = await page.request.get(root.href);
  const policy = response.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
  const broken = await page.evaluate(async () => {
    const violations = [];
    addEventListener("securitypolicyviolation", ({ blockedURI }) => violations.push(blockedURI));
    document.querySelector(".submit .primary").click();
    while (!document.querySelector(".land[d*=M]")) await new Promise((resolve) => requestAnimationFrame(resolve));
    return violations;
  });
  assert.deepEqual(broken, []);
});

onPage("hosts may be called as what every object has", async (page) => {
  const text = JSON.stringify(answers.explained())
    .replaceAll("ftp.ebi.ac.uk", "constructor").replaceAll("tes.hpc-basel.example", "tostring").replaceAll("GRCh38.fa", "__proto__");
  const json = JSON.parse(text);
  delete json.places.constructor;
  delete json.places.tostring;
  await answer(page, () => ({ body: JSON.stringify(json) }));
  await fill(page, answers.explainedRequest);
  await rank(page);
  await page.locator(".site.tes").first().waitFor();
  assert.match(await page.locator(".map .note").innerText(), /tostring, constructor/);
  assert.match(await page.locator(".transfers").innerText(), /__proto__/);
  for (const index of [0, 12, 24]) await rows(page).nth(index).click();
});

onPage("a request that is too large for a link is ranked, and the link is refused", async (page) => {
  await answer(page, () => ({ json: answers.oneSite() }), "**/rank-tasks");
  const before = new URL(page.url()).hash;
  await fill(page, { task: { description: randomBytes(2e6).toString("base64"), executors: [] }, tes_uris: ["https://tes.example/"] });
  await rank(page);
  assert.equal(new URL(page.url()).hash, before);
  await page.getByRole("button", { name: "link", exact: true }).click();
  await page.getByText("too large for a link").waitFor();
});
