// Takes the pictures of docs/page.md of a running demonstration:
//     ROOT=http://127.0.0.1:7979/ node pictures.mjs
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

async function take(name, options, act) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 1000 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(process.env.ROOT);
  await page.locator(".version").waitFor();
  await act(page);
  await page.locator(".dots [role=option]").first().waitFor();
  await page.locator(".land[d*=M]").waitFor({ state: "attached" });
  // Nothing under the pointer, and no focus.
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url));
  await page.screenshot({ path, fullPage: true });
  await context.close();
}

const rank = (page) => page.getByRole("button", { name: "Rank", exact: true }).click();

await take("page-light", {}, rank);
await take("page-dark", { colorScheme: "dark" }, async (page) => {
  await page.locator(".examples select").selectOption({ label: "A TES task" });
  await rank(page);
  await page.locator(".ranking tbody tr").nth(2).click();
  await page.getByLabel(/^all \d places/).check();
});
await browser.close();
