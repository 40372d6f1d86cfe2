import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { asCommand, asCurl, asPython, asTaskCurl, shellWord, tasksUrl } from "../src/model/copy";

const body = {
  tes_uris: ["https://tes.example/ga4gh/tes/v1/"],
  object_ids: ["it's", "-x", "$(touch /tmp/never)", "a b\n`c`", "@file"],
  mode: -1,
  explain: true,
  resource_requirements: { cpu_cores: 2, ram_gb: 0.5, preemptible: false, zones: ["a b"] },
  registries: ["https://r.example/"],
};
const call = { body, kind: "resources" as const, missing: [], root: "https://h.example/prefix/", token: undefined };
const token = { header: "Authorization", prefix: "Bearer" };

/** The words that a shell makes of `text`, with `program` in the place of the first. */
const words = (text: string): string[] =>
  execFileSync("sh", ["-c", `show() { printf '%s\\0' "$@"; }; TESTRIBUTE_JWT=jwt; ${text.replace(/\b(curl|testribute) --/, "show --")}`], {
    encoding: "utf8",
  }).split("\0").slice(0, -1);

describe("a copied request", () => {
  it("has words that a shell takes as they are", () => {
    for (const text of ["", "a", "it's", "$HOME", "a b", "*", "!x", "a\nb", "~", "#"]) {
      expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" })).toBe(text);
    }
  });

  it("as curl sends the same JSON, and a token from the environment alone", () => {
    const list = words(asCurl({ ...call, token }));
    expect(list).toContain("https://h.example/prefix/rank-services");
    expect(list).toContain("Authorization: Bearer jwt");
    expect(JSON.parse(list[list.indexOf("--data-raw") + 1] ?? "")).toEqual(body);
  });

  it("as a command line has each item as one word, and names what has no option", () => {
    const list = words(asCommand(call));
    for (const id of ["it's", "$(touch /tmp/never)", "a b\n`c`", "@file"]) {
      expect(list[list.indexOf(id) - 1]).toBe("--object-id");
    }
    expect(list).toContain("--object-id=-x");
    expect(list).toContain("--mode=-1");
    expect(list).toContain("--no-preemptible");
    expect(asCommand(call)).toMatch(/^# Without an option: "registries"\n/);
  });

  it("as a command line for a task writes the task to a file", () => {
    const task = { executors: [{ image: "i", command: ["echo", "JSON\nJSON"] }] };
    const text = asCommand({ ...call, body: { task, tes_uris: [] }, kind: "task" });
    expect(text.match(/^JSON$/gm)).toHaveLength(1);
    expect(text).toContain("--task task.json");
  });

  it("as a task is posted to the list of tasks of its TES", () => {
    const urls = ["https://t.example/ga4gh/tes/v1/", "https://t.example/ga4gh/tes/v1/tasks", "https://t.example", "https://t.example/x/v1", "no uri"];
    expect(urls.map(tasksUrl)).toEqual([
      "https://t.example/ga4gh/tes/v1/tasks", "https://t.example/ga4gh/tes/v1/tasks", "https://t.example/ga4gh/tes/v1/tasks",
      "https://t.example/x/v1/tasks", "no uri",
    ]);
    const task = { executors: [{ command: ["it's", "$(touch /tmp/never)"] }] };
    for (const [uri, hasToken] of [["https://t.example/$(id)/", true], ["-x';id;'", false]] as const) {
      const list = words(asTaskCurl(task, uri, hasToken));
      expect(list[list.indexOf("--url") + 1]).toBe(tasksUrl(uri));
      expect(JSON.parse(list[list.indexOf("--data-raw") + 1] ?? "")).toEqual(task);
      expect(list.includes("Authorization: Bearer jwt")).toBe(hasToken);
    }
  });

  it("as Python has the same values", () => {
    let python: string;
    try {
      const script = `import sys, json\ndef rank_services(**given): print(json.dumps(given)); sys.exit()\n${asPython(call).replace(/^from .*$/m, "")}`;
      python = execFileSync("python3", ["-c", script], { encoding: "utf8" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    expect(JSON.parse(python)).toEqual(body);
    expect(asPython({ ...call, token })).toContain('jwt=os.environ["TESTRIBUTE_JWT"]');
  });
});
