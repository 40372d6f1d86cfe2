import { describe, expect, it } from "vitest";

import { fromFragment, isSecret, shareable, toFragment } from "../src/model/share";

describe("what a link leaves out", () => {
  it("is every URL with a signature, a password or a fragment", () => {
    for (const uri of [
      "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=abc",
      "https://store.example/a?alt=media&token=x",
      "https://store.example/a?alt=media;sig=x",
      "https://user:password@tes.example/",
      "https://user@tes.example/",
      "https://account.blob.core.windows.net/c/a?sv=1&sig=x",
      "s3://key:secret@bucket/a",
      "https://tes.example/#access_token=x",
      "curl -H x https://h.example/?key=1 --output y",
      "https://exa mple/?a",
      "https://x.example/a b?sig=x",
    ]) {
      expect(isSecret(uri), uri).toBe(true);
    }
    for (const uri of [
      "https://tes.example/ga4gh/tes/v1/",
      "https://storage.googleapis.com/b/o?alt=media&generation=12",
      "abfss://container@account.dfs.core.windows.net/a",
      "drs://drs.example/a001",
      "drs://dg.4503:00b06f18",
      "a001",
    ]) {
      expect(isSecret(uri), uri).toBe(false);
    }
  });

  it("is a token anywhere, what the service does not know, and what a task need not show", () => {
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";
    const { body, dropped } = shareable({
      tes_uris: ["https://tes.example/"],
      object_ids: ["a", `https://x.example/${jwt}`, "https://x.example/b?sig=1"],
      object_sizes: { "https://x.example/b?sig=1": 3 },
      jwt,
      password: "x",
      task: {
        executors: [{ image: "i", command: ["a"], env: { KEY: "secret" } }],
        inputs: [{ url: "https://u:p@x.example/", path: "/a", content: "secret" }],
      },
    });
    expect(body).toEqual({
      tes_uris: ["https://tes.example/"],
      object_ids: ["a"],
      object_sizes: {},
      task: { executors: [{ image: "i", command: ["a"] }], inputs: [{ path: "/a" }] },
    });
    expect(JSON.stringify(body)).not.toMatch(/secret|eyJ|sig/);
    expect(dropped).toContain("/jwt");
    expect(dropped).toHaveLength(8);
    // Nor do the names of what was left out tell it.
    expect(dropped.join()).not.toContain("sig=1");
  });
});

describe("a link", () => {
  it("gives back its request, of any size and alphabet", async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `daß-é-😀-${index}`);
    const body = { tes_uris: ["https://tes.example/"], object_ids: ids, mode: 0.25 };
    const fragment = await toFragment(body);
    expect(fragment).toMatch(/^request=[\w-]+$/);
    expect(await fromFragment(`#${fragment}`)).toEqual({ body, without: [] });
  });

  it("names what it lacks, as far as that can be told", async () => {
    const without = ["/task/executors/0/env", "/…", ...Array.from({ length: 200 }, (_, index) => `/object_ids/${index}`)];
    const found = await fromFragment(`#${await toFragment({}, without)}`);
    expect(found?.without).toEqual(without.slice(0, 100));
    const odd = await fromFragment(`#${await toFragment({}, ["no pointer", `/${"x".repeat(1e4)}`])}`);
    expect(odd?.without.every((pointer) => /^\/.{0,199}$/.test(pointer))).toBe(true);
  });

  it("without a request is none, and a broken one is told", async () => {
    expect(await fromFragment("")).toBeUndefined();
    expect(await fromFragment("#results")).toBeUndefined();
    await expect(fromFragment("#request=AAAA")).rejects.toThrow();
    const whole = `#${await toFragment({ mode: 0.3 }, ["/task/executors/0/env"])}`;
    for (const odd of ["#request=", "#request=&without=", `${whole}.`, `${whole})`, `${whole}&x=1`, whole.replace("&without", "&amp;without"), whole.replace("=", "=%20")]) {
      await expect(fromFragment(odd), odd).rejects.toThrow();
    }
    await expect(fromFragment(`#${await toFragment([] as never)}`)).rejects.toThrow();
  });

  it("that unpacks to very much is refused", async () => {
    const bomb = await toFragment({ a: "x".repeat(3 << 20), b: "y".repeat(3 << 20) });
    expect(bomb.length).toBeLessThan(20_000);
    await expect(fromFragment(`#${bomb}`)).rejects.toThrow(RangeError);
  });
});
