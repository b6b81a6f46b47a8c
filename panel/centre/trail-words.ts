/** How a line of the centre's trail is said; what is not known here is shown as it came. */
import { say } from '../words/language.ts';
import { zhCentre } from '../words/zh-centre.ts';

export function trailWord(did: string): string {
  const key = `did.${did}`;
  return Object.hasOwn(zhCentre, key) ? say(key as 'did.login') : did;
}
