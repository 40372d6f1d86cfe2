// A bearer token as people paste it.

/** The token of `text`, which may have the prefix of the header before it, and the header's name. */
export function tokenIn(text: string, prefix = "Bearer"): string {
  let token = text.trim().replace(/^authorization:\s*/i, "");
  for (const scheme of ["Bearer", prefix]) {
    if (scheme !== "" && token.toLowerCase().startsWith(`${scheme.toLowerCase()} `)) token = token.slice(scheme.length).trim();
  }
  return token;
}

/** Whether a header can have it: browsers do not send other characters. */
export const isTokenText = (token: string): boolean => /^[\x20-\x7e]*$/.test(token);
