// The page at / in a browser: ROOT=http://127.0.0.1:8080 node --test
// Rankings are those of a running demonstration; what that does not show is answered by answers.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as answers from "./answers.mjs";
import { accessible, answer, fill, indices, newPage, onPage, RANK, rank, rankButton, root, rows, selectedRow, settled } from "./browser.mjs";

for (const colorScheme of ["light", "dark"]) {
  onPage(`before, while and after it ranks the page is accessible, ${colorScheme}`, async (page) => {
    await page.getByText("Nothing ranked yet").waitFor();
    await page.getByText("Token and more options").click();
    await accessible(page, "the page before anything is ranked");
    await rank(page);
    await page.getByRole("button", { name: "Access URIs of rank 1" }).click();
    await page.locator(".land[d*=M]").waitFor({ state: "attached" });
    await accessible(page, "an answer");
    await page.getByRole("spinbutton", { name: "CPU cores" }).fill("3");
    await page.getByText("For an earlier request.").waitFor();
    await accessible(page, "an answer to an earlier request");
    // One that stays in flight.
    await page.route(RANK, () => {});
    await rankButton(page).click();
    await page.getByText("Asking all services").waitFor();
    await accessible(page, "a request in flight over an answer");
  }, { colorScheme, reducedMotion: "reduce" });
}

onPage("the example of the service is ranked, as dots, table, map and reasons", async (page) => {
  await rank(page);
  assert.equal(await rows(page).count(), 8);
  assert.equal(await page.locator(".dots [role=option]").count(), 8);
  await page.locator(".site.tes").nth(1).waitFor();
  assert.match(await page.locator(".verdict").innerText(), /tes-basel for €0\.47 in 32 min/);
  const why = await page.locator(".why").innerText();
  assert.match(why, /states its prices/);
  assert.match(why, /What would make/);
  await page.getByRole("link", { name: "API" }).click();
  await page.waitForURL("**/ui/");
  const back = page.getByRole("link", { name: "A page" });
  assert.equal(await back.evaluate((link) => link.href), new URL("/", root).href);
});

onPage("the order for 11 weights is that of the service", async (page) => {
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/rank-services") ? 1 : 0));
  await rank(page);
  const request = JSON.parse(await page.evaluate(() => document.querySelector(".json textarea").value));
  const shown = (list) => list.map(({ access_uris }) => JSON.stringify(access_uris));
  const [first] = await Promise.all([
    page.request.post(new URL("/rank-services", root).href, { data: { ...request, mode: 0.5 } }).then((answer) => answer.json()),
  ]);
  const byIndex = shown(first.service_combinations);
  const orders = new Set();
  for (let step = 0; step <= 10; step += 1) {
    const weight = step / 10;
    await page.getByRole("spinbutton", { name: "Weight of time" }).first().fill(String(weight));
    await page.getByRole("slider", { name: "Weight of time" }).first().focus();
    const expected = await page.request.post(new URL("/rank-services", root).href, { data: { ...request, mode: weight } });
    const order = shown((await expected.json()).service_combinations).map((uris) => String(byIndex.indexOf(uris)));
    await page.waitForFunction(
      (order) => [...document.querySelectorAll(".ranking tbody tr[data-index]")].map((row) => row.dataset.index).join() === order,
      order.join(),
    );
    orders.add(order.join());
  }
  assert.ok(orders.size >= 2, "the weight changes nothing");
  assert.equal(asked, 1, "the page ranks the whole space itself");
});

onPage("the slider ranks the whole space here, and moves the line of equal score", async (page) => {
  let asked = 0;
  await answer(page, () => {
    asked += 1;
    return { json: answers.explained() };
  });
  await fill(page, answers.explainedRequest);
  await rank(page);
  const line = () => page.locator(".iso").evaluate((line) => ["x1", "y1", "x2", "y2"].map((name) => line.getAttribute(name)).join());
  const [before, order] = [await line(), await indices(page)];
  const slider = page.getByRole("slider", { name: "Weight of time" }).first();
  await slider.focus();
  await page.keyboard.press("Home");
  assert.notEqual(await line(), before);
  assert.notDeepEqual(await indices(page), order);
  const costs = answers.explained(0).service_combinations.map(({ cost_estimate }) => cost_estimate.amount);
  assert.equal(Math.min(...costs), costs[0]);
  assert.match(await selectedRow(page).innerText(), /tes\.hpc-basel/);
  assert.equal(asked, 1);
});

