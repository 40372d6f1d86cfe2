// Numbers, amounts, times and names as people read them, by the locale of the browser.

const locale = typeof navigator === "undefined" ? undefined : navigator.language;

/** What stands before the fraction of a number. */
export const decimalSeparator = new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === "decimal")?.value;

/** Which way figures are rounded: a bound that is told must hold as it is told. */
export type Rounding = "nearest" | "down" | "up";

const MODES = { nearest: "halfExpand", down: "floor", up: "ceil" } as const;

/** From here on numbers are written as powers of ten. */
const HUGE = 1e12;

const currencies = new Map<string, Intl.NumberFormat>();

/** An amount of money: with the decimals of its currency, or two digits if it is small. */
export function money(amount: number, currency: string, rounding: Rounding = "nearest"): string {
  const isSmall = amount !== 0 && Math.abs(amount) < 0.0995;
  const isHuge = Math.abs(amount) >= HUGE;
  const digits: Intl.NumberFormatOptions = isSmall
    ? { maximumSignificantDigits: 2 }
    : isHuge
      ? { notation: "scientific", maximumFractionDigits: 2 }
      : {};
  const key = `${currency}${isSmall}${isHuge}${rounding}`;
  let format = currencies.get(key);
  if (!format) {
    try {
      format = new Intl.NumberFormat(locale, { style: "currency", currency, roundingMode: MODES[rounding], ...digits });
    } catch {
      // Not three letters: no currency that a browser knows of.
      format = new Intl.NumberFormat(locale, { maximumFractionDigits: 6, roundingMode: MODES[rounding] });
    }
    currencies.set(key, format);
  }
  return format.format(amount);
}

const powers = new Intl.NumberFormat(locale, { notation: "scientific", maximumFractionDigits: 2 });

const numbers = new Map<string, Intl.NumberFormat>();

function withDigits(value: number, minimumFractionDigits: number, maximumFractionDigits: number): string {
  if (Math.abs(value) >= HUGE) return powers.format(value);
  const key = `${minimumFractionDigits} ${maximumFractionDigits}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { minimumFractionDigits, maximumFractionDigits });
    numbers.set(key, format);
  }
  return format.format(value);
}

/** A number with at most so many decimals. */
export const number = (value: number, digits = 2): string => withDigits(value, 0, digits);

/** A number with just so many decimals, for columns. */
export const decimals = (value: number, digits: number): string => withDigits(value, digits, digits);

// Made once: a formatter takes longer to make than to use.
const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });

export const integer = (value: number | bigint): string => integers.format(value);

/** In whole percents. */
export const percent = (fraction: number, rounding: Rounding = "nearest"): string =>
  percents.format({ nearest: Math.round, down: Math.floor, up: Math.ceil }[rounding](100 * fraction) / 100);

/** A duration in its two largest units: `32 min`, `1 h 20 min`, `3 d 4 h`. */
export function duration(seconds: number, rounding: Rounding = "nearest"): string {
  const whole = { nearest: Math.round, down: Math.floor, up: Math.ceil }[rounding];
  const part = rounding === "up" ? Math.ceil : Math.floor;
  const total = whole(Math.max(0, seconds));
  if (seconds > 0 && seconds < 10) return `${number(whole(seconds * 10) / 10, 1)} s`;
  if (total < 60) return `${integer(total)} s`;
  if (total < 3600) return pair(Math.floor(total / 60), "min", total % 60, "s");
  const minutes = part(total / 60);
  const hours = part(minutes / 60) < 48 ? Math.floor(minutes / 60) : part(minutes / 60);
  if (hours / 24 >= HUGE) return `${number(hours / 24)} d`;
  if (hours < 48) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

const pair = (large: number, unit: string, small: number, part: string): string =>
  small > 0 ? `${integer(large)} ${unit} ${integer(small)} ${part}` : `${integer(large)} ${unit}`;

/** The unit for an axis of times up to `most` seconds. */
export function timeUnit(most: number): { name: string; seconds: number } {
  if (most < 120) return { name: "s", seconds: 1 };
  if (most < 7200) return { name: "min", seconds: 60 };
  if (most < 172_800) return { name: "h", seconds: 3600 };
  return { name: "days", seconds: 86_400 };
}

/** How many decimals tell about so many ticks in a domain apart, which are 1, 2 or 5 times a power of ten. */
export function tickDigits([low, high]: [number, number], ticks: number): number {
  const step = (high - low) / ticks;
  // Above the geometric mean of 5 and 10 it is the next power.
  const power = Math.floor(Math.log10(step) + Math.log10(10 / Math.sqrt(50)));
  return Number.isFinite(power) ? Math.min(20, Math.max(0, -power)) : 0;
}

/** Bytes in units of powers of 1000, as the service counts them. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, value < 10 && unit > 0 ? 1 : 0)} ${units[unit] ?? ""}`;
}

/** The host of a URI, or the URI itself where it has none. */
export function host(uri: string): string {
  try {
    return new URL(uri).hostname || uri;
  } catch {
    return uri;
  }
}

/** How many labels at the end of all `hosts` are the same; at least one label of each is left. */
function commonSuffix(hosts: readonly string[]): number {
  if (hosts.length < 2 || hosts.some((name) => /^[\d.]+$|:/.test(name))) return 0;
  const labels = hosts.map((name) => name.split(".").reverse());
  const most = Math.min(...labels.map((list) => list.length)) - 1;
  let count = 0;
  while (count < most && labels.every((list) => list[count] === labels[0]?.[count])) count += 1;
  return count;
}

/** Short names for URIs: their hosts without what all end in, with port and then path where hosts are the same. */
export function shortNames(uris: readonly string[]): string[] {
  const suffix = commonSuffix([...new Set(uris.map(host))]);
  const attempts = [
    (uri: string) => (suffix > 0 ? host(uri).split(".").slice(0, -suffix).join(".") : host(uri)),
    host,
    (uri: string) => withUrl(uri, (url) => url.host),
    (uri: string) => withUrl(uri, (url) => url.host + url.pathname),
  ];
  return uris.map((uri) => {
    for (const name of attempts) {
      const short = name(uri);
      if (uris.filter((other) => name(other) === short).length === 1) return short;
    }
    return uri;
  });
}

function withUrl(uri: string, name: (url: URL) => string): string {
  try {
    return name(new URL(uri)) || uri;
  } catch {
    return uri;
  }
}

/** `text` with its middle left out if it is longer than `most` characters. */
export function middle(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${integer(count)} ${count === 1 ? one : many}`;

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const calendar = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });

export const time = (at: Date): string => clock.format(at);

export const dateAndTime = (at: Date): string => calendar.format(at);
