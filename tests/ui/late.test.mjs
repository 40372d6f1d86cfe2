// What comes late, or lasts a moment: answers out of order, links, files and settings that come while something else is
// going on. Nothing here waits for time to pass: answers are held back and released, and the clock is moved.
import assert from "node:assert/strict";

import * as answers from "./answers.mjs";
import { fill, newPage, onPage, rank, rankButton, root, rows, selectedRow } from "./browser.mjs";

/**
 * Holds back each ranking until the page is told its answer with `held[n].answer(json, status)`. It does not heed the
 * signal that the page aborts with, so that what comes late really comes.
 */
const hold = (page) =>
  page.addInitScript(() => {
    window.held = [];
    const original = window.fetch;
    window.fetch = (input, init) => {
      const url = String(input?.url ?? input);
      if (!/rank-(services|tasks)$/.test(url)) return original(input, init);
      return new Promise((resolve) => {
        window.held.push({
          headers: init.headers,
          body: JSON.parse(init.body),
          answer: (json, status = 200) => resolve(new Response(JSON.stringify(json), { status })),
        });
      });
    };
  });

/** Answers the request at `index`, and lets the page do all that follows of it. */
const release = (page, index, json, status) =>
  page.evaluate(async ([index, json, status]) => {
    window.held[index].answer(json, status);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  }, [index, json, status]);

const asked = (page, count) => page.waitForFunction((count) => window.held.length === count, count);
const ready = (page) => page.locator(".version").waitFor();

onPage("an answer that comes after that of a newer request changes nothing", async (page) => {
  await ready(page);
  await rankButton(page).click();
  await asked(page, 1);
  await rankButton(page).click();
  await asked(page, 2);
  await release(page, 1, answers.noObjects());
  assert.equal(await rows(page).count(), 2);
  await release(page, 0, answers.oneSite());
  assert.equal(await rows(page).count(), 2);
  // And where the older one comes first, the newer one is still awaited.
  await rankButton(page).click();
  await asked(page, 3);
  await rankButton(page).click();
  await asked(page, 4);
  await release(page, 2, answers.oneSite());
  assert.equal(await rows(page).count(), 2);
  assert.ok(await page.locator(".submit").getByRole("button", { name: "Cancel" }).isVisible());
  await release(page, 3, answers.oneSite());
  assert.equal(await rows(page).count(), 1);
}, { prepare: hold });

onPage("an answer or an error that comes after Cancel changes nothing", async (page) => {
  await ready(page);
  for (const [json, status] of [[answers.oneSite(), 200], [answers.problem(500, "InternalServerError", "x"), 500], ["no ranking", 200]]) {
    const count = await page.evaluate(() => window.held.length);
    await rankButton(page).click();
    await asked(page, count + 1);
    await page.locator(".submit").getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Nothing ranked yet").waitFor();
    await release(page, count, json, status);
    assert.ok(await page.getByText("Nothing ranked yet").isVisible());
    assert.equal(await page.locator(".failure, .progress .line").count(), 0);
  }
}, { prepare: hold });

