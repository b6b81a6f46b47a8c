/** Where pages are: in a folder beside the built program, and under which address they are opened. */
import { fileURLToPath } from 'node:url';

/** The built pages lie beside the built controller. */
export const PANEL_FOLDER = fileURLToPath(new URL('../../panel', import.meta.url));

export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