onPage("a part of a larger space is asked for again when the weight rests", async (page) => {
  const modes = [];
  await answer(page, ({ mode }) => {
    modes.push(mode);
    return { json: answers.part(mode) };
  });
  await rank(page);
  const [first] = await page.locator(".ranking tbody th").allInnerTexts();
  await page.getByRole("slider", { name: "Weight of time" }).first().focus();
  for (let step = 0; step < 30; step += 1) await page.keyboard.press("ArrowRight");
  await page.waitForFunction((first) => document.querySelector(".ranking tbody th").innerText !== first, first);
  assert.deepEqual(modes, [0.5, 0.8]);
  assert.match(await page.locator(".why").innerText(), /does not list every combination/);
  assert.match(await page.locator(".verdict").innerText(), /2 of 7,300,000,000,000,000,000 combinations/);
});

onPage("what is selected in one view is selected in all", async (page) => {
  await rank(page);
  await page.locator(".site.tes").nth(1).waitFor();
  const names = async () => [
    await selectedRow(page).locator("th").innerText(),
    (await page.locator(".dots [aria-selected=true]").getAttribute("aria-label")).split(", ")[1],
    (await page.locator(".site.tes.selected").getAttribute("aria-label")).split(",")[0].replace("TES ", ""),
    (await page.locator(".why .chosen").innerText()).trim().split(",")[0],
  ].map((name) => name.trim());
  // A hollow dot of the chart.
  await page.locator(".dots [role=option][aria-label^='Rank 7,']").click();
  assert.deepEqual(await names(), Array(4).fill("tes-helsinki"));
  assert.equal(await selectedRow(page).locator("td").first().innerText(), "7");
  await rows(page).nth(4).click();
  assert.deepEqual(await names(), Array(4).fill("tes-basel"));
  await page.locator(".site.tes[aria-label*=helsinki]").click();
  assert.deepEqual(await names(), Array(4).fill("tes-helsinki"));
  assert.equal(await selectedRow(page).locator("td").first().innerText(), "2");
  // A copy of data on the map: the best combination that reads it.
  await page.getByLabel(/^all \d places/).check();
  await page.locator(".site.other[data-host='mirror.example.jp']").click();
  assert.equal(await selectedRow(page).locator("td").first().innerText(), "3");
});

onPage("everything can be done with the keyboard", async (page) => {
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focusBy = async (selector) => {
    for (let step = 0; step < 60; step += 1) {
      await press("Tab");
      if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
    }
    assert.fail(`the tabulator does not lead to ${selector}`);
  };
  await focusBy(".submit .primary");
  await press("Enter");
  await page.locator(".dots [role=option]").first().waitFor();
  await focusBy(".dots [role=option]");
  await press("End");
  assert.match(await page.locator(".tip").innerText(), /tes-helsinki/);
  await press("Enter");
  assert.match(await selectedRow(page).innerText(), /tes-helsinki/);
  await press("Home", "Space");
  assert.match(await selectedRow(page).innerText(), /tes-basel/);
  await focusBy(".site.tes[aria-label*=helsinki]");
  await press("Enter");
  assert.match(await selectedRow(page).innerText(), /tes-helsinki/);
  await focusBy("th.col-cost button");
  await press("Enter");
  assert.equal(await page.locator("th.col-cost").getAttribute("aria-sort"), "ascending");
  await focusBy(".expand button");
  await press("Enter");
  assert.match(await page.locator(".detail .uris").innerText(), /a001/);
});