onPage("a link that is opened while asking wins over the answer to what was asked", async (page) => {
  await ready(page);
  await fill(page, { tes_uris: ["https://from-link.example/"], resource_requirements: { cpu_cores: 9 }, mode: 0.5 });
  const hash = await page.evaluate(async () => {
    const text = JSON.stringify({ tes_uris: ["https://from-link.example/"], resource_requirements: { cpu_cores: 9 } });
    const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
    return `request=${btoa(String.fromCharCode(...new Uint8Array(packed))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  });
  await fill(page, answers.explainedRequest);
  await rankButton(page).click();
  await asked(page, 1);
  await page.evaluate((hash) => (location.hash = hash), hash);
  await page.getByText("The request is from the link").waitFor();
  await release(page, 0, answers.explained());
  assert.equal(await page.getByRole("textbox", { name: "Where it could run" }).inputValue(), "https://from-link.example/");
  assert.equal(new URL(page.url()).hash, `#${hash}`);
  assert.equal(await page.locator(".ranking").count(), 0);
  assert.ok(await page.getByText("Nothing ranked yet").isVisible());
}, { prepare: hold });

onPage("a link that cannot be read does not win over one that came after it", async (page) => {
  // The first is held back while it is unpacked.
  await page.evaluate(() => {
    const Original = window.DecompressionStream;
    let isFirst = true;
    window.DecompressionStream = function (format) {
      const stream = new Original(format);
      if (!isFirst) return stream;
      isFirst = false;
      const gate = new TransformStream({
        transform: (chunk, controller) => new Promise((resolve) => (window.open_gate = () => resolve(controller.enqueue(chunk)))),
      });
      return { writable: stream.writable, readable: stream.readable.pipeThrough(gate) };
    };
    window.pack = async (request) => {
      const packed = await new Response(new Blob([JSON.stringify(request)]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
      return `request=${btoa(String.fromCharCode(...new Uint8Array(packed))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
    };
  });
  await page.evaluate(async () => {
    location.hash = await window.pack({ tes_uris: ["https://first.example/"] });
  });
  await page.waitForFunction(() => window.open_gate);
  await page.evaluate(async () => {
    location.hash = await window.pack({ tes_uris: ["https://second.example/"] });
  });
  const field = page.getByRole("textbox", { name: "Where it could run" });
  await page.waitForFunction(() => [...document.querySelectorAll("textarea")].some(({ value }) => value.includes("second")));
  await page.evaluate(async () => {
    window.open_gate();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
  assert.equal(await field.inputValue(), "https://second.example/");
});

onPage("a token that was changed while it was checked is not the one that was refused", async (page) => {
  await ready(page);
  await page.getByText("Token and more options").click();
  const field = page.getByLabel("Bearer token");
  await field.fill("first");
  await rankButton(page).click();
  await asked(page, 1);
  await field.fill("second");
  await release(page, 0, answers.problem(401, "Unauthorized", "The token is expired."), 401);
  await page.getByText("A token is needed").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "false");
  await rankButton(page).click();
  await asked(page, 2);
  assert.deepEqual(await page.evaluate(() => window.held.map(({ headers }) => headers.Authorization)), ["Bearer first", "Bearer second"]);
  await release(page, 1, answers.problem(401, "Unauthorized", "The token is expired."), 401);
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  await field.fill("third");
  assert.equal(await field.getAttribute("aria-invalid"), "false");
}, { prepare: hold });

onPage("a token waits for the name of its header", async (page) => {
  await page.getByText("Token and more options").click();
  await page.getByLabel("Bearer token").fill("secret");
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://tes.example/");
  await rankButton(page).click();
  await page.locator(".submit").getByRole("button", { name: "Cancel" }).waitFor();
  assert.equal(await page.evaluate(() => window.held.length), 0);
  await page.evaluate(() => window.settings({ version: "1", token: { header: "X-Portal-Token", prefix: "Token" } }));
  await asked(page, 1);
  assert.equal(await page.evaluate(() => window.held[0].headers["X-Portal-Token"]), "Token secret");
}, {
  prepare: async (page) => {
    await hold(page);
    await page.addInitScript(() => {
      const next = window.fetch;
      window.fetch = (input, init) =>
        String(input?.url ?? input).endsWith("page.json")
          ? new Promise((resolve) => (window.settings = (json) => resolve(new Response(JSON.stringify(json)))))
          : next(input, init);
    });
  },
});

onPage("a service that is down when the page is opened is found once it is back", async (page) => {
  assert.equal(await page.locator(".version, .examples").count(), 0);
  // A login page, as of a gateway before the service, is no settings.
  await page.evaluate(() => (window.mode = "login"));
  await page.clock.runFor(1000);
  assert.equal(await page.locator(".version").count(), 0);
  await page.evaluate(() => (window.mode = "up"));
  await page.clock.runFor(60_000);
  await ready(page);
  assert.match(await page.getByRole("textbox", { name: "Where it could run" }).inputValue(), /tes-basel/);
  await page.locator(".examples").waitFor();
}, {
  prepare: async (page) => {
    await page.clock.install();
    await page.addInitScript(() => {
      window.mode = "down";
      const original = window.fetch;
      window.fetch = (input, init) => {
        if (!String(input?.url ?? input).endsWith("page.json") || window.mode === "up") return original(input, init);
        return window.mode === "down"
          ? Promise.reject(new TypeError("Failed to fetch"))
          : Promise.resolve(new Response("<html>Log in</html>", { headers: { "Content-Type": "text/html" } }));
      };
    });
  },
  // What is preloaded is then not used in time.
  expected: ["preloaded"],
});

onPage("the ranks of the dots are those of the table at any time, and of the answer that the dots are of", async (page) => {
  await ready(page);
  await fill(page, answers.explainedRequest);
  await rankButton(page).click();
  await asked(page, 1);
  await release(page, 0, answers.explained());
  await page.locator(".dots [role=option]").first().waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  // In the same task, without a frame between.
  const same = await page.evaluate(async () => {
    const slider = document.querySelector("input[type=range]");
    const differences = [];
    for (const value of ["0.1", "0.9", "0"]) {
      slider.value = value;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      for (const dot of document.querySelectorAll(".dots [role=option]")) {
        const row = document.querySelector(`.ranking tr[data-index="${dot.dataset.index}"]`);
        const rank = row.querySelector(".rank").textContent;
        if (!dot.getAttribute("aria-label").startsWith(`Rank ${rank},`)) differences.push(dot.getAttribute("aria-label"));
      }
    }
    return differences;
  });
  assert.deepEqual(same, []);
  // Another answer: until its dots are drawn, those of the last one keep their names.
  await page.evaluate(() => {
    const names = () => [...document.querySelectorAll(".dots [role=option]")].map((dot) => dot.getAttribute("aria-label"));
    window.before = names();
    window.seen = new Set();
    new MutationObserver(() => names().forEach((name) => window.seen.add(name)))
      .observe(document.querySelector(".chart"), { childList: true, subtree: true, attributes: true });
  });
  await rankButton(page).click();
  await asked(page, 2);
  const other = answers.explained(0);
  other.service_combinations.forEach((one) => (one.cost_estimate.amount += 1000));
  await release(page, 1, other);
  await page.locator(".dots [aria-label*='1,00']").first().waitFor({ state: "attached" });
  const mixed = await page.evaluate(() => {
    const after = [...document.querySelectorAll(".dots [role=option]")].map((dot) => dot.getAttribute("aria-label"));
    return [...window.seen].filter((name) => !window.before.includes(name) && !after.includes(name));
  });
  assert.deepEqual(mixed, []);
}, { prepare: hold });

onPage("the TES that is shown alone stays the same when another one is lost", async (page) => {
  await ready(page);
  await fill(page, answers.explainedRequest);
  await rankButton(page).click();
  await asked(page, 1);
  await release(page, 0, answers.explained());
  await page.locator(".ranking select").selectOption({ label: "batch.gcp-iowa" });
  await page.locator(".ranking tbody tr").nth(2).click();
  const chosen = await selectedRow(page).innerText();
  await rankButton(page).click();
  await asked(page, 2);
  const fewer = answers.explained();
  fewer.service_combinations = fewer.service_combinations.filter(({ access_uris }) => !access_uris.tes_uri.includes("frankfurt"));
  fewer.space_size = String(fewer.service_combinations.length);
  await release(page, 1, fewer);
  assert.deepEqual([...new Set(await rows(page).locator("th").allInnerTexts())].map((name) => name.trim()), ["batch.gcp-iowa"]);
  const [, ...figures] = chosen.split("\t");
  const [, ...now] = (await selectedRow(page).innerText()).split("\t");
  assert.deepEqual(now.slice(0, 3), figures.slice(0, 3));
}, { prepare: hold });

onPage("a fault goes when its place is changed, and the others stay", async (page) => {
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://tes.example/\nnot a uri");
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("-1");
  await rankButton(page).click();
  const uris = page.locator(".field[data-pointer='/tes_uris'] .faults");
  await uris.waitFor();
  await page.getByRole("textbox", { name: "Where it could run" }).fill("https://tes.example/");
  assert.equal(await uris.count(), 0);
  assert.match(await page.locator(".failure h2").innerText(), /One fault/);
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("1");
  assert.equal(await page.locator(".faults li").count(), 0);
  assert.match(await page.locator(".failure h2").innerText(), /changed/);
  // As it was when it was refused.
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("-1");
  assert.equal(await page.locator(".field[data-pointer='/resource_requirements/cpu_cores'] ul.faults").count(), 1);
}, { expected: ["status of 400"] });

onPage("asking again for another weight can be cancelled, and says so", async (page) => {
  await ready(page);
  await rankButton(page).click();
  await asked(page, 1);
  await release(page, 0, answers.part(0.5));
  await page.clock.install();
  await page.getByRole("slider", { name: "Weight of time" }).first().fill("0.8");
  assert.match(await page.locator(".verdict").innerText(), /Asking again/);
  await page.clock.runFor(400);
  await asked(page, 2);
  await page.locator(".submit").getByRole("button", { name: "Cancel" }).click();
  assert.match(await page.locator(".verdict").innerText(), /For another weight\. Rank again/);
  await page.locator(".verdict").getByRole("button", { name: "Rank again" }).click();
  await asked(page, 3);
  assert.equal(await page.evaluate(() => window.held[2].body.mode), 0.8);
  // An error of it is told, and the page does not go on asking.
  await release(page, 2, answers.problem(500, "InternalServerError", "x"), 500);
  await page.clock.runFor(5000);
  assert.equal(await page.evaluate(() => window.held.length), 3);
}, { prepare: hold });

onPage("of two files the one that was opened last counts", async (page) => {
  await page.evaluate(async () => {
    const original = File.prototype.text;
    let open;
    const gate = new Promise((resolve) => (open = resolve));
    File.prototype.text = async function () {
      if (this.name === "slow.json") await gate;
      return original.call(this);
    };
    const drop = (name) => {
      const data = new DataTransfer();
      data.items.add(new File([JSON.stringify({ name, executors: [] })], name, { type: "application/json" }));
      document.querySelector(".ask").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    };
    drop("slow.json");
    drop("quick.json");
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    open();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
  assert.match(await page.getByRole("textbox", { name: "TES task (JSON)" }).inputValue(), /quick\.json/);
  await page.getByText("The task is from quick.json").waitFor();
});

onPage("half-written text goes when a whole request comes from elsewhere", async (page) => {
  await page.getByText("Request as JSON").first().click();
  const json = page.getByRole("textbox", { name: "Request as JSON" });
  await json.fill('{"tes_uris": [');
  await page.locator(".examples select").selectOption({ label: "A TES task" });
  assert.ok(JSON.parse(await json.inputValue()).task);
  assert.equal(await page.locator(".json .faults").innerText(), "");
  const task = page.getByRole("textbox", { name: "TES task (JSON)" });
  await task.fill('{"name": ');
  assert.match(await page.locator(".field[data-pointer='/task'] .faults").first().innerText(), /Not JSON yet/);
  await json.fill(JSON.stringify({ task: { name: "other", executors: [] }, tes_uris: [] }));
  assert.equal(JSON.parse(await task.inputValue()).name, "other");
  assert.equal(await page.locator(".field[data-pointer='/task'] .faults").innerText(), "");
});

onPage("what was copied is not told of a request that was changed since", async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Python", exact: true }).click();
  await page.getByText("Python copied.").waitFor();
  await page.getByRole("spinbutton", { name: "CPU cores" }).fill("5");
  assert.equal(await page.getByText("Python copied.").count(), 0);
});

onPage("no dot is on the page without its name, also while the window changes", async (page) => {
  await page.evaluate(() => {
    window.nameless = 0;
    // Called after each change of the document and before anything else runs.
    const observer = new MutationObserver(() => {
      window.nameless += document.querySelectorAll("[role=option]:not([aria-label])").length;
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
  await rank(page);
  const drawing = await page.locator(".dots").elementHandle();
  await page.setViewportSize({ width: 700, height: 900 });
  await page.waitForFunction((old) => document.querySelector(".dots") && !old.isConnected, drawing);
  assert.equal(await page.evaluate(() => window.nameless), 0);
});

onPage("the example of the service does not replace what was typed before it came", async (page) => {
  const slow = await newPage();
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await slow.route("**/page.json", async (route) => {
    await released;
    await route.continue();
  });
  await slow.goto(root.href);
  const box = slow.getByRole("textbox", { name: "Where it could run" });
  await box.fill("https://typed.example.org");
  release();
  await slow.locator(".version").waitFor();
  assert.match(await box.inputValue(), /typed\.example\.org/);
  await slow.close();
});

onPage("the focus is not taken from what is typed by now, and Cancel does not scroll", async (page) => {
  await ready(page);
  await rankButton(page).click();
  await asked(page, 1);
  const field = page.getByRole("textbox", { name: "Input objects" });
  await field.focus();
  await release(page, 0, answers.problem(400, "ValidationError", "/tes_uris/0: is wrong"), 400);
  await page.locator(".field[data-pointer='/tes_uris'] .faults").waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  // Sent with the keyboard, the focus goes to the fault.
  await page.getByRole("spinbutton", { name: "CPU cores" }).press("Enter");
  await asked(page, 2);
  await release(page, 1, answers.problem(400, "ValidationError", "/tes_uris/0: is wrong"), 400);
  assert.equal(await page.evaluate(() => document.activeElement.closest(".field")?.dataset.pointer), "/tes_uris");
  await rankButton(page).click();
  await asked(page, 3);
  await release(page, 2, answers.oneSite());
  await page.setViewportSize({ width: 360, height: 640 });
  await rankButton(page).scrollIntoViewIfNeeded();
  await rankButton(page).click();
  await asked(page, 4);
  await page.locator(".submit").getByRole("button", { name: "Cancel" }).click();
  await release(page, 3, answers.oneSite());
  assert.ok(await page.evaluate(() => document.getElementById("results").getBoundingClientRect().top > innerHeight / 4));
}, { prepare: hold });
