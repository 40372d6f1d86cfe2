// The form: sizes, registries, examples, whole tasks, and what goes in and out of them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

import * as answers from "./answers.mjs";
import { accessible, answer, fill, onPage, rank, rankButton, root, rows, settled } from "./browser.mjs";

const textOf = async (download) => {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const request = async (page) => JSON.parse(await page.evaluate(() => document.querySelector(".json textarea").value));

onPage("sizes and registries have fields, and their faults are there", async (page) => {
  await page.getByText("Token and more options").click();
  const sizes = page.getByRole("textbox", { name: "Known sizes" });
  await sizes.fill("a001 = 15 GB\n\na b: c = many\nhttps://x.example/?k=v = 2 KB");
  await page.getByRole("textbox", { name: "Registries" }).fill("https://registry.example/\nno registry");
  const { object_sizes, registries } = await request(page);
  assert.deepEqual(object_sizes, { a001: 15e9, "a b: c": "many", "https://x.example/?k=v": 2000 });
  assert.deepEqual(registries, ["https://registry.example/", "no registry"]);
  assert.match(await sizes.inputValue(), /15 GB/);
  await rankButton(page).click();
  await page.locator(".failure").waitFor();
  assert.match(await page.locator(".field[data-pointer='/object_sizes'] .faults").innerText(), /^Entry 2/);
  assert.match(await page.locator(".field[data-pointer='/registries'] .faults").innerText(), /^Entry 2/);
  assert.equal(await page.locator(".faults[data-pointer='']").count(), 0);
  await page.locator(".field[data-pointer='/object_sizes']").getByRole("button", { name: "Entry 2" }).click();
  const marked = await page.evaluate(() => {
    const { value, selectionStart, selectionEnd } = document.activeElement;
    return value.slice(selectionStart, selectionEnd);
  });
  assert.equal(marked, "a b: c = many");
  await accessible(page, "a form with all options");
}, { expected: ["status of 400"] });

onPage("a size that is known is that of the map and of the transfers", async (page) => {
  await page.getByText("Token and more options").click();
  await page.getByRole("textbox", { name: "Known sizes" }).fill("a001 = 3 GB");
  await rank(page);
  const all = `${await page.locator(".why").innerText()}\n${await page.locator(".map").innerText()}`;
  assert.doesNotMatch(all, /about|≈ \d/);
  assert.match(await page.locator(".transfers").innerText(), /from ftp\.ensembl\.org/);
});

onPage("every example is ranked by the demonstration", async (page) => {
  const names = await page.locator(".examples option").allInnerTexts();
  assert.equal(names.length, 5);
  for (const name of names.slice(1)) {
    await page.locator(".examples select").selectOption({ label: name });
    await rank(page);
    assert.equal(await page.locator(".failure, .stale:not(:empty)").count(), 0, name);
  }
});

onPage("a whole task is ranked, and the task of the selected combination is taken away", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator(".examples select").selectOption({ label: "A TES task" });
  await rank(page);
  await page.locator(".transfers").waitFor();
  const uris = new Set();
  for (const rank of [1, 2]) {
    await rows(page).nth(rank - 1).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download task" }).click()]);
    assert.equal(download.suggestedFilename(), "task.json");
    const task = JSON.parse(await textOf(download));
    assert.equal(task.name, "count-bases");
    assert.equal(task.inputs.length, 2);
    assert.ok(task.inputs.every(({ url }) => /^(ftp|https):\/\//.test(url)));
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("curl copied.").waitFor();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    const [uri] = /http:\/\/tes-[a-z]+\.localhost:\d+\/ga4gh\/tes\/v1\/tasks/.exec(line);
    assert.deepEqual(JSON.parse(/--data-raw '([\s\S]*)'$/.exec(line)[1]), task);
    uris.add(uri);
    await accessible(page, "a whole task");
  }
  assert.equal(uris.size, 2);
  // What was copied is of another combination now.
  await rows(page).nth(3).click();
  assert.equal(await page.getByText("curl copied.").count(), 0);
});

onPage("a copied command line ranks in the console as the page does", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const folder = await mkdtemp(join(tmpdir(), "command-"));
  const program = resolve("../..", process.env.TESTRIBUTE ?? "target/debug/testribute");
  const figures = (text) => [...text.matchAll(/([\d.]+) EUR/g)].map(([, amount]) => Number(amount));
  for (const [name, more] of [
    ["Two objects, two sites", { object_sizes: { a001: 3e9 }, limit: 5, mode: 0.25 }],
    ["A TES task", { sizes: { "/data/input-1": 3e9 }, execution_time_sec: 7200.5, mode: "cost", limit: 5 }],
  ]) {
    await page.locator(".examples select").selectOption({ label: name });
    const body = await request(page);
    await fill(page, { ...body, ...more, registries: [new URL("/registry", root).href] });
    const old = await page.evaluateHandle(() => document.querySelector(".dots"));
    await rankButton(page).click();
    await page.waitForFunction((old) => document.querySelector(".dots") && !old?.isConnected, old);
    const shown = (await rows(page).locator("td:nth-child(3) .figure").allInnerTexts()).map((text) => Number(text.slice(1)));
    await page.getByRole("button", { name: "command line", exact: true }).click();
    await page.getByText("Command line copied.").waitFor();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    const { stdout } = await promisify(execFile)("sh", ["-c", `testribute() { "$PROGRAM" "$@"; }\n${line}`], {
      cwd: folder,
      env: { ...process.env, PROGRAM: program, TESTRIBUTE_CONFIG: resolve("../../config/demo/config.yaml") },
    });
    assert.deepEqual(figures(stdout), shown, `${line}\n${stdout}`);
  }
  await rm(folder, { recursive: true });
});

onPage("the fields of a task have their faults", async (page) => {
  await fill(page, { task: { executors: [{ image: "i", command: ["c"] }], inputs: [{ path: "relative" }] }, tes_uris: ["https://t.example/"], sizes: { "/x": -1 } });
  await rankButton(page).click();
  await page.locator(".failure").waitFor();
  await settled(page);
  assert.match(await page.locator(".field[data-pointer='/task'] .faults").last().innerText(), /\w/);
  assert.match(await page.locator(".field[data-pointer='/sizes'] .faults").innerText(), /^Entry 1/);
  assert.ok(await page.getByRole("textbox", { name: "Known sizes" }).isVisible());
  await accessible(page, "a task with faults");
}, { expected: ["status of 400"] });

onPage("fractions are typed key by key, and text in a number's place is kept and told", async (page) => {
  const cores = page.getByRole("spinbutton", { name: "CPU cores" });
  await cores.fill("");
  await cores.pressSequentially("0.25");
  assert.equal(await cores.inputValue(), "0.25");
  assert.equal((await request(page)).resource_requirements.cpu_cores, 0.25);
  await cores.pressSequentially("e");
  await cores.fill("");
  assert.equal((await request(page)).resource_requirements.cpu_cores, undefined);
  const body = await request(page);
  await fill(page, { ...body, resource_requirements: { ...body.resource_requirements, cpu_cores: "many", ram_gb: null } });
  const text = page.getByRole("textbox", { name: "CPU cores" });
  assert.equal(await text.inputValue(), "many");
  await rankButton(page).click();
  await page.locator(".field[data-pointer='/resource_requirements/cpu_cores'] ul.faults li").waitFor();
  await text.fill("4");
  assert.equal((await request(page)).resource_requirements.cpu_cores, 4);
}, { expected: ["status of 400"] });

onPage("the weight is that of slider, number and JSON, whatever is typed", async (page) => {
  const number = page.getByRole("spinbutton", { name: "Weight of time" }).first();
  for (const [typed, mode] of [["0.3", 0.3], ["7", 1], ["1", 1], ["8", 1], ["-2", 0]]) {
    await number.fill(typed);
    await number.blur();
    assert.equal((await request(page)).mode, mode);
    assert.equal(Number(await number.inputValue()), mode);
    assert.equal(Number(await page.getByRole("slider", { name: "Weight of time" }).first().inputValue()), mode);
  }
  await page.getByLabel("random order").first().check();
  assert.equal((await request(page)).mode, "random");
  await rank(page);
  assert.match(await page.locator(".why").innerText(), /A random order has no best one/);
  await page.getByLabel("random order").first().uncheck();
  await page.waitForFunction(() => !/random order has/.test(document.querySelector(".why")?.innerText ?? "random order has"));
});

onPage("of a random order nothing is called the best", async (page) => {
  await page.getByLabel("random order").first().check();
  const colours = answers.explained();
  // The first of a random order reads at other prices than the best one does.
  colours.service_combinations.reverse().forEach((one, index) => Object.assign(one, { rank: index + 1, score: undefined }));
  await answer(page, () => ({ json: colours }));
  await fill(page, { ...answers.explainedRequest, mode: "random" });
  await rank(page);
  await page.locator(".site.tes").first().waitFor();
  assert.match(await page.locator(".verdict").innerText(), /^In random order, first: /);
  assert.doesNotMatch(await page.locator(".verdict, .tradeoff").allInnerTexts().then(String), /\bbest\b|saves|more|longer/);
  assert.equal(await page.locator(".best-label").getAttribute("visibility"), "hidden");
  const colour = () => page.locator(".legend").last().innerText();
  await rows(page).nth(3).click();
  const before = await colour();
  await page.unroute("**/rank-services");
  await answer(page, () => ({ json: { ...colours, service_combinations: [...colours.service_combinations].reverse() } }));
  await rankButton(page).click();
  await page.waitForFunction(() => document.querySelector(".ranking .rank").parentElement.dataset.index === "0");
  assert.equal(await colour(), before);
  // And while the order is still that of a weight, that one has its best.
  await page.unroute("**/rank-services");
  let isHeld = false;
  await page.route("**/rank-services", (route) => (isHeld ? undefined : route.fulfill({ json: answers.part(0.5) })));
  await fill(page, { ...answers.explainedRequest, mode: 0.5 });
  await rank(page);
  await page.locator(".best-label[visibility=visible]").waitFor();
  isHeld = true;
  await page.getByLabel("random order").first().check();
  await page.getByText("Asking all services").waitFor();
  assert.equal(await page.locator(".best-label").getAttribute("visibility"), "visible");
  assert.doesNotMatch(await page.locator(".verdict").innerText(), /random/);
});

onPage("downloads and print have the ranks and scores of the table, and say for which weight", async (page) => {
  await answer(page, () => ({ json: answers.explained() }));
  await fill(page, answers.explainedRequest);
  await rank(page);
  await page.getByRole("slider", { name: "Weight of time" }).first().fill("0.05");
  await page.getByRole("button", { name: "Show all" }).click();
  const figures = await rows(page).evaluateAll((list) => list.map((row) => [
    Number(row.querySelector(".rank").textContent), row.querySelector("td.number").textContent, row.querySelector(".name").title,
  ]));
  const save = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
    assert.equal(download.suggestedFilename(), `ranking-weight-0.05.${name.toLowerCase()}`);
    return textOf(download);
  };
  const json = JSON.parse(await save("JSON"));
  assert.equal(json.mode, 0.05);
  assert.deepEqual(json.service_combinations.map(({ rank, score, access_uris }) => [rank, score.toFixed(4), access_uris.tes_uri]), figures);
  const [head, ...lines] = (await save("CSV")).trimEnd().split("\r\n").map((line) => line.split(","));
  const column = (name) => head.indexOf(name);
  assert.deepEqual(lines.map((line) => [Number(line[0]), Number(line[column("score")]).toFixed(4), line[1]]), figures);
  assert.ok(lines.every((line) => line[column("mode")] === "0.05"));
  // On paper there are no controls.
  await page.locator(".ranking select").selectOption({ label: "tes.hpc-basel" });
  await page.getByRole("button", { name: "Time", exact: true }).click();
  await page.emulateMedia({ media: "print" });
  assert.match(await page.locator(".asked").innerText(), /weight of time 0\.05\.$/);
  assert.match(await page.locator(".ranking").innerText(), /Rows: weight of time 0\.05; tes\.hpc-basel alone; by time\./);
});

onPage("without explain there are no places, and they can be asked for", async (page) => {
  await fill(page, { ...(await request(page)), explain: false });
  await rank(page);
  assert.match(await page.locator(".map").innerText(), /asked without explain/);
  assert.equal(await page.locator(".transfers").count(), 0);
  await accessible(page, "an answer without explanation");
  await page.getByRole("button", { name: "Rank with places" }).click();
  await page.locator(".site.tes").first().waitFor();
});

onPage("what a service of 0.2 answers is shown", async (page) => {
  await answer(page, () => ({ json: answers.old() }));
  await rank(page);
  assert.equal(await rows(page).count(), 2);
  assert.equal(await page.locator("th.col-score").count(), 0);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
  assert.match(await textOf(download), /^rank,[^\n]*\r\n1,https:\/\/b\.example\/,2,EUR,,,,60,,,,,,0\.5\r\n/);
  await accessible(page, "an answer of 0.2");
});