onPage("the table is sorted, filtered, and downloaded as CSV and JSON", async (page) => {
  await rank(page);
  const costs = async () => (await rows(page).locator("td:nth-child(3) .figure").allInnerTexts()).map((text) => Number(text.slice(1)));
  await page.getByRole("button", { name: "Cost", exact: true }).click();
  const sorted = await costs();
  assert.deepEqual(sorted, [...sorted].sort((a, b) => a - b));
  await page.getByRole("button", { name: "Cost", exact: true }).click();
  assert.deepEqual(await costs(), sorted.reverse());
  await page.locator(".ranking select").selectOption({ label: "tes-helsinki" });
  assert.equal(await rows(page).count(), 4);
  for (const [name, test] of [["CSV", (text) => text.startsWith("rank,tes_uri,cost")], ["JSON", (text) => JSON.parse(text).service_combinations.length === 8]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert.ok(test(Buffer.concat(chunks).toString()), name);
  }
});

onPage("a fault of the request is at its field", async (page) => {
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://tes.example/\nnot a uri");
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("-1");
  await rankButton(page).click();
  await page.locator(".failure").waitFor();
  await settled(page);
  assert.match(await page.locator(".field[data-pointer='/tes_uris'] .faults").innerText(), /Entry 2/);
  assert.notEqual(await page.locator(".field[data-pointer='/resource_requirements/cpu_cores'] ul.faults").innerText(), "");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid")), "true");
  assert.equal(await page.locator(".field[data-pointer='/drs_uris'] .faults").count(), 0);
  await page.getByRole("button", { name: "Entry 2" }).click();
  const marked = await page.evaluate(() => {
    const { value, selectionStart, selectionEnd } = document.activeElement;
    return value.slice(selectionStart, selectionEnd);
  });
  assert.equal(marked, "not a uri");
  await accessible(page, "a refused request");
}, { expected: ["status of 400"] });

onPage("a site that is lost is a warning, and the others are ranked", async (page) => {
  const field = page.getByRole("textbox", { name: "Where it could run" });
  const [basel] = (await field.inputValue()).split("\n");
  await field.fill(`${basel}\nhttp://127.0.0.1:9/ga4gh/tes/v1/`);
  await rank(page);
  const warnings = page.locator(".warnings");
  assert.match(await warnings.innerText(), /Not ranked[\s\S]*TES unavailable[\s\S]*127\.0\.0\.1:9/);
  assert.equal(await rows(page).count(), 4);
  await accessible(page, "an answer of one site");
});

onPage("form and JSON are in step, both ways", async (page) => {
  await page.getByText("Request as JSON").first().click();
  const json = page.getByRole("textbox", { name: "Request as JSON" });
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("7");
  assert.equal(JSON.parse(await json.inputValue()).resource_requirements.cpu_cores, 7);
  await json.fill(JSON.stringify({ tes_uris: ["https://a.example/"], mode: 0.3, registries: ["https://r.example/"], resource_requirements: { ram_gb: 3 } }));
  assert.equal(await page.getByRole("spinbutton", { name: "Memory" }).inputValue(), "3");
  assert.equal(await page.getByRole("slider", { name: "Weight of time" }).first().inputValue(), "0.3");
  await json.fill("{");
  assert.match(await page.locator(".json .faults").innerText(), /Not valid yet/);
  assert.equal(await page.getByRole("spinbutton", { name: "Memory" }).inputValue(), "3");
  await json.fill(JSON.stringify({ tes_uris: [], mode: 0.3 }));
  // What the form does not show stays.
  await json.fill(JSON.stringify({ tes_uris: [], registries: ["https://r.example/"] }));
  await json.blur();
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("1");
  assert.deepEqual(JSON.parse(await json.inputValue()).registries, ["https://r.example/"]);
});

onPage("a TES task is dropped, and ranked as a whole", async (page) => {
  const task = { name: "t", inputs: [{ url: "drs://drs.example/a", path: "/data/a" }], executors: [{ image: "i", command: ["c"] }] };
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "task.json", { type: "application/json" }));
    for (const type of ["dragover", "drop"]) {
      document.querySelector(".ask").dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, JSON.stringify(task));
  await page.getByText("The task is from task.json").waitFor();
  let sent;
  await answer(page, (body) => {
    sent = body;
    return { json: answers.noObjects() };
  }, "**/rank-tasks");
  await rank(page);
  assert.deepEqual(sent.task, task);
  assert.equal(sent.resource_requirements, undefined);
  assert.equal(sent.object_ids, undefined);
});

