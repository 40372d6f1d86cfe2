// What is drawn, written and printed is whole: axes, what is told at the pointer, names, lines of text that are copied.
import assert from "node:assert/strict";

import * as answers from "./answers.mjs";
import { answer, fill, onPage, rank, rankButton, rows } from "./browser.mjs";

const explained = (change) => {
  const json = answers.explained();
  json.service_combinations.forEach(change ?? (() => undefined));
  return json;
};
const ask = async (page, json) => {
  await answer(page, () => ({ json }));
  await fill(page, answers.explainedRequest);
  await rank(page);
};

for (const [what, options] of [["a laptop", {}], ["a phone", { viewport: { width: 360, height: 740 } }]]) {
  onPage(`the labels of the axes are whole whatever the figures are, on ${what}`, async (page) => {
    for (const [cost, seconds] of [[1, 1], [2e6, 1], [123_456_789, 1], [1e-7, 1e5], [1e250, 1e200]]) {
      await page.unroute("**/rank-services");
      await answer(page, () => ({
        json: explained((one) => {
          one.cost_estimate.amount *= cost;
          one.time_estimate *= seconds;
        }),
      }));
      await fill(page, answers.explainedRequest);
      const old = await page.evaluateHandle(() => document.querySelector(".dots"));
      await rankButton(page).click();
      await page.waitForFunction((old) => document.querySelector(".dots") && !old?.isConnected, old);
      const [labels, cut] = await page.evaluate(() => {
        const chart = document.querySelector(".chart svg").getBoundingClientRect();
        const list = [...document.querySelectorAll(".chart [aria-label$='tick label'] text")];
        return [list.map(({ textContent }) => textContent), list.filter((text) => {
          const { left, right } = text.getBoundingClientRect();
          return left < chart.left || right > chart.right;
        }).map(({ textContent }) => textContent)];
      });
      assert.deepEqual(cut, []);
      assert.ok(labels.length > 4 && labels.every((label) => label.length < 20), labels.join());
      const onY = await page.locator(".chart [aria-label='y-axis tick label'] text").allTextContents();
      assert.equal(new Set(onY).size, onY.length, onY.join());
    }
  }, options);

  onPage(`what is told at a dot stays within the chart, also with long names, on ${what}`, async (page) => {
    const text = JSON.stringify(explained())
      .replaceAll("funnel.aws-frankfurt.example", `${"a".repeat(60)}.${"b".repeat(60)}.example`)
      .replaceAll("tes.hpc-basel.example", `${"c".repeat(60)}.${"d".repeat(60)}.example`);
    await ask(page, JSON.parse(text));
    for (const key of ["Home", "End"]) {
      await page.locator(".dots [role=option][tabindex='0']").focus();
      await page.keyboard.press(key);
      const out = await page.locator(".tip").evaluate((tip) => {
        const [box, chart] = [tip.getBoundingClientRect(), document.querySelector(".chart-box").getBoundingClientRect()];
        return [box.left < chart.left, box.right > chart.right, tip.scrollWidth > tip.clientWidth];
      });
      assert.deepEqual(out, [false, false, false]);
    }
  }, options);
}

onPage("the ticks are written as in the visitor's language", async (page) => {
  await ask(page, explained((one) => (one.cost_estimate.amount *= 1000)));
  assert.match((await page.locator(".chart [aria-label='y-axis tick label'] text").allTextContents()).join(" "), /\d\.000/);
}, { locale: "de-DE" });

onPage("hosts are written in their own letters, and their URIs as they are", async (page) => {
  const text = JSON.stringify(explained())
    .replaceAll("tes.hpc-basel.example", "tes.xn--mller-kva.example").replaceAll("ftp.ebi.ac.uk", "xn--bcher-kva.example");
  await ask(page, JSON.parse(text));
  await page.locator(".site.tes").first().waitFor();
  for (const selector of [".ranking", ".legend", ".map"]) {
    assert.match(await page.locator(selector).first().innerText(), /tes\.müller/, selector);
  }
  await page.getByRole("button", { name: "Show all" }).click();
  await rows(page).filter({ hasText: "müller" }).first().click();
  assert.doesNotMatch(await page.locator("main").innerText(), /xn--/);
  await page.getByRole("button", { name: /^Access URIs/ }).first().click();
  assert.match(await page.locator(".uris").first().innerText(), /^TES\s+https:\/\/[^\s]*\.example\/ga4gh/);
});

onPage("every TES on the map is named", async (page) => {
  await ask(page, answers.huge());
  await page.locator(".site.tes").nth(19).waitFor();
  const labels = await page.locator(".site-label").allTextContents();
  const named = await page.locator(".map .legend .name").allTextContents();
  const names = [...labels, ...named].map((name) => name.replace("≈ ", ""));
  for (let tes = 0; tes < 20; tes += 1) assert.ok(names.includes(`tes-${tes}`), `tes-${tes} of ${names}`);
  assert.ok(named.length > 0 && named.length < 20);
});

onPage("a copied headline has its sentences apart", async (page) => {
  await ask(page, explained());
  const copied = await page.evaluate(() => {
    getSelection().selectAllChildren(document.querySelector(".headline"));
    return String(getSelection());
  });
  assert.match(copied, / (min|h|s)\. [a-z.-]+ (saves|costs)/);
});

onPage("printed, it has the access URIs of the selected combination", async (page) => {
  await ask(page, explained());
  await rows(page).nth(1).click();
  await page.emulateMedia({ media: "print" });
  const printed = await page.locator(".why").innerText();
  assert.match(printed, /Access URIs\s+TES\s+https:\/\/\S+\s+HG00096\.cram\s+https:\/\/\S+\s+GRCh38\.fa\s+https:/);
  await page.emulateMedia({ media: "screen" });
  assert.ok(!(await page.getByRole("heading", { name: "Access URIs" }).isVisible()));
});
