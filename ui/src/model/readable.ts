// Names of hosts in letters of all alphabets, which DNS has as punycode (`xn--`).

import punycode from "punycode/punycode.es6.js";

/** A name in punycode in its own letters, if the browser would write it back the same. */
function unicode(name: string): string {
  try {
    const decoded = punycode.toUnicode(name.toLowerCase());
    return new URL(`https://${decoded}/`).hostname === name.toLowerCase() ? decoded : name;
  } catch {
    return name;
  }
}

/** `text` with the names of hosts in it as people read them; for show alone, as other names may look the same. */
export const readable = (text: string): string =>
  text.includes("xn--") ? text.replace(/[a-z0-9.-]*\bxn--[a-z0-9.-]*[a-z0-9]/gi, unicode) : text;