onPage("a link has the request without secrets, and gives it back without sending it", async (page, context) => {
  await page.getByText("Token and more options").click();
  await page.getByLabel("Bearer token").fill("secret-token");
  await page.getByRole("textbox", { name: "Input objects" }).fill("a001\nhttps://x.example/a?X-Amz-Signature=secret");
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("3");
  const headers = [];
  await answer(page, (_, request) => {
    headers.push(request.headers().authorization);
    return { json: answers.oneSite() };
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await rank(page);
  assert.deepEqual(headers, ["Bearer secret-token"]);
  await page.getByRole("button", { name: "link", exact: true }).click();
  await page.getByText("The link leaves out").waitFor();
  assert.match(await page.locator(".note").first().innerText(), /\/object_ids\/1/);
  const href = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(href, page.url());
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state]));
  assert.doesNotMatch(stored, /secret-token/);

  const other = await context.newPage();
  let asked = 0;
  await other.route(RANK, (route) => {
    asked += 1;
    return route.abort();
  });
  await other.goto(href);
  await other.getByText("The request is from the link").waitFor();
  assert.equal(await other.getByRole("spinbutton", { name: "CPU cores" }).inputValue(), "3");
  assert.equal(await other.getByRole("textbox", { name: "Input objects" }).inputValue(), "a001");
  const text = await other.evaluate(() => document.documentElement.outerHTML + document.querySelector(".json textarea").value);
  assert.ok(!/=secret|secret-token/.test(text), "a secret came with the link");
  assert.equal(asked, 0, "a link alone sends nothing");
});

onPage("a copied curl line is the request of the page, without the token", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByText("Token and more options").click();
  await page.getByLabel("Bearer token").fill("secret-token");
  for (const [name, part] of [["curl", "rank-services"], ["command line", "--cpu-cores 2"], ["Python", "rank_services("]]) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.getByText(/copied\.$/).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.includes(part), text);
    assert.ok(!text.includes("secret"), text);
  }
});

onPage("without a token where one is needed, the field is told", async (page) => {
  await answer(page, () => ({ status: 401, json: answers.problem(401, "Unauthorized", "A token is required.") }));
  await rankButton(page).click();
  await page.getByText("A token is needed").waitFor();
  await settled(page);
  const field = page.getByLabel("Bearer token");
  assert.ok(await field.isVisible());
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  await accessible(page, "a 401");
}, { expected: ["status of 401"] });

onPage("a busy service is asked again after the time that it says", async (page) => {
  let status = 503;
  await answer(page, () => status === 503
    ? { status, headers: { "Retry-After": "30" }, json: answers.problem(503, "Overloaded", "Too many concurrent requests.") }
    : { json: answers.oneSite() });
  await page.clock.install();
  await rankButton(page).click();
  const button = page.getByRole("button", { name: /^Try again/ });
  await button.waitFor();
  assert.match(await button.innerText(), /in (30|29) s$/);
  await accessible(page, "a 503");
  assert.ok(await button.isDisabled());
  status = 200;
  await page.clock.runFor(30_000);
  await page.locator(".failure button:enabled").click();
  await page.locator(".ranking").waitFor();
  assert.equal(await page.locator(".failure").count(), 0);
}, { expected: ["status of 503"] });

