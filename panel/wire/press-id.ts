/** One id for the whole life of a press: what is sent again with it changes nothing a second time. */

/** 32 hexadecimal digits. `crypto.randomUUID` is missing on plain-http origins, `getRandomValues` is not. */
export function newPressId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
