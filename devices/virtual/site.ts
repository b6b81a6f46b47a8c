// A virtual site: several virtual devices in one process, started and closed together.

import { mkdir } from 'node:fs/promises';
import { ControlSocket } from './control.ts';
import { VirtualDevice } from './device.ts';
import { parseSiteSpec, type VirtualSiteSpec } from './spec.ts';

export interface VirtualSite {
  /** All devices in the order of the specification. */
  readonly devices: readonly VirtualDevice[];
  /** @throws Error when there is no such device. */
  device(id: string): VirtualDevice;
  /** Ends every session and frees every port; may be called twice. */
  close(): Promise<void>;
}

/**
 * Starts every device of a specification and waits until all ports are open. Ports given as 0 are picked freely and reported
 * by the devices. The first start prepares media with ffmpeg (about 4 s of CPU for a 720p camera); later starts find them in
 * `cacheDir`.
 * @throws Error when the specification is faulty, media cannot be made or a port is taken; then nothing stays open.
 */
export async function startVirtualSite(spec: VirtualSiteSpec): Promise<VirtualSite> {
  const checked = parseSiteSpec(spec);
  await mkdir(checked.cacheDir, { recursive: true });
  const devices = checked.devices.map((device) => new VirtualDevice(device, checked));
  const control = checked.controlSocket === undefined ? undefined : new ControlSocket(checked.controlSocket, devices);
  const close = async () => {
    const outcomes = await Promise.allSettled([control?.close(), ...devices.map((device) => device.close())]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  try {
    // One after the other: preparing media keeps a core busy, and this machine may have two.
    for (const device of devices) await device.start();
    await control?.listen();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    devices,
    device(id) {
      const found = devices.find((device) => device.id === id);
      if (found === undefined) throw new Error(`There is no virtual device ${id}.`);
      return found;
    },
    close,
  };
}