onPage("faults of the service, of the way, and strange answers are told", async (page) => {
  const cases = [
    [{ status: 500, headers: { "X-Request-Id": "id-1" }, json: answers.problem(500, "InternalServerError", "Internal error.") }, /id-1/],
    [{ status: 504, json: answers.problem(504, "DeadlineExceeded", "The request exceeded its deadline.") }, /took too long/],
    [{ status: 502, body: "<html>Bad gateway</html>" }, /not from the service/],
    [{ status: 400, json: answers.problem(400, "ResourceUnavailableError", ["No TES gave an offer.", "TES unavailable: 'x' did not answer."]) }, /No TES gave an offer/],
    [{ body: "<html>Log in</html>" }, /no ranking/],
    [{ json: { hello: "world" } }, /no ranking/],
  ];
  let current;
  await answer(page, () => current);
  for (const [response, text] of cases) {
    current = response;
    await rankButton(page).click();
    await page.locator(".failure").filter({ hasText: text }).waitFor();
  }
}, { expected: ["status of 5", "status of 400"] });

onPage("offline is told, and the form stays", async (page, context) => {
  await context.setOffline(true);
  await rankButton(page).click();
  await page.getByText("You are offline").waitFor();
  await accessible(page, "an error");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".ranking").waitFor();
}, { expected: ["ERR_INTERNET_DISCONNECTED"] });

onPage("a request in flight has a progress line, and can be cancelled", async (page) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(RANK, async (route) => {
    await held;
    await route.abort().catch(() => {});
  });
  await rankButton(page).click();
  await page.getByText("Asking all services").waitFor();
  await accessible(page, "a request in flight");
  await page.locator(".progress button").click();
  await page.getByText("Nothing ranked yet").waitFor();
  release();
}, { reducedMotion: "reduce" });

for (const [name, make, check] of [
  ["one site", answers.oneSite, async (page) => assert.equal(await page.locator(".to-be-best").count(), 0)],
  ["no objects", answers.noObjects, async (page) => assert.equal(await page.locator(".dots [role=option]").count(), 2)],
  ["equal sites", answers.equalSites, async (page) => {
    await page.getByText("×3").waitFor();
    assert.match(await page.locator(".verdict").innerText(), /costs the same and takes as long/);
  }],
]) {
  onPage(`${name} are shown`, async (page) => {
    await answer(page, () => ({ json: make() }));
    await rank(page);
    await check(page);
    assert.match(await page.locator(".map").innerText(), /has no places/);
    await accessible(page, name);
  });
}

onPage("an answer without combinations is told", async (page) => {
  await answer(page, () => ({ json: answers.nothing() }));
  await rankButton(page).click();
  await page.locator(".verdict").getByText("There is no combination to rank").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  onPage(`everything that an answer explains is shown, and is accessible, ${colorScheme}`, async (page) => {
    await answer(page, () => ({ json: answers.explained() }));
    await fill(page, answers.explainedRequest);
    await rank(page);
    await page.locator(".site.tes").nth(3).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await rows(page).last().click();
    const why = await page.locator(".why").innerText();
    for (const part of [/billed to others/, /prices/, /within a region|internet egress|free network/, /2 assumptions/, /15 GB/, /90 Mbit\/s/]) {
      assert.match(why, part);
    }
    const warnings = await page.locator(".warnings").innerText();
    assert.match(warnings, /Not ranked[\s\S]*tes\.offline[\s\S]*tes\.full/);
    const widths = await page.locator(".move").evaluateAll((list) => list.map((line) => Number(line.getAttribute("stroke-width"))));
    assert.ok(widths.every((width) => width >= 1.5) && widths.length > 0);
    await accessible(page, "an explained answer");
  }, { colorScheme });
}

onPage("a thousand combinations of a thousand objects do not stop the page", async (page) => {
  const body = JSON.stringify(answers.huge());
  await answer(page, () => ({ body }));
  const started = Date.now();
  await rank(page);
  const shown = Date.now() - started;
  assert.equal(await page.locator(".dots [role=option]").count(), 1000);
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (window.longest = Math.max(window.longest, duration))))
      .observe({ type: "longtask" });
  });
  await page.getByRole("slider", { name: "Weight of time" }).first().focus();
  for (let step = 0; step < 10; step += 1) await page.keyboard.press("ArrowRight");
  const longest = () => page.evaluate(() => {
    const { longest } = window;
    window.longest = 0;
    return longest;
  });
  const slider = await longest();
  await page.locator(".dots [role=option][aria-label^='Rank 700,']").focus();
  await page.keyboard.press("Enter");
  assert.match(await selectedRow(page).innerText(), /^700\b/);
  await page.getByRole("button", { name: "Show all" }).click();
  assert.equal(await rows(page).count(), 1000);
  const all = await longest();
  console.log(`# ${(body.length / 1e6).toFixed(0)} MB shown in ${shown} ms; longest task: slider ${slider.toFixed(0)} ms, all rows ${all.toFixed(0)} ms`);
  assert.ok(shown < 15_000 && slider < 500 && all < 4000);
});

