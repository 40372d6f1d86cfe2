import { describe, expect, it } from "vitest";

import { isRequest, parseJson } from "../src/model/request";
import { isTokenText, tokenIn } from "../src/model/token";

describe("a token that is pasted", () => {
  it("is taken out of its header", () => {
    for (const text of ["abc", " abc\t", "Bearer abc", "bearer  abc", "Authorization: Bearer abc", "authorization:bearer abc"]) {
      expect(tokenIn(text), text).toBe("abc");
    }
    expect(tokenIn("Token abc", "Token")).toBe("abc");
    expect(tokenIn("Bearer abc", "")).toBe("abc");
    // Its own beginning is not that of a header.
    for (const text of ["bearerabc", "Bearer", "authorization", "a b"]) expect(tokenIn(text), text).toBe(text);
  });

  it("can be sent if it has no other characters than a header has", () => {
    for (const text of ["", "eyJh.eyJz.c2ln", "a b", "~!"]) expect(isTokenText(text), text).toBe(true);
    for (const text of ["\u200babc", "abc\ufeff", "漢", "é", "a\nb", "a\u0000"]) expect(isTokenText(text), text).toBe(false);
  });
});

describe("JSON that is pasted", () => {
  it("may have a byte order mark before it, and nothing else", () => {
    expect(parseJson('\ufeff{"a": 1}')).toEqual({ a: 1 });
    expect(parseJson('\n {"a": "\ufeff"}')).toEqual({ a: "\ufeff" });
    expect(() => parseJson('\ufeff\ufeff{}')).toThrow();
    expect(() => parseJson("\ufeff")).toThrow();
  });

  it("is a request if it has what only requests have", () => {
    for (const value of [{ task: {} }, { tes_uris: [] }, { resource_requirements: {}, object_ids: [] }]) expect(isRequest(value)).toBe(true);
    for (const value of [{ executors: [], task: 1 }, { name: "t" }, [], null, "task", { resources: {} }]) expect(isRequest(value)).toBe(false);
  });
});
