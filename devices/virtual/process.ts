// The virtual site as a process of its own, for the command line.

import { readFile } from 'node:fs/promises';
import { startVirtualSite } from './site.ts';
import { parseSiteSpec } from './spec.ts';

/**
 * Runs the site of a JSON specification until SIGTERM or SIGINT. When all ports are open it prints one line to standard output:
 * `{"ready":true,"controlSocket":…,"devices":[{"id":…,"rtspUrl":…,"onvif":{"host":…,"port":…},…}]}`, without passwords.
 * @param controlSocketPath overrides the one in the specification.
 * @returns after everything is closed.
 * @throws Error when the specification is faulty or the site cannot start.
 */
export async function runVirtualSite(specFile: string, controlSocketPath?: string): Promise<void> {
  const spec = parseSiteSpec(JSON.parse(await readFile(specFile, 'utf8')));
  const controlSocket = controlSocketPath ?? spec.controlSocket;
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  // Listening from the first moment, so that a stop during the preparation of media is not lost.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    const site = await startVirtualSite({ ...spec, ...(controlSocket === undefined ? {} : { controlSocket }) });
    const devices = site.devices.map((device) => device.state());
    process.stdout.write(`${JSON.stringify({ ready: true, controlSocket: controlSocket ?? null, devices })}\n`);
    await stopped;
    await site.close();
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
  }
}