onPage("a narrow screen has no sideways scrolling, and shows the answer", async (page) => {
  await answer(page, () => ({ json: answers.explained() }));
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await sideways()) <= 0);
  await page.getByLabel("TES task", { exact: true }).check();
  assert.ok((await sideways()) <= 0, `a TES task is ${await sideways()} pixels too wide`);
  await page.getByLabel("Resources", { exact: true }).check();
  await rankButton(page).click();
  await page.locator(".site.tes").first().waitFor();
  assert.ok((await sideways()) <= 0, `${await sideways()} pixels too wide`);
  assert.ok((await page.locator(".verdict").boundingBox()).y < 640);
  await accessible(page, "a narrow screen");
}, { viewport: { width: 360, height: 640 }, hasTouch: true });

onPage("numbers are written as in the visitor's language", async (page) => {
  await rank(page);
  assert.match(await page.locator(".verdict").innerText(), /0,47\s€/);
}, { locale: "de-DE" });

onPage("printed, it has the results and not the form", async (page) => {
  await rank(page);
  await page.emulateMedia({ media: "print" });
  assert.ok(!(await page.locator(".ask").isVisible()));
  assert.ok(await page.locator(".ranking").isVisible());
  assert.match(await page.locator(".asked").innerText(), /^Asked on \d+ \w+ \d{4} at .* for: 2 CPU cores; 8 GB memory; .*a001, a002; weight of time 0\.5\.$/);
  assert.equal(await page.locator(".tools, .tip, .expand, .weight-here").filter({ visible: true }).count(), 0);
});

test("behind a path of a proxy it finds its files and the service", { timeout: 60_000 }, async () => {
  const { createServer, request } = await import("node:http");
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith("/some/path/")) return outgoing.writeHead(418).end();
    const options = { host: root.hostname, port: root.port, method: incoming.method, path: incoming.url.slice("/some/path".length), headers: incoming.headers };
    incoming.pipe(request(options, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    }));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const page = await newPage();
  try {
    await page.goto(`http://127.0.0.1:${proxy.address().port}/some/path/`);
    await page.locator(".version").waitFor();
    await rank(page);
    assert.equal(await rows(page).count(), 8);
    await page.getByRole("link", { name: "API" }).click();
    await page.waitForURL("**/some/path/ui/");
  } finally {
    await page.close();
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("the first paint is early, and the files are small", { timeout: 60_000 }, async () => {
  const { gzipSync } = await import("node:zlib");
  const page = await newPage();
  const sizes = [];
  page.on("response", async (response) => {
    if (response.request().resourceType() !== "fetch") sizes.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
  });
  await page.goto(root.href);
  await page.locator(".version").waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const first = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  await rank(page);
  await page.locator(".land[d*=M]").waitFor({ state: "attached" });
  const all = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  await page.close();
  console.log(`# first contentful paint ${paint.toFixed(0)} ms; ${(first / 1000).toFixed(0)} kB gzipped until then, ${(all / 1000).toFixed(0)} kB in all`);
  assert.ok(all <= 350_000);
});
