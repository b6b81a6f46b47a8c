/**
 * Two cookies, each HttpOnly, SameSite=Strict, for this host only, and Secure where the panel is served over TLS: one carries a
 * login, the other says for years that this browser is a panel.
 */

export const COOKIE = 'quancheng';
const PANEL_COOKIE = 'quancheng-panel';
/** As long as a login lives unused; the server decides, this only tidies up. */
const MAX_AGE_S = 12 * 3_600;
/** As long as browsers keep any cookie; it is set anew whenever a page asks where it is. */
const PANEL_MAX_AGE_S = 400 * 86_400;
const TOKEN_PATTERN = /^[0-9A-Za-z_-]{43}$/;

export function loginCookie(token: string, isSecure: boolean): string {
  return cookie(COOKIE, token, MAX_AGE_S, isSecure);
}

export function endedCookie(isSecure: boolean): string {
  return cookie(COOKIE, '', 0, isSecure);
}

export function panelCookie(token: string, isSecure: boolean): string {
  return cookie(PANEL_COOKIE, token, PANEL_MAX_AGE_S, isSecure);
}

/** The login's token in a Cookie header, or null when there is none that we could have made. */
export function tokenOf(header: string | undefined): string | null {
  return cookieIn(header, COOKIE);
}

/** The panel's token likewise. */
export function panelTokenOf(header: string | undefined): string | null {
  return cookieIn(header, PANEL_COOKIE);
}

function cookie(name: string, value: string, maxAgeS: number, isSecure: boolean): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isSecure ? '; Secure' : ''}`;
}

function cookieIn(header: string | undefined, name: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined && TOKEN_PATTERN.test(value)) return value;
  }
  return null;
}
