/** What a browser calls itself, as short as people call it. Pure. */

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg\/(\d+)/, 'Edge'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\b(?:Chrome|Chromium|HeadlessChrome)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+).*\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPad\b|\biPhone\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];
const CHARS_MAX = 30;

/** `Chrome 120, Linux`; what is not a known browser is shown as it calls itself, cut short. Empty when it says nothing. */
export function browserName(agent: string): string {
  const browser = BROWSERS.map(([pattern, name]) => {
    const found = pattern.exec(agent);
    return found === null ? null : `${name} ${found[1]}`;
  }).find((name) => name !== null);
  if (browser === undefined) return agent.slice(0, CHARS_MAX);
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  return system === undefined ? browser : `${browser}, ${system}`;
}
