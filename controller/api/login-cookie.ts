/** The login's cookie: HttpOnly, SameSite=Strict, for this host only, and Secure where the panel is served over TLS. */

export const COOKIE = 'quancheng';
/** As long as a login lives unused; the server decides, this only tidies up. */
const MAX_AGE_S = 12 * 3_600;
const TOKEN_PATTERN = /^[0-9A-Za-z_-]{43}$/;

export function loginCookie(token: string, isSecure: boolean): string {
  return `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${MAX_AGE_S}${isSecure ? '; Secure' : ''}`;
}

export function endedCookie(isSecure: boolean): string {
  return `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0${isSecure ? '; Secure' : ''}`;
}

/** The token in a Cookie header, or null when there is none that we could have made. */
export function tokenOf(header: string | undefined): string | null {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=', 2);
    if (key === COOKIE && value !== undefined && TOKEN_PATTERN.test(value)) return value;
  }
  return null;
}
