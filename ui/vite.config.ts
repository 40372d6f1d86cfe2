import { defineConfig } from "vitest/config";

import { land } from "./scripts/land.ts";

export default defineConfig({
  // Relative, so that the page works behind a proxy that adds a path.
  base: "./",
  plugins: [land()],
  build: {
    target: "es2022",
    // The policy of the page forbids inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: "licenses.txt" },
  },
  server: {
    // `npm run dev` beside `cargo run -- serve`.
    proxy: Object.fromEntries(
      ["/rank-services", "/rank-tasks", "/page.json", "/ui"].map((path) => [path, "http://127.0.0.1:8080"]),
    ),
  },
  test: { include: ["test/**/*.test.ts"] },
});
