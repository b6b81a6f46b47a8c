/** One name per browser tab, for as long as the tab lives: a page that is loaded anew is the same display at once. */

const HOLDER_KEY = 'quancheng.display-holder';
const BYTES = 16;

export function holderOf(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(BYTES))];
  const fresh = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  try {
    const kept = sessionStorage.getItem(HOLDER_KEY);
    if (kept !== null) return kept;
    sessionStorage.setItem(HOLDER_KEY, fresh);
  } catch {
    // Storage can be forbidden by policy; then each load is a display of its own.
  }
  return fresh;
}
